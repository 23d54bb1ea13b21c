#include "relaxed_engine.h"

#include <stdbool.h>

relaxed_engine emulated_engine = ENGINE_X86;

static int32_t product(int8_t a, int8_t b) {
  switch (emulated_engine) {
  case ENGINE_ARM:
    return a * b;
  case ENGINE_WRONG:
    return (uint8_t)a * b;
  default:
    return a * (uint8_t)b;
  }
}

static int16_t to_i16(int32_t sum) {
  if (emulated_engine == ENGINE_ARM) return (int16_t)sum;
  return (int16_t)(sum < INT16_MIN ? INT16_MIN : sum > INT16_MAX ? INT16_MAX : sum);
}

simde_v128_t wasm_i16x8_relaxed_dot_i8x16_i7x16(simde_v128_t a, simde_v128_t b) {
  int8_t left[16], right[16];
  int16_t pairs[8];
  simde_wasm_v128_store(left, a);
  simde_wasm_v128_store(right, b);
  for (int i = 0; i < 8; i++) {
    pairs[i] = to_i16(product(left[2 * i], right[2 * i]) + product(left[2 * i + 1], right[2 * i + 1]));
  }
  return simde_wasm_v128_load(pairs);
}

simde_v128_t wasm_i32x4_relaxed_dot_i8x16_i7x16_add(simde_v128_t a, simde_v128_t b, simde_v128_t c) {
  int8_t left[16], right[16];
  int32_t sum[4];
  simde_wasm_v128_store(left, a);
  simde_wasm_v128_store(right, b);
  simde_wasm_v128_store(sum, c);
  for (int i = 0; i < 16; i += 2) {
    const int32_t pair = product(left[i], right[i]) + product(left[i + 1], right[i + 1]);
    const bool saturates = emulated_engine == ENGINE_X86 || emulated_engine == ENGINE_WRONG;
    sum[i / 4] += saturates ? to_i16(pair) : pair;
  }
  return simde_wasm_v128_load(sum);
}
