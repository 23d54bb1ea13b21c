#include "kernels/kernels.h"
#include "kernels/simd_math.h"

#include <math.h>

/* Accumulators: enough to hide the latency of additions. */
enum { SUMS = 4 };

static inline float total(const v128_t sum[SUMS]) {
  return horizontal_sum(wasm_f32x4_add(wasm_f32x4_add(sum[0], sum[1]), wasm_f32x4_add(sum[2], sum[3])));
}

/* One row, in three passes over values that are in the first-level cache: the variance is the mean of squared
 * deviations, not E[x^2] - E[x]^2, which cancels. */
static void layer_norm_row(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon,
                           int32_t n, float *y) {
  const int32_t whole = n / (SUMS * LANES) * (SUMS * LANES);
  v128_t sum[SUMS] = {splat(0), splat(0), splat(0), splat(0)};
  float rest = 0;
  for (int32_t i = 0; i < whole; i += SUMS * LANES) {
    for (int32_t j = 0; j < SUMS; j++) {
      v128_t value = wasm_v128_load(x + i + j * LANES);
      if (residual) value = wasm_f32x4_add(value, wasm_v128_load(residual + i + j * LANES));
      wasm_v128_store(y + i + j * LANES, value);
      sum[j] = wasm_f32x4_add(sum[j], value);
    }
  }
  for (int32_t i = whole; i < n; i++) rest += y[i] = residual ? x[i] + residual[i] : x[i];
  const float mean = (total(sum) + rest) / (float)n;

  v128_t squares[SUMS] = {splat(0), splat(0), splat(0), splat(0)};
  rest = 0;
  for (int32_t i = 0; i < whole; i += SUMS * LANES) {
    for (int32_t j = 0; j < SUMS; j++) {
      const v128_t deviation = wasm_f32x4_sub(wasm_v128_load(y + i + j * LANES), splat(mean));
      squares[j] = madd(deviation, deviation, squares[j]);
    }
  }
  for (int32_t i = whole; i < n; i++) rest += (y[i] - mean) * (y[i] - mean);
  const float variance = (total(squares) + rest) / (float)n;

  const float scale = 1.0f / sqrtf(variance + epsilon);
  for (int32_t i = 0; i < whole; i += LANES) {
    const v128_t normalized = wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(y + i), splat(mean)), splat(scale));
    wasm_v128_store(y + i, madd(normalized, wasm_v128_load(gamma + i), wasm_v128_load(beta + i)));
  }
  for (int32_t i = whole; i < n; i++) y[i] = (y[i] - mean) * scale * gamma[i] + beta[i];
}

void layer_norm_simd(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon,
                     int32_t rows, int32_t n, float *y) {
  for (int32_t row = 0; row < rows; row++) {
    const size_t at = (size_t)row * n;
    layer_norm_row(x + at, residual ? residual + at : NULL, gamma, beta, epsilon, n, y + at);
  }
}

static void moments_of_row(const float *x, float epsilon, int32_t n, float *moments) {
  v128_t sum = splat(0), squares = splat(0);
  for (int32_t i = 0; i < n; i += LANES) sum = wasm_f32x4_add(sum, load_partial(x + i, n - i, 0));
  const float mean = horizontal_sum(sum) / (float)n;
  for (int32_t i = 0; i < n; i += LANES) {
    const v128_t deviation = wasm_f32x4_sub(load_partial(x + i, n - i, mean), splat(mean));
    squares = madd(deviation, deviation, squares);
  }
  moments[0] = mean;
  moments[1] = 1.0f / sqrtf(horizontal_sum(squares) / (float)n + epsilon);
}

void row_moments_simd(const float *x, float epsilon, int32_t rows, int32_t n, float *moments) {
  for (int32_t row = 0; row < rows; row++) moments_of_row(x + (size_t)row * n, epsilon, n, moments + 2 * row);
}

static void layer_norm_backward_row(const float *x, const float *moments, const float *gamma, int32_t n,
                                    float *gradient) {
  const v128_t mean = splat(moments[0]), scale = splat(moments[1]);
  v128_t sum = splat(0), along = splat(0);
  for (int32_t i = 0; i < n; i += LANES) {
    const v128_t g = wasm_f32x4_mul(load_partial(gradient + i, n - i, 0), load_partial(gamma + i, n - i, 0));
    const v128_t u = wasm_f32x4_mul(wasm_f32x4_sub(load_partial(x + i, n - i, 0), mean), scale);
    sum = wasm_f32x4_add(sum, g);
    along = madd(g, u, along);
  }
  const v128_t mean_g = splat(horizontal_sum(sum) / (float)n), mean_gu = splat(horizontal_sum(along) / (float)n);
  for (int32_t i = 0; i < n; i += LANES) {
    const v128_t g = wasm_f32x4_mul(load_partial(gradient + i, n - i, 0), load_partial(gamma + i, n - i, 0));
    const v128_t u = wasm_f32x4_mul(wasm_f32x4_sub(load_partial(x + i, n - i, 0), mean), scale);
    const v128_t rest = wasm_f32x4_sub(wasm_f32x4_sub(g, mean_g), wasm_f32x4_mul(u, mean_gu));
    store_partial(gradient + i, n - i, wasm_f32x4_mul(rest, scale));
  }
}

void layer_norm_backward_simd(const float *x, const float *moments, const float *gamma, int32_t rows, int32_t n,
                              float *gradient) {
  for (int32_t row = 0; row < rows; row++) {
    const size_t at = (size_t)row * n;
    layer_norm_backward_row(x + at, moments + 2 * row, gamma, n, gradient + at);
  }
}
