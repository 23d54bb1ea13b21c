#ifndef BERTLET_NORM_H
#define BERTLET_NORM_H

#include "model/model.h"

/* y = by(x + residual), or the sum itself where there is no such normalization; arrays [rows][hidden]. `residual` may
 * be NULL when there is one; y may be x. */
void norm_forward(const bertlet_model *model, const norm *by, const float *x, const float *residual, int32_t rows,
                  float *y);

#endif
