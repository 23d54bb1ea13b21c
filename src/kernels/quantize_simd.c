#include <math.h>

#include "kernels/kernels.h"
#include "kernels/simd_math.h"

/* The scale and zero that map the values of a row, and 0, to the numbers low .. -low - 1. A value and the zero are
 * rounded separately, for which one step is kept free. */
static void fit_range(const float *x, int32_t n, int32_t low, float *scale, int32_t *zero) {
  const float steps = (float)(-2 * low - 2);
  v128_t least[2] = {splat(0), splat(0)}, most[2] = {splat(0), splat(0)};
  for (int32_t i = 0; i < n; i += 2 * LANES) {
    for (int32_t half = 0; half < 2; half++) {
      const v128_t values = wasm_v128_load(x + i + half * LANES);
      least[half] = wasm_f32x4_pmin(least[half], values);
      most[half] = wasm_f32x4_pmax(most[half], values);
    }
  }
  const float smallest = -horizontal_max(wasm_f32x4_neg(wasm_f32x4_pmin(least[0], least[1])));
  const float largest = horizontal_max(wasm_f32x4_pmax(most[0], most[1]));
  *scale = fmaxf(largest / steps - smallest / steps, 0x1p-126f); /* whose reciprocal is finite */
  /* Of values that are not finite the quotient may be NaN, of which fmaxf() makes a number. */
  *zero = low - (int32_t)rintf(fmaxf(smallest * (1 / *scale), -steps));
}

/* round(x / scale) of 8 values, in 16 bits. `magic`: `rounder` in every lane. */
static inline v128_t steps_of(const float *x, v128_t inverse, v128_t magic) {
  return wasm_i16x8_narrow_i32x4(steps(wasm_v128_load(x), inverse, magic),
                                 steps(wasm_v128_load(x + LANES), inverse, magic));
}

/* Both return the sum of q - zero. */
static int32_t quantize_i8(const float *x, int32_t n, float scale, int32_t zero, int8_t *q) {
  const v128_t inverse = splat(1 / scale), magic = constant(&rounder), zeros = wasm_i16x8_splat((int16_t)zero);
  v128_t sum = wasm_i32x4_splat(0);
  for (int32_t i = 0; i < n; i += 8) {
    const v128_t steps = steps_of(x + i, inverse, magic), values = wasm_i16x8_add(steps, zeros);
    wasm_v128_store64_lane(q + i, wasm_i8x16_narrow_i16x8(values, values), 0);
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(steps));
  }
  return sum_of_lanes(sum);
}

static int32_t quantize_i16(const float *x, int32_t n, float scale, int32_t zero, int16_t *q) {
  const v128_t inverse = splat(1 / scale), magic = constant(&rounder), zeros = wasm_i16x8_splat((int16_t)zero);
  v128_t sum = wasm_i32x4_splat(0);
  for (int32_t i = 0; i < n; i += 8) {
    const v128_t steps = steps_of(x + i, inverse, magic);
    wasm_v128_store(q + i, wasm_i16x8_add(steps, zeros));
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(steps));
  }
  return sum_of_lanes(sum);
}

void quantize_row_simd(const float *x, int32_t n, int8_t *q, float *scale, int32_t *zero) {
  fit_range(x, n, -128, scale, zero);
  quantize_i8(x, n, *scale, *zero, q);
}

void quantize_rows_simd(int8_path path, const float *x, int32_t row_begin, int32_t row_end, int32_t k,
                        const rows_i8 *to) {
  const int32_t blocks = blocks_i8(k);
  for (int32_t row = row_begin; row < row_end; row++) {
    for (int32_t block = 0; block < blocks; block++) {
      const int32_t begin = block * BLOCK_I8, count = block_size_i8(k, begin);
      const size_t first = (size_t)row * k + begin, at = (size_t)row * blocks + block;
      fit_range(x + first, count, path == INT8_WIDE ? -2048 : -128, &to->scale[at], &to->zero[at]);
      const float scale = to->scale[at];
      const int32_t zero = to->zero[at];
      to->sum[at] = path == INT8_WIDE ? quantize_i16(x + first, count, scale, zero, (int16_t *)to->values + first)
                                      : quantize_i8(x + first, count, scale, zero, (int8_t *)to->values + first);
    }
  }
}
