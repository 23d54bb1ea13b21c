/* What the kernels use of relaxed SIMD. The dot products as the engines compute them: their second operand is meant to
 * be 0 .. 127; what they make of other numbers differs. A test chooses the engine. */
#ifndef BERTLET_RELAXED_ENGINE_H
#define BERTLET_RELAXED_ENGINE_H

#include <simde/wasm/simd128.h>

typedef enum relaxed_engine {
  ENGINE_X86,      /* pmaddubsw: unsigned, and sums of pairs saturate */
  ENGINE_X86_VNNI, /* vpdpbusd: unsigned; pairs as above */
  ENGINE_ARM,      /* sdot: signed; sums of pairs wrap around */
  ENGINE_WRONG     /* V8 of Node 20: pmaddubsw with its operands exchanged */
} relaxed_engine;

extern relaxed_engine emulated_engine;

simde_v128_t wasm_i16x8_relaxed_dot_i8x16_i7x16(simde_v128_t a, simde_v128_t b);
simde_v128_t wasm_i32x4_relaxed_dot_i8x16_i7x16_add(simde_v128_t a, simde_v128_t b, simde_v128_t c);

/* These differ between engines only where the kernels do not go: NaN, too large positive numbers, and -1 times -1. */
#define wasm_i32x4_relaxed_trunc_f32x4(a) simde_wasm_i32x4_trunc_sat_f32x4(a)
#define wasm_i16x8_relaxed_q15mulr(a, b) simde_wasm_i16x8_q15mulr_sat(a, b)

#endif
