/* The innermost loop of linear layers and attention that multiply 8-bit numbers four at a time (INT8_DOT_*).
 *
 *   x        up to 6 rows of `count` inputs, signed
 *   weights  [count / 4][8][4], a panel of 8 columns, signed or unsigned as the path says
 *
 * 12 sums, 2 vectors of weights and one broadcast are the 15 vector registers that V8 has on x86-64. */
#ifndef BERTLET_DOT_TILE_SIMD_H
#define BERTLET_DOT_TILE_SIMD_H

#include "kernels/kernels.h"
#include "kernels/relaxed_dot.h"

#define INLINE static inline __attribute__((always_inline))

/* A function that is never inlined (cmake/wasm.cmake tells that to the linker, too): V8 allocates registers for a whole
 * function, and in one with several inner loops they run out, which costs up to a third of the time of attention. */
#define STEP static __attribute__((noinline))

enum { DOT_ROWS = 6 };

#if RELAXED_DOT
/* sum [rows][8] += x . weights; `count` is a multiple of 4, `rows` a constant. */
INLINE void dot_tile(const int8_t *const x[DOT_ROWS], int32_t rows, const uint8_t *weights, int32_t count,
                     v128_t sum[DOT_ROWS][2]) {
  for (int32_t j = 0; j < count; j += 4, weights += 4 * PANEL) {
    const v128_t left = wasm_v128_load(weights), right = wasm_v128_load(weights + 2 * PANEL);
    for (int32_t i = 0; i < rows; i++) {
      const v128_t value = wasm_v128_load32_splat(x[i] + j);
      sum[i][0] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(value, left, sum[i][0]);
      sum[i][1] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(value, right, sum[i][1]);
    }
  }
}
#endif

#endif
