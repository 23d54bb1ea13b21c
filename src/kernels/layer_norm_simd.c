#include "kernels.h"
#include "simd_math.h"

#include <math.h>

/* One row: three passes over values that are in the first-level cache. The variance is the mean of squared deviations,
 * not E[x^2] - E[x]^2, which cancels. */
static void layer_norm_row(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon,
                           int32_t n, float *y) {
  const int32_t whole = n / LANES * LANES;
  float rest_sum = 0;
  v128_t sum = splat(0);
  for (int32_t i = 0; i < whole; i += LANES) {
    v128_t value = wasm_v128_load(x + i);
    if (residual) value = wasm_f32x4_add(value, wasm_v128_load(residual + i));
    wasm_v128_store(y + i, value);
    sum = wasm_f32x4_add(sum, value);
  }
  for (int32_t i = whole; i < n; i++) rest_sum += y[i] = residual ? x[i] + residual[i] : x[i];
  const float mean = (horizontal_sum(sum) + rest_sum) / (float)n;

  const v128_t mean4 = splat(mean);
  v128_t squares = splat(0);
  float rest_squares = 0;
  for (int32_t i = 0; i < whole; i += LANES) {
    const v128_t deviation = wasm_f32x4_sub(wasm_v128_load(y + i), mean4);
    squares = madd(deviation, deviation, squares);
  }
  for (int32_t i = whole; i < n; i++) rest_squares += (y[i] - mean) * (y[i] - mean);
  const float scale = 1.0f / sqrtf((horizontal_sum(squares) + rest_squares) / (float)n + epsilon);

  const v128_t scale4 = splat(scale);
  for (int32_t i = 0; i < whole; i += LANES) {
    const v128_t normalized = wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(y + i), mean4), scale4);
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
