#include "kernels/dropout_simd.h"

void apply_dropout_simd(float *values, int32_t n, uint32_t first, const dropout *drop) {
  v128_t numbers = wasm_i32x4_add(wasm_i32x4_splat((int32_t)first), wasm_i32x4_make(0, 1, 2, 3));
  for (int32_t i = 0; i < n; i += LANES) {
    store_partial(values + i, n - i, drop_lanes(load_partial(values + i, n - i, 0), numbers, drop));
    numbers = wasm_i32x4_add(numbers, wasm_i32x4_splat(LANES));
  }
}
