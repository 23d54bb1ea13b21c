/* Dropout on vectors: the same elements as dropout_hash() chooses one by one. */
#ifndef BERTLET_DROPOUT_SIMD_H
#define BERTLET_DROPOUT_SIMD_H

#include "kernels/kernels.h"
#include "kernels/simd_math.h"

/* value, where the element of the number in each lane of `numbers` is kept, times scale; else 0. */
static inline v128_t drop_lanes(v128_t value, v128_t numbers, const dropout *drop) {
  v128_t x = wasm_i32x4_add(numbers, wasm_i32x4_splat((int32_t)drop->key));
  x = wasm_i32x4_mul(wasm_v128_xor(x, wasm_u32x4_shr(x, 16)), wasm_i32x4_splat(0x7feb352d));
  x = wasm_i32x4_mul(wasm_v128_xor(x, wasm_u32x4_shr(x, 15)), wasm_i32x4_splat((int32_t)0x846ca68bu));
  x = wasm_v128_xor(x, wasm_u32x4_shr(x, 16));
  const v128_t kept = wasm_u32x4_ge(x, wasm_i32x4_splat((int32_t)drop->threshold));
  return wasm_v128_and(wasm_f32x4_mul(value, splat(drop->scale)), kept);
}

#endif
