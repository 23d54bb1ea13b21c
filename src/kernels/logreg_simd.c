#include "kernels/kernels.h"
#include "kernels/simd_math.h"

/* `outputs` is a constant after inlining: logits of 4 rows and 1 or 2 outputs, 8 sums over vectors of features. */
static inline __attribute__((always_inline)) void logits_tile(const float *const x[4], int32_t d, const float *weight,
                                                              const int32_t outputs, float tile[4][2]) {
  const int32_t whole = d / LANES * LANES, rest = d - whole;
  v128_t sum[4][2];
  for (int32_t row = 0; row < 4; row++) sum[row][0] = sum[row][1] = splat(0);
  for (int32_t i = 0; i < whole; i += LANES)
    for (int32_t output = 0; output < outputs; output++) {
      const v128_t w = wasm_v128_load(weight + (size_t)output * d + i);
      for (int32_t row = 0; row < 4; row++) sum[row][output] = madd(wasm_v128_load(x[row] + i), w, sum[row][output]);
    }
  if (rest > 0)
    for (int32_t output = 0; output < outputs; output++) {
      const v128_t w = load_partial(weight + (size_t)output * d + whole, rest, 0);
      for (int32_t row = 0; row < 4; row++)
        sum[row][output] = madd(load_partial(x[row] + whole, rest, 0), w, sum[row][output]);
    }
  for (int32_t row = 0; row < 4; row++)
    for (int32_t output = 0; output < outputs; output++) tile[row][output] = horizontal_sum(sum[row][output]);
}

void logreg_logits_simd(const float *const *x, int32_t rows, int32_t d, const float *weight, const float *bias,
                        int32_t outputs, float *z, int32_t stride) {
  for (int32_t row = 0; row < rows; row += 4, z += (size_t)4 * stride) {
    const int32_t left = rows - row;
    const float *const of[4] = {x[row], x[row + (left > 1 ? 1 : 0)], x[row + (left > 2 ? 2 : 0)],
                                x[row + (left > 3 ? 3 : 0)]};
    for (int32_t output = 0; output < outputs; output += 2) {
      const int32_t columns = outputs - output < 2 ? 1 : 2;
      const float *w = weight + (size_t)output * d;
      float tile[4][2];
      if (columns == 2)
        logits_tile(of, d, w, 2, tile);
      else
        logits_tile(of, d, w, 1, tile);
      for (int32_t i = 0; i < 4 && i < left; i++)
        for (int32_t j = 0; j < columns; j++) z[(size_t)i * stride + output + j] = tile[i][j] + bias[output + j];
    }
  }
}

/* A layer of one output: gradient [d] += residual [8] . x. */
static void add_eight_rows(const float *const x[8], const float residual[8], int32_t d, float *gradient) {
  const int32_t whole = d / LANES * LANES;
  v128_t factor[8];
  for (int32_t row = 0; row < 8; row++) factor[row] = splat(residual[row]);
  for (int32_t i = 0; i < whole; i += LANES) {
    v128_t sum = wasm_v128_load(gradient + i);
    for (int32_t row = 0; row < 8; row++) sum = madd(factor[row], wasm_v128_load(x[row] + i), sum);
    wasm_v128_store(gradient + i, sum);
  }
  for (int32_t i = whole; i < d; i++)
    for (int32_t row = 0; row < 8; row++) gradient[i] += residual[row] * x[row][i];
}

static void one_output(const float *const *x, int32_t rows, int32_t d, const float *residual, float *gradient) {
  for (int32_t row = 0; row < rows; row += 8) {
    const float *of[8];
    float factor[8];
    for (int32_t i = 0; i < 8; i++) {
      const bool inside = row + i < rows;
      of[i] = x[inside ? row + i : row];
      factor[i] = inside ? residual[row + i] : 0;
    }
    add_eight_rows(of, factor, d, gradient);
  }
}

/* Features that a slab holds: two vectors. */
enum { SLAB = 2 * LANES };

/* Copies columns first .. first + 7 of all rows to a slab. In place, rows whose distance is a multiple of a large power
 * of two would compete for a few lines of the cache. */
static void copy_slab(const float *const *x, int32_t rows, int32_t d, int32_t first, float *slab) {
  const int32_t columns = d - first < SLAB ? d - first : SLAB;
  for (int32_t row = 0; row < rows; row++) {
    const float *from = x[row] + first;
    float *to = slab + row * SLAB;
    if (columns == SLAB) {
      wasm_v128_store(to, wasm_v128_load(from));
      wasm_v128_store(to + LANES, wasm_v128_load(from + LANES));
    } else {
      for (int32_t i = 0; i < SLAB; i++) to[i] = i < columns ? from[i] : 0;
    }
  }
}

/* tile [4][8] = residual [rows][4, of `stride`] ^T . slab [rows][8] */
static void gradient_tile(const float *slab, int32_t rows, const float *residual, int32_t stride, v128_t tile[4][2]) {
  v128_t sum[4][2];
  for (int32_t output = 0; output < 4; output++) sum[output][0] = sum[output][1] = splat(0);
  for (int32_t row = 0; row < rows; row++) {
    const v128_t left = wasm_v128_load(slab + row * SLAB), right = wasm_v128_load(slab + row * SLAB + LANES);
    for (int32_t output = 0; output < 4; output++) {
      const v128_t factor = wasm_v128_load32_splat(residual + (size_t)row * stride + output);
      sum[output][0] = madd(factor, left, sum[output][0]);
      sum[output][1] = madd(factor, right, sum[output][1]);
    }
  }
  for (int32_t output = 0; output < 4; output++) {
    tile[output][0] = sum[output][0];
    tile[output][1] = sum[output][1];
  }
}

static void add_tile(const v128_t tile[4][2], int32_t outputs, int32_t d, int32_t columns, float *gradient) {
  for (int32_t output = 0; output < outputs; output++, gradient += d) {
    if (columns == SLAB) {
      wasm_v128_store(gradient, wasm_f32x4_add(wasm_v128_load(gradient), tile[output][0]));
      wasm_v128_store(gradient + LANES, wasm_f32x4_add(wasm_v128_load(gradient + LANES), tile[output][1]));
    } else {
      float sums[SLAB];
      wasm_v128_store(sums, tile[output][0]);
      wasm_v128_store(sums + LANES, tile[output][1]);
      for (int32_t i = 0; i < columns; i++) gradient[i] += sums[i];
    }
  }
}

void logreg_gradient_simd(const float *const *x, int32_t rows, int32_t d, const float *residual, int32_t stride,
                          int32_t outputs, float *gradient) {
  if (stride == 1) {
    one_output(x, rows, d, residual, gradient);
    return;
  }
  for (int32_t first = 0; first < d; first += SLAB) {
    float slab[LOGREG_BLOCK * SLAB];
    copy_slab(x, rows, d, first, slab);
    for (int32_t output = 0; output < outputs; output += 4) {
      v128_t tile[4][2];
      gradient_tile(slab, rows, residual + output, stride, tile);
      add_tile(tile, outputs - output < 4 ? outputs - output : 4, d, d - first < SLAB ? d - first : SLAB,
               gradient + (size_t)output * d + first);
    }
  }
}

void exponential_simd(float *values, int32_t n) { FOR_EACH_VECTOR(exp_f32); }
