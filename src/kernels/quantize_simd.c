#include <math.h>

#include "kernels.h"
#include "simd_math.h"

/* Scale and zero that map the values of a row, and 0, onto -128 .. 127. */
static void fit_range(const float *x, int32_t n, float *scale, int32_t *zero) {
  v128_t least[2] = {splat(0), splat(0)}, most[2] = {splat(0), splat(0)};
  for (int32_t i = 0; i < n; i += 2 * LANES) {
    for (int32_t half = 0; half < 2; half++) {
      const v128_t values = wasm_v128_load(x + i + half * LANES);
      least[half] = wasm_f32x4_pmin(least[half], values);
      most[half] = wasm_f32x4_pmax(most[half], values);
    }
  }
  const float low = -horizontal_max(wasm_f32x4_neg(wasm_f32x4_pmin(least[0], least[1])));
  const float high = horizontal_max(wasm_f32x4_pmax(most[0], most[1]));
  *scale = fmaxf(high / 255 - low / 255, 0x1p-126f); /* whose reciprocal is finite */
  *zero = -128 - (int32_t)rintf(low * (1 / *scale));
}

/* 1.5 * 2^23: added to a small number, it leaves the nearest integer in the low bits of the sum. */
#define ROUND_TO_INTEGER 12582912.0f

static inline v128_t quantize4(const float *x, v128_t inverse, v128_t offset) {
  const v128_t rounded = wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(x), inverse), splat(ROUND_TO_INTEGER));
  return wasm_i32x4_add(rounded, offset);
}

/* 8 values as 8 numbers of 16 bits, within -128 .. 127. `offset`: zero, less the bits of ROUND_TO_INTEGER. */
static inline v128_t quantize8(const float *x, v128_t inverse, v128_t offset) {
  const v128_t q = wasm_i16x8_narrow_i32x4(quantize4(x, inverse, offset), quantize4(x + LANES, inverse, offset));
  return wasm_i16x8_extend_low_i8x16(wasm_i8x16_narrow_i16x8(q, q));
}

static inline v128_t offset_of(int32_t zero) { return wasm_i32x4_sub(wasm_i32x4_splat(zero), splat(ROUND_TO_INTEGER)); }

static inline int32_t sum_of_lanes(v128_t v) {
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1) + wasm_i32x4_extract_lane(v, 2) +
         wasm_i32x4_extract_lane(v, 3);
}

/* Both return the sum of q. */
static int32_t store_i8(const float *x, int32_t n, float scale, int32_t zero, int8_t *q) {
  const v128_t inverse = splat(1 / scale), offset = offset_of(zero);
  v128_t sum = wasm_i32x4_splat(0);
  for (int32_t i = 0; i < n; i += 8) {
    const v128_t values = quantize8(x + i, inverse, offset);
    wasm_v128_store64_lane(q + i, wasm_i8x16_narrow_i16x8(values, values), 0);
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(values));
  }
  return sum_of_lanes(sum);
}

static int32_t store_i16(const float *x, int32_t n, float scale, int32_t zero, int16_t *q) {
  const v128_t inverse = splat(1 / scale), offset = offset_of(zero);
  v128_t sum = wasm_i32x4_splat(0);
  for (int32_t i = 0; i < n; i += 8) {
    const v128_t values = quantize8(x + i, inverse, offset);
    wasm_v128_store(q + i, values);
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(values));
  }
  return sum_of_lanes(sum);
}

void quantize_row_simd(const float *x, int32_t n, int8_t *q, float *scale, int32_t *zero) {
  fit_range(x, n, scale, zero);
  store_i8(x, n, *scale, *zero, q);
}

void quantize_rows_simd(int8_path path, const float *x, int32_t row_begin, int32_t row_end, int32_t k,
                        const rows_i8 *to) {
  for (int32_t row = row_begin; row < row_end; row++) {
    const size_t begin = (size_t)row * k;
    fit_range(x + begin, k, &to->scale[row], &to->zero[row]);
    const float scale = to->scale[row];
    const int32_t zero = to->zero[row];
    const int32_t sum = path == INT8_WIDE ? store_i16(x + begin, k, scale, zero, (int16_t *)to->values + begin)
                                          : store_i8(x + begin, k, scale, zero, (int8_t *)to->values + begin);
    to->sum[row] = sum - k * zero;
  }
}
