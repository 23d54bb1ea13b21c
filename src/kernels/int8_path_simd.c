/* The choice of a way to multiply 8-bit numbers. Relaxed SIMD promises exact dot products only for weights 0 .. 127,
 * and some engines break even that promise. But most processors do more: x86 takes unsigned weights of 8 bits (without
 * VNNI only as long as the sums of two products fit into 16 bits), ARM signed ones. */
#include "kernels/kernels.h"
#include "kernels/relaxed_dot.h"

#if RELAXED_DOT

enum { TRIALS = 64, BYTES = 16 };

/* A linear congruential generator (Press et al., Numerical Recipes, section 7.1). Half of the numbers are `low` or
 * `high`. */
static int32_t pick(uint32_t *state, int32_t low, int32_t high) {
  *state = *state * 1664525u + 1013904223u;
  switch (*state >> 30) {
  case 0:
    return low;
  case 1:
    return high;
  default:
    return low + (int32_t)(*state >> 16 & 255) * (high - low) / 255;
  }
}

typedef v128_t multiply_function(v128_t x, v128_t w);

static v128_t dot(v128_t x, v128_t w) { return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, w, wasm_i32x4_splat(0)); }

static v128_t pairs(v128_t x, v128_t w) {
  return wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_relaxed_dot_i8x16_i7x16(x, w));
}

/* Whether `multiply` sums 4 products exactly, for inputs -128 .. 127 and weights low .. high of which two neighbours
 * add up to at most `most_of_pair`. */
static bool is_exact(multiply_function *multiply, int32_t low, int32_t high, int32_t most_of_pair) {
  uint32_t state = 1;
  for (int32_t trial = 0; trial < TRIALS; trial++) {
    int8_t x[BYTES];
    uint8_t w[BYTES];
    int32_t expected[BYTES / 4] = {0}, left = 0;
    for (int32_t i = 0; i < BYTES; i++) {
      const int32_t rest = most_of_pair - left, input = pick(&state, -128, 127);
      const int32_t weight = pick(&state, low, i % 2 && rest < high ? rest : high);
      x[i] = (int8_t)input;
      w[i] = (uint8_t)weight;
      expected[i / 4] += input * weight;
      left = weight;
    }
    const v128_t sum = multiply(wasm_v128_load(x), wasm_v128_load(w));
    if (!wasm_i32x4_all_true(wasm_i32x4_eq(sum, wasm_v128_load(expected)))) return false;
  }
  return true;
}

int8_path fastest_int8_simd(void) {
  if (is_exact(dot, 0, 255, 510)) return INT8_DOT_UNSIGNED;
  if (is_exact(dot, -128, 127, 254)) return INT8_DOT_SIGNED;
  if (is_exact(pairs, 0, 255, 256)) return INT8_PAIRS;
  return INT8_WIDE;
}

#else

int8_path fastest_int8_simd(void) { return INT8_WIDE; }

#endif
