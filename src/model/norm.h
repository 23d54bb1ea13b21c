#ifndef BERTLET_NORM_H
#define BERTLET_NORM_H

#include "model/model.h"

/* y = by(x + residual), or the sum itself where there is no such normalization; arrays [rows][hidden]. `residual` may
 * be NULL when there is one; y may be x. */
void norm_forward(const bertlet_model *model, const norm *by, const float *x, const float *residual, int32_t rows,
                  float *y);

/* The backward pass of norm_forward() with a normalization of x alone: turns the derivative by y, in `dy`, into that by
 * x, in place, and adds those by gamma and beta to `gradient` (where it has the arrays).
 *   x, dy    [rows][columns], with columns = hidden, or embedding for the one after the embeddings
 *   moments  [rows][2]  scratch */
void norm_backward(const bertlet_model *model, const norm *by, const norm *gradient, const float *x, int32_t rows,
                   int32_t columns, float *moments, float *dy);

#endif
