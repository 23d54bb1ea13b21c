#include "kernels/kernels.h"
#include "kernels/simd_math.h"

#include <math.h>

void softmax_simd(float *values, int32_t rows, int32_t n) {
  for (int32_t row = 0; row < rows; row++, values += n) {
    v128_t largest = splat(-INFINITY), sum = splat(0);
    for (int32_t i = 0; i < n; i += LANES) {
      largest = wasm_f32x4_pmax(largest, load_partial(values + i, n - i, -INFINITY));
    }
    largest = splat(horizontal_max(largest));
    for (int32_t i = 0; i < n; i += LANES) {
      const v128_t value = load_partial(values + i, n - i, -INFINITY);
      const v128_t e = exp_f32(wasm_f32x4_sub(value, largest));
      sum = wasm_f32x4_add(sum, e);
      store_partial(values + i, n - i, e);
    }
    const v128_t inverse_sum = splat(1.0f / horizontal_sum(sum));
    for (int32_t i = 0; i < n; i += LANES) {
      store_partial(values + i, n - i, wasm_f32x4_mul(load_partial(values + i, n - i, 0), inverse_sum));
    }
  }
}
