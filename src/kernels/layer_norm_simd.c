#include "kernels.h"
#include "simd_math.h"

#include <math.h>

/* One row, in three passes over values that are in the first-level cache: the variance is the mean of squared
 * deviations, not E[x^2] - E[x]^2, which cancels. Two accumulators hide the latency of addition. */
static void layer_norm_row(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon,
                           int32_t n, float *y) {
  const int32_t whole = n / (2 * LANES) * (2 * LANES);
  v128_t left = splat(0), right = splat(0);
  float rest = 0;
  for (int32_t i = 0; i < whole; i += 2 * LANES) {
    v128_t a = wasm_v128_load(x + i), b = wasm_v128_load(x + i + LANES);
    if (residual) {
      a = wasm_f32x4_add(a, wasm_v128_load(residual + i));
      b = wasm_f32x4_add(b, wasm_v128_load(residual + i + LANES));
    }
    wasm_v128_store(y + i, a);
    wasm_v128_store(y + i + LANES, b);
    left = wasm_f32x4_add(left, a);
    right = wasm_f32x4_add(right, b);
  }
  for (int32_t i = whole; i < n; i++) rest += y[i] = residual ? x[i] + residual[i] : x[i];
  const float mean = (horizontal_sum(wasm_f32x4_add(left, right)) + rest) / (float)n;

  const v128_t mean4 = splat(mean);
  left = right = splat(0);
  rest = 0;
  for (int32_t i = 0; i < whole; i += 2 * LANES) {
    const v128_t a = wasm_f32x4_sub(wasm_v128_load(y + i), mean4);
    const v128_t b = wasm_f32x4_sub(wasm_v128_load(y + i + LANES), mean4);
    left = madd(a, a, left);
    right = madd(b, b, right);
  }
  for (int32_t i = whole; i < n; i++) rest += (y[i] - mean) * (y[i] - mean);
  const float variance = (horizontal_sum(wasm_f32x4_add(left, right)) + rest) / (float)n;

  const float scale = 1.0f / sqrtf(variance + epsilon);
  for (int32_t i = 0; i < whole; i += LANES) {
    const v128_t normalized = wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(y + i), mean4), splat(scale));
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
