/* The numeric kernels of the encoder. Each exists twice with the same signature: X_scalar (kernels/X_scalar.c), the
 * reference that says what is meant, and X_simd (kernels/X_simd.c), the one that ships, written with
 * <wasm_simd128.h> and compiled natively through SIMDe for the tests. X alone is the one of this build.
 *
 * Every output element is summed in one fixed order, whatever the number of rows: a row gives the same bits alone and
 * among others, so that results depend neither on the batch nor on the number of threads. */
#ifndef BERTLET_KERNELS_H
#define BERTLET_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bertlet.h"

#ifdef BERTLET_SIMD
#define BERTLET_KERNEL(name) name##_simd
#else
#define BERTLET_KERNEL(name) name##_scalar
#endif

/* What is applied to the result of a linear layer: nothing, or one of bertlet_activation. */
typedef enum epilogue {
  EPILOGUE_GELU = BERTLET_GELU,
  EPILOGUE_GELU_TANH = BERTLET_GELU_TANH,
  EPILOGUE_RELU = BERTLET_RELU,
  EPILOGUE_NONE
} epilogue;

/* Panels of 8 output channels: weight [n][k] -> packed [n / 8][k][8]. n is a multiple of 8. */
#define PANEL 8

/* Packs one row (output channel `row`) of a weight matrix [n][k] into its place in `packed`. */
void pack_row(float *packed, int32_t k, int32_t row, const float *weights);

/* y [rows][n] = epilogue(x [rows][k] . W^T + bias [n]), for the output channels panel_begin * 8 .. panel_end * 8 - 1
 * only. `y_stride`: floats from one row of y to the next. */
#define DECLARE_LINEAR(name)                                                                                           \
  void name(const float *x, int32_t rows, int32_t k, const float *packed, const float *bias, int32_t panel_begin,      \
            int32_t panel_end, epilogue apply, float *y, int32_t y_stride)
DECLARE_LINEAR(linear_f32_scalar);
DECLARE_LINEAR(linear_f32_simd);
#define linear_f32 BERTLET_KERNEL(linear_f32)

/* Scaled dot-product attention of one head over one sequence (Vaswani et al. 2017, section 3.2.1), for the query rows
 * query_begin .. query_end - 1.
 *   q, k, v   [length][stride]  the first of head_size columns of this head in the rows of the sequence
 *   context   [length][context_stride]  out, likewise
 *   scratch   attention_scratch(length, head_size) floats, not shared between threads */
#define DECLARE_ATTENTION(name)                                                                                        \
  void name(const float *q, const float *k, const float *v, int32_t length, int32_t stride, int32_t head_size,         \
            int32_t query_begin, int32_t query_end, float *scratch, float *context, int32_t context_stride)
DECLARE_ATTENTION(attention_f32_scalar);
DECLARE_ATTENTION(attention_f32_simd);
#define attention_f32 BERTLET_KERNEL(attention_f32)
size_t attention_scratch(int32_t length, int32_t head_size);

/* y = (x + residual - mean) / sqrt(variance + epsilon) * gamma + beta for every row; arrays [rows][n], gamma and beta
 * [n]. `residual` may be NULL; y may be x. Variance as torch.nn.LayerNorm: biased. */
#define DECLARE_LAYER_NORM(name)                                                                                       \
  void name(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon, int32_t rows, \
            int32_t n, float *y)
DECLARE_LAYER_NORM(layer_norm_scalar);
DECLARE_LAYER_NORM(layer_norm_simd);
#define layer_norm BERTLET_KERNEL(layer_norm)

/* Softmax of each row of values [rows][n], in place. */
#define DECLARE_SOFTMAX(name) void name(float *values, int32_t rows, int32_t n)
DECLARE_SOFTMAX(softmax_scalar);
DECLARE_SOFTMAX(softmax_simd);
#define softmax BERTLET_KERNEL(softmax)

/* values[i] = activation(values[i]). */
#define DECLARE_ACTIVATE(name) void name(float *values, int32_t n, epilogue apply)
DECLARE_ACTIVATE(activate_scalar);
DECLARE_ACTIVATE(activate_simd);
#define activate BERTLET_KERNEL(activate)

/* ---- Logistic regression: a block of rows x[row] [d], each a pointer, so that any rows can be left out ---- */

/* Most rows of one call. */
enum { LOGREG_BLOCK = 64 };

/* z [rows][outputs] = x . weight^T + bias, for weight [outputs][d] and bias [outputs]. */
#define DECLARE_LOGREG_LOGITS(name)                                                                                    \
  void name(const float *const *x, int32_t rows, int32_t d, const float *weight, const float *bias, int32_t outputs,   \
            float *z)
DECLARE_LOGREG_LOGITS(logreg_logits_scalar);
DECLARE_LOGREG_LOGITS(logreg_logits_simd);
#define logreg_logits BERTLET_KERNEL(logreg_logits)

/* gradient [outputs][d] += residual^T . x, for residual [rows][outputs], behind which 3 more floats are readable. */
#define DECLARE_LOGREG_GRADIENT(name)                                                                                  \
  void name(const float *const *x, int32_t rows, int32_t d, const float *residual, int32_t outputs, float *gradient)
DECLARE_LOGREG_GRADIENT(logreg_gradient_scalar);
DECLARE_LOGREG_GRADIENT(logreg_gradient_simd);
#define logreg_gradient BERTLET_KERNEL(logreg_gradient)

/* values[i] = e^values[i], for values up to 88. */
#define DECLARE_EXPONENTIAL(name) void name(float *values, int32_t n)
DECLARE_EXPONENTIAL(exponential_scalar);
DECLARE_EXPONENTIAL(exponential_simd);
#define exponential BERTLET_KERNEL(exponential)

#endif
