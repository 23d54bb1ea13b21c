#include "relaxed_engine.h"

#include "wasm_simd128.h"

relaxed_engine emulated_engine = ENGINE_X86;

/* Sums of two neighbouring products, exact: the first four pairs, and the others. */
typedef struct pair_sums {
  simde_v128_t low, high;
} pair_sums;

static pair_sums exact_pairs(simde_v128_t a, simde_v128_t b) {
  simde_v128_t a_low = simde_wasm_i16x8_extend_low_i8x16(a), a_high = simde_wasm_i16x8_extend_high_i8x16(a);
  simde_v128_t b_low = simde_wasm_u16x8_extend_low_u8x16(b), b_high = simde_wasm_u16x8_extend_high_u8x16(b);
  if (emulated_engine == ENGINE_WRONG) {
    a_low = simde_wasm_u16x8_extend_low_u8x16(a);
    a_high = simde_wasm_u16x8_extend_high_u8x16(a);
  }
  if (emulated_engine == ENGINE_WRONG || emulated_engine == ENGINE_ARM) {
    b_low = simde_wasm_i16x8_extend_low_i8x16(b);
    b_high = simde_wasm_i16x8_extend_high_i8x16(b);
  }
  return (pair_sums){simde_wasm_i32x4_dot_i16x8(a_low, b_low), simde_wasm_i32x4_dot_i16x8(a_high, b_high)};
}

simde_v128_t wasm_i16x8_relaxed_dot_i8x16_i7x16(simde_v128_t a, simde_v128_t b) {
  const pair_sums sums = exact_pairs(a, b);
  if (emulated_engine == ENGINE_ARM) {
    return simde_wasm_i16x8_shuffle(sums.low, sums.high, 0, 2, 4, 6, 8, 10, 12, 14);
  }
  return simde_wasm_i16x8_narrow_i32x4(sums.low, sums.high);
}

simde_v128_t wasm_i32x4_relaxed_dot_i8x16_i7x16_add(simde_v128_t a, simde_v128_t b, simde_v128_t c) {
  if (emulated_engine == ENGINE_X86 || emulated_engine == ENGINE_WRONG) {
    const simde_v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(a, b);
    return simde_wasm_i32x4_add(c, simde_wasm_i32x4_extadd_pairwise_i16x8(pairs));
  }
  const pair_sums sums = exact_pairs(a, b);
  const simde_v128_t even = simde_wasm_i32x4_shuffle(sums.low, sums.high, 0, 2, 4, 6);
  const simde_v128_t odd = simde_wasm_i32x4_shuffle(sums.low, sums.high, 1, 3, 5, 7);
  return simde_wasm_i32x4_add(c, simde_wasm_i32x4_add(even, odd));
}
