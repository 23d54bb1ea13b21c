/* Lets native builds compile the SIMD kernels: the intrinsics of WebAssembly's <wasm_simd128.h>, emulated by SIMDe, and
 * what the kernels use of relaxed SIMD, which SIMDe lacks. */
#ifndef BERTLET_SIMDE_WASM_SIMD128_H
#define BERTLET_SIMDE_WASM_SIMD128_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>

/* As `emulated_engine` (relaxed_engine.h) computes them. */
simde_v128_t wasm_i16x8_relaxed_dot_i8x16_i7x16(simde_v128_t a, simde_v128_t b);
simde_v128_t wasm_i32x4_relaxed_dot_i8x16_i7x16_add(simde_v128_t a, simde_v128_t b, simde_v128_t c);

/* These differ between engines only where the kernels do not go: NaN, too large positive numbers, and -1 times -1. */
#define wasm_i32x4_relaxed_trunc_f32x4(a) simde_wasm_i32x4_trunc_sat_f32x4(a)
#define wasm_i16x8_relaxed_q15mulr(a, b) simde_wasm_i16x8_q15mulr_sat(a, b)

#endif
