/* Which way of multiplying 8-bit numbers to take. Relaxed SIMD promises exact dot products only for weights 0 .. 127,
 * and some engines break even that promise. Others give more: x86 with VNNI takes unsigned weights of 8 bits, ARM
 * signed ones. */
#include "kernels.h"
#include "relaxed_dot.h"

#if RELAXED_DOT

enum { TRIALS = 64, BYTES = 16 };

/* A linear congruential generator (Press et al., Numerical Recipes, section 7.1). Half of the numbers lie at the ends.
 */
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

typedef struct operands {
  int8_t x[BYTES];        /* -128 .. 127 */
  uint8_t w[BYTES];       /* low .. high */
  int32_t sum[BYTES / 4]; /* of the products of 4 numbers */
} operands;

static operands pick_operands(uint32_t *state, int32_t low, int32_t high) {
  operands o;
  for (int32_t i = 0; i < BYTES; i++) {
    const int32_t x = pick(state, -128, 127), w = pick(state, low, high);
    o.x[i] = (int8_t)x;
    o.w[i] = (uint8_t)w;
    o.sum[i / 4] = (i % 4 ? o.sum[i / 4] : 0) + x * w;
  }
  return o;
}

static v128_t dot(v128_t x, v128_t w) { return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, w, wasm_i32x4_splat(0)); }

static v128_t pairs(v128_t x, v128_t w) {
  return wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_relaxed_dot_i8x16_i7x16(x, w));
}

static bool is_exact(v128_t (*multiply)(v128_t x, v128_t w), int32_t low, int32_t high) {
  uint32_t state = 1;
  for (int32_t trial = 0; trial < TRIALS; trial++) {
    const operands o = pick_operands(&state, low, high);
    const v128_t sum = multiply(wasm_v128_load(o.x), wasm_v128_load(o.w));
    if (!wasm_i32x4_all_true(wasm_i32x4_eq(sum, wasm_v128_load(o.sum)))) return false;
  }
  return true;
}

int8_path fastest_int8_simd(void) {
  if (is_exact(dot, 0, 255)) return INT8_DOT_UNSIGNED;
  if (is_exact(dot, -128, 127)) return INT8_DOT_SIGNED;
  if (is_exact(pairs, 0, 127)) return INT8_PAIRS;
  return INT8_WIDE;
}

#else

int8_path fastest_int8_simd(void) { return INT8_WIDE; }

#endif
