#include "kernels.h"
#include "simd_math.h"

#include <float.h>

void softmax_simd(float *values, int32_t rows, int32_t n) {
  const int32_t whole = n / LANES * LANES, rest = n - whole;
  for (int32_t row = 0; row < rows; row++, values += n) {
    v128_t largest = load_partial(values + whole, rest, -FLT_MAX);
    for (int32_t i = 0; i < whole; i += LANES) largest = wasm_f32x4_pmax(largest, wasm_v128_load(values + i));
    largest = splat(horizontal_max(largest));

    v128_t sum = splat(0);
    for (int32_t i = 0; i < whole; i += LANES) {
      const v128_t e = exp_f32(wasm_f32x4_sub(wasm_v128_load(values + i), largest));
      sum = wasm_f32x4_add(sum, e);
      wasm_v128_store(values + i, e);
    }
    if (rest > 0) {
      const v128_t e = exp_f32(wasm_f32x4_sub(load_partial(values + whole, rest, -FLT_MAX), largest));
      store_partial(values + whole, rest, e);
      sum = wasm_f32x4_add(sum, load_partial(values + whole, rest, 0));
    }

    const v128_t scale = splat(1.0f / horizontal_sum(sum));
    for (int32_t i = 0; i < whole; i += LANES) {
      wasm_v128_store(values + i, wasm_f32x4_mul(wasm_v128_load(values + i), scale));
    }
    if (rest > 0) { store_partial(values + whole, rest, wasm_f32x4_mul(load_partial(values + whole, rest, 0), scale)); }
  }
}
