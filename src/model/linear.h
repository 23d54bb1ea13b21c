#ifndef BERTLET_LINEAR_H
#define BERTLET_LINEAR_H

#include "model/model.h"

/* y [rows][outputs] = apply(x [rows][inputs] . W^T + bias) */
void linear_forward(const bertlet_model *model, const linear *l, epilogue apply, const float *x, int32_t rows,
                    float *y);

/* The same with an adapter beside W (`by`; NULL, or an empty one, for none):
 * y = apply(x . W^T + bias + (x . A^T) . B^T), where B holds the scale. W may be in 8 bits; A and B are in f32, and
 * read x as it is. inner  [rows][adapted * rank]  scratch */
void adapted_linear_forward(const bertlet_model *model, const linear *l, const adapter *by, float *inner,
                            epilogue apply, const float *x, int32_t rows, float *y);

/* ---- In f32, for training ---- */

/* A matrix whose rows lie `stride` floats apart. */
typedef struct matrix {
  const float *values;
  int32_t stride;
} matrix;

/* y [rows][n] = start [n] + x [rows][k] . W^T, for W [n][k], packed; where `start` is NULL, y +=. `y_stride`: floats
 * from one row of y to the next. */
void product(const bertlet_model *model, matrix x, int32_t rows, int32_t k, const float *packed, int32_t n,
             const float *start, float *y, int32_t y_stride);

/* dx [rows][k] = start [k] + dy [rows][n] . W, for W [n][k], packed; where `start` is NULL, dx +=. `transposed`: room
 * for n * k floats. */
void product_transposed(const bertlet_model *model, matrix dy, int32_t rows, int32_t n, const float *packed, int32_t k,
                        float *transposed, const float *start, float *dx, int32_t dx_stride);

/* Inputs of a task of add_weight_gradient(): WEIGHT_GRADIENT_ROWS rows of them fit into the second-level cache. Its
 * scratch memory is weight_gradient_scratch(GRADIENT_INPUTS). */
enum { GRADIENT_INPUTS = 96 };

/* gradient [n][k], packed as W, += dy [rows][n]^T . x [rows][k]. */
void add_weight_gradient(const bertlet_model *model, matrix x, matrix dy, int32_t rows, int32_t k, int32_t n,
                         float *gradient);

/* The backward pass of linear_forward(), without the activation: from dy [rows][outputs], the derivative of the loss by
 * y, adds those by the weights and the bias to `gradient` (where it has the arrays), and puts start + that by x into
 * dx [rows][inputs] (unless it is NULL), as product_transposed() does. `transposed`: room for all weights. In an int8
 * model dx is computed in 8 bits, by transposed_i8, and weights have no gradient. */
void linear_backward(const bertlet_model *model, const linear *l, const linear *gradient, const float *x,
                     const float *dy, int32_t rows, float *transposed, const float *start, float *dx);

#endif
