/* The numeric kernels. Each exists twice with the same signature: X_scalar (kernels/X_scalar.c), plain C that defines
 * the result, and X_simd (kernels/X_simd.c), written with <wasm_simd128.h> and compiled natively through SIMDe for the
 * tests. X alone is the one that this build uses.
 *
 * Every output element is summed in one fixed order, which does not depend on the number of rows: a row gives the same
 * bits alone and among others, so results depend neither on the batch nor on the number of threads. */
#ifndef BERTLET_KERNELS_H
#define BERTLET_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bertlet.h"

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
  EPILOGUE_TANH = BERTLET_TANH,
  EPILOGUE_NONE
} epilogue;

/* Panels of 8 output channels: weight [n][k] -> packed [n / 8][k][8]. n is a multiple of 8. */
#define PANEL 8

/* A number of channels, rounded up to whole panels. */
static inline int32_t whole_panels(int32_t channels) { return (channels + PANEL - 1) / PANEL * PANEL; }

/* The first number of row (output channel) `row` in `packed`; the others follow at a distance of PANEL. */
static inline float *packed_row(float *packed, int32_t k, int32_t row) {
  return packed + (size_t)(row / PANEL) * (size_t)k * PANEL + row % PANEL;
}

/* Packs one row (output channel `row`) of a weight matrix [n][k] into its place in `packed`. */
void pack_row(float *packed, int32_t k, int32_t row, const float *weights);

/* And back: row `row` of `packed` -> weights [k]. */
void unpack_row(const float *packed, int32_t k, int32_t row, float *weights);

/* Most rows and inputs that linear_f32() rearranges at a time. */
enum { BLOCK_ROWS_F32 = 32, BLOCK_K_F32 = 1536 };

/* y [rows][n] = epilogue(x [rows][k] . W^T + bias [n]), for the output channels panel_begin * 8 .. panel_end * 8 - 1
 * only. Without a bias (NULL) the product is added to what y holds. `x_stride`, `y_stride`: floats from one row to the
 * next. `scratch`: linear_scratch(k) floats, not shared between threads. */
#define DECLARE_LINEAR(name)                                                                                           \
  void name(const float *x, int32_t x_stride, int32_t rows, int32_t k, const float *packed, const float *bias,         \
            int32_t panel_begin, int32_t panel_end, epilogue apply, float *scratch, float *y, int32_t y_stride)
DECLARE_LINEAR(linear_f32_scalar);
DECLARE_LINEAR(linear_f32_simd);
#define linear_f32 BERTLET_KERNEL(linear_f32)
size_t linear_scratch(int32_t k);

/* Packs W^T [k][n] from `packed`, which is W [n][k], for the panels panel_begin .. panel_end - 1 of W^T only; k is a
 * multiple of 8 too. With it linear_f32() computes dy . W, the derivative by the inputs of a linear layer. */
#define DECLARE_TRANSPOSE(name)                                                                                        \
  void name(const float *packed, int32_t n, int32_t k, int32_t panel_begin, int32_t panel_end, float *transposed)
DECLARE_TRANSPOSE(transpose_packed_scalar);
DECLARE_TRANSPOSE(transpose_packed_simd);
#define transpose_packed BERTLET_KERNEL(transpose_packed)

/* The derivative by the weights: gradient [n][k] += dy [rows][n]^T . x [rows][k], for the panels panel_begin ..
 * panel_end - 1 of outputs and the inputs input_begin .. input_end - 1 only, which begin and end at multiples of 8. The
 * gradient is packed as W is. `scratch`: weight_gradient_scratch(input_end - input_begin) floats. */
#define DECLARE_WEIGHT_GRADIENT(name)                                                                                  \
  void name(const float *x, int32_t x_stride, const float *dy, int32_t dy_stride, int32_t rows, int32_t k,             \
            int32_t input_begin, int32_t input_end, int32_t panel_begin, int32_t panel_end, float *scratch,            \
            float *gradient)
DECLARE_WEIGHT_GRADIENT(weight_gradient_scalar);
DECLARE_WEIGHT_GRADIENT(weight_gradient_simd);
#define weight_gradient BERTLET_KERNEL(weight_gradient)
enum { WEIGHT_GRADIENT_ROWS = 256 }; /* that are packed at a time */
size_t weight_gradient_scratch(int32_t inputs);

/* ---- Linear layers in 8 bits ----------------------------------------------------------------------------------
 *
 * Of every row of inputs, and of every output channel, each block of 384 inputs is quantized on its own,
 * asymmetrically: value = scale * (q - zero) with an integer zero, so that 0 stays 0 (Jacob et al. 2018,
 * https://arxiv.org/abs/1712.05877). What zeros add to a product,
 *
 *   sum (x - zx) (w - zw) = sum x w - zx sum w - zw sum (x - zx),
 *
 * is computed from the sums of w and of (x - zx), which are stored with the quantized numbers. For one block all of it
 * is exact in 32-bit integers; the blocks' sums, times their scales, are added in f32, so k has no upper limit. It is a
 * multiple of 8. */
enum { BLOCK_I8 = 384 };

/* Blocks of k inputs. */
int32_t blocks_i8(int32_t k);

/* Inputs of the block that begins at `begin`. */
static inline int32_t block_size_i8(int32_t k, int32_t begin) { return k - begin < BLOCK_I8 ? k - begin : BLOCK_I8; }

/* How to multiply 8-bit numbers. Which ways are exact, and which is the fastest, depends on the build, the engine and
 * the processor. The way decides the ranges of the quantized numbers and their order in memory, so weights that are
 * packed for one cannot be used by another. */
typedef enum int8_path {
  INT8_WIDE,  /* products of 16-bit numbers: exact everywhere. Weights -128 .. 127, inputs even of 12 bits */
  INT8_PAIRS, /* sums of two products saturate at 16 bits: weights 0 .. 255, of which two neighbours add up to at most
                 256 */
  INT8_DOT_UNSIGNED, /* sums of four products in 32 bits, weights unsigned: 0 .. 255 */
  INT8_DOT_SIGNED    /* likewise, weights signed: -128 .. 127 */
} int8_path;

/* The fastest way that is exact on this machine, found by computing products whose results are known. */
#define DECLARE_FASTEST_INT8(name) int8_path name(void)
DECLARE_FASTEST_INT8(fastest_int8_scalar);
DECLARE_FASTEST_INT8(fastest_int8_simd);
#define fastest_int8 BERTLET_KERNEL(fastest_int8)

/* Inputs of a linear layer: -2048 .. 2047 as int16_t for INT8_WIDE, else -128 .. 127 as int8_t. */
typedef struct rows_i8 {
  void *values;  /* [rows][k] of rows_i8_bytes() each */
  float *scale;  /* [rows][blocks] */
  int32_t *zero; /* [rows][blocks] */
  int32_t *sum;  /* [rows][blocks]: of q - zero */
} rows_i8;

size_t rows_i8_bytes(int8_path path);

/* x [rows][k] -> to, for the rows row_begin .. row_end - 1 only. No value changes by more than half its scale. */
#define DECLARE_QUANTIZE(name)                                                                                         \
  void name(int8_path path, const float *x, int32_t row_begin, int32_t row_end, int32_t k, const rows_i8 *to)
DECLARE_QUANTIZE(quantize_rows_scalar);
DECLARE_QUANTIZE(quantize_rows_simd);
#define quantize_rows BERTLET_KERNEL(quantize_rows)

/* Weights of a linear layer [n][k]. */
typedef struct weights_i8 {
  void *values; /* n * k bytes, block after block, each in panels: [n / 8][count / step][8][step], step: products summed
                   at once, 2 for INT8_WIDE, else 4 */
  float *scale; /* [n / 8][blocks][8]; may be negative */
  int32_t *zero; /* [n / 8][blocks][8] */
  int32_t *sum;  /* [n / 8][blocks][8]: of q */
  int32_t n;
} weights_i8;

/* Offset, in the values of weights [n][k], of a panel's part in the block that begins at input `begin`. */
static inline size_t panel_place_i8(int32_t n, int32_t k, int32_t panel, int32_t begin) {
  return (size_t)begin * n + (size_t)panel * PANEL * block_size_i8(k, begin);
}

/* Quantizes one row (output channel `row`) of a weight matrix [n][k] into its place. No weight changes by more than
 * half its scale. */
void pack_row_i8(int8_path path, const weights_i8 *into, int32_t k, int32_t row, const float *weights);

/* And back, as what it stands for: scale * (q - zero). */
void unpack_row_i8(int8_path path, const weights_i8 *from, int32_t k, int32_t row, float *weights);

/* y [rows][n] = epilogue(x . W^T + bias [n]), for the rows row_begin .. row_end - 1 and the output channels
 * panel_begin * 8 .. panel_end * 8 - 1 only. Without a bias (NULL) the product is added to what y holds. `y_stride`:
 * floats from one row of y to the next. The SIMD kernel's GELU has an error of up to 1.8e-4, far below that of the
 * quantized numbers. */
#define DECLARE_LINEAR_I8(name)                                                                                        \
  void name(int8_path path, const rows_i8 *x, int32_t row_begin, int32_t row_end, int32_t k,                           \
            const weights_i8 *weights, const float *bias, int32_t panel_begin, int32_t panel_end, epilogue apply,      \
            float *y, int32_t y_stride)
DECLARE_LINEAR_I8(linear_i8_scalar);
DECLARE_LINEAR_I8(linear_i8_simd);
#define linear_i8 BERTLET_KERNEL(linear_i8)

/* For tables whose rows are looked up one by one (embeddings): x [n] -> q [n], -128 .. 127; and back, as
 * scale * (q - zero). */
#define DECLARE_QUANTIZE_ROW(name) void name(const float *x, int32_t n, int8_t *q, float *scale, int32_t *zero)
DECLARE_QUANTIZE_ROW(quantize_row_scalar);
DECLARE_QUANTIZE_ROW(quantize_row_simd);
#define quantize_row BERTLET_KERNEL(quantize_row)
void dequantize_row(const int8_t *q, int32_t n, float scale, int32_t zero, float *x);

/* Dropout (Srivastava et al. 2014): element number `i` of what it is applied to is set to 0 when a hash of `key + i`
 * lies below `threshold`, and is multiplied by `scale` otherwise. So a mask needs no memory: the backward pass, and any
 * number of threads, find the same one again. */
typedef struct dropout {
  uint32_t key;
  uint32_t threshold; /* the rate times 2^32 */
  float scale;        /* 1 / (1 - rate) */
} dropout;

/* A finalizer of good avalanche: https://github.com/skeeto/hash-prospector, "lowbias32". */
static inline uint32_t dropout_hash(uint32_t x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

/* values [n], whose first element has the number `first`. */
#define DECLARE_DROPOUT(name) void name(float *values, int32_t n, uint32_t first, const dropout *drop)
DECLARE_DROPOUT(apply_dropout_scalar);
DECLARE_DROPOUT(apply_dropout_simd);
#define apply_dropout BERTLET_KERNEL(apply_dropout)

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

/* The same in training: for some rows of the sequence, whose queries stand one behind the other, and with dropout of
 * the probabilities, unless `drop` is NULL. That of (query, key) has the number rows[query] * length + key.
 *   q         [queries][query_stride]
 *   rows      [queries]
 *   k, v      [length][stride]
 *   context   [queries][context_stride]  out */
#define DECLARE_ATTENTION_TRAINING(name)                                                                               \
  void name(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries, const float *k,                \
            const float *v, int32_t length, int32_t stride, int32_t head_size, const dropout *drop, float *scratch,    \
            float *context, int32_t context_stride)
DECLARE_ATTENTION_TRAINING(attention_training_scalar);
DECLARE_ATTENTION_TRAINING(attention_training_simd);
#define attention_training BERTLET_KERNEL(attention_training)

/* Its backward pass: from the derivative of the loss by the context to those by q, k and v. The probabilities are
 * computed again, for a block of queries at a time, so that they stay in the cache (Dao et al. 2022,
 * https://arxiv.org/abs/2205.14135, section 3.1 and appendix B).
 *   context, context_gradient  [queries][context_stride]
 *   dq                         [queries][query_stride]  out
 *   dk, dv                     [length][stride]  out
 *   scratch                    attention_backward_scratch(length, head_size) floats */
#define DECLARE_ATTENTION_BACKWARD(name)                                                                               \
  void name(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries, const float *k,                \
            const float *v, int32_t length, int32_t stride, int32_t head_size, const dropout *drop,                    \
            const float *context, const float *context_gradient, int32_t context_stride, float *scratch, float *dq,    \
            float *dk, float *dv)
DECLARE_ATTENTION_BACKWARD(attention_backward_scalar);
DECLARE_ATTENTION_BACKWARD(attention_backward_simd);
#define attention_backward BERTLET_KERNEL(attention_backward)
enum { ATTENTION_BACKWARD_QUERIES = 32 }; /* of a block */
size_t attention_backward_scratch(int32_t length, int32_t head_size);

/* The same in integers, for the paths INT8_DOT_*. Numbers are rounded to -127 .. 127 times a scale (Jacob et al. 2018):
 * one scale for all queries of the head, one for its keys, one for each column of its values. Probabilities are rounded
 * to 0 .. ATTENTION_STEPS, which stands for the query's largest. head_size is a multiple of 16. */
#define ATTENTION_STEPS 255
#define DECLARE_ATTENTION_I8(name)                                                                                     \
  void name(int8_path path, const float *q, const float *k, const float *v, int32_t length, int32_t stride,            \
            int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,                 \
            int32_t context_stride)
DECLARE_ATTENTION_I8(attention_i8_scalar);
DECLARE_ATTENTION_I8(attention_i8_simd);
#define attention_i8 BERTLET_KERNEL(attention_i8)

/* y = (x + residual - mean) / sqrt(variance + epsilon) * gamma + beta for every row; arrays [rows][n], gamma and beta
 * [n]. `residual` may be NULL; y may be x. Variance as torch.nn.LayerNorm: biased. */
#define DECLARE_LAYER_NORM(name)                                                                                       \
  void name(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon, int32_t rows, \
            int32_t n, float *y)
DECLARE_LAYER_NORM(layer_norm_scalar);
DECLARE_LAYER_NORM(layer_norm_simd);
#define layer_norm BERTLET_KERNEL(layer_norm)

/* Of each row of x [rows][n] -> moments [rows][2]: its mean, and 1 / sqrt(its variance + epsilon). */
#define DECLARE_ROW_MOMENTS(name) void name(const float *x, float epsilon, int32_t rows, int32_t n, float *moments)
DECLARE_ROW_MOMENTS(row_moments_scalar);
DECLARE_ROW_MOMENTS(row_moments_simd);
#define row_moments BERTLET_KERNEL(row_moments)

/* The backward pass of layer_norm(): from the derivative by y, in `gradient` [rows][n], to that by x, in place. With
 * u = (x - mean) / sqrt(variance + epsilon) and g = gradient * gamma it is (g - mean(g) - u mean(g u)) / sqrt(...), the
 * means over the row. `moments`: of x, see row_moments(). */
#define DECLARE_LAYER_NORM_BACKWARD(name)                                                                              \
  void name(const float *x, const float *moments, const float *gamma, int32_t rows, int32_t n, float *gradient)
DECLARE_LAYER_NORM_BACKWARD(layer_norm_backward_scalar);
DECLARE_LAYER_NORM_BACKWARD(layer_norm_backward_simd);
#define layer_norm_backward BERTLET_KERNEL(layer_norm_backward)

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

/* gradient[i] *= the derivative of the activation at x[i]; arrays [n]. */
#define DECLARE_ACTIVATE_BACKWARD(name) void name(const float *x, int32_t n, epilogue apply, float *gradient)
DECLARE_ACTIVATE_BACKWARD(activate_backward_scalar);
DECLARE_ACTIVATE_BACKWARD(activate_backward_simd);
#define activate_backward BERTLET_KERNEL(activate_backward)

/* ---- Logistic regression: a block of rows x[row] [d], each a pointer, so that rows can be left out ---- */

/* Most rows of one call. */
enum { LOGREG_BLOCK = 64 };

/* z [rows][outputs] = x . weight^T + bias, for weight [outputs][d] and bias [outputs]. The rows of z are `stride`
 * floats apart, so that these may be some of the outputs of a larger layer. */
#define DECLARE_LOGREG_LOGITS(name)                                                                                    \
  void name(const float *const *x, int32_t rows, int32_t d, const float *weight, const float *bias, int32_t outputs,   \
            float *z, int32_t stride)
DECLARE_LOGREG_LOGITS(logreg_logits_scalar);
DECLARE_LOGREG_LOGITS(logreg_logits_simd);
#define logreg_logits BERTLET_KERNEL(logreg_logits)

/* gradient [outputs][d] += residual^T . x, for residual [rows][outputs], whose rows are `stride` floats apart. It may
 * read, but ignores, the 3 floats that follow the residuals. Outputs that are computed by several calls, each from a
 * multiple of 4 on, have the same bits as by one. */
#define DECLARE_LOGREG_GRADIENT(name)                                                                                  \
  void name(const float *const *x, int32_t rows, int32_t d, const float *residual, int32_t stride, int32_t outputs,    \
            float *gradient)
DECLARE_LOGREG_GRADIENT(logreg_gradient_scalar);
DECLARE_LOGREG_GRADIENT(logreg_gradient_simd);
#define logreg_gradient BERTLET_KERNEL(logreg_gradient)

/* values[i] = e^values[i], for values up to 88. */
#define DECLARE_EXPONENTIAL(name) void name(float *values, int32_t n)
DECLARE_EXPONENTIAL(exponential_scalar);
DECLARE_EXPONENTIAL(exponential_simd);
#define exponential BERTLET_KERNEL(exponential)

#endif
