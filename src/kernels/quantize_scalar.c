#include <math.h>

#include "kernels/kernels.h"

/* The scale and zero that map the values of a row, and 0, to the numbers low .. -low - 1. A value and the zero are
 * rounded separately, for which one step is kept free. */
static void fit_range(const float *x, int32_t n, int32_t low, float *scale, int32_t *zero) {
  const float steps = (float)(-2 * low - 2);
  float least = 0, most = 0;
  for (int32_t i = 0; i < n; i++) {
    least = fminf(least, x[i]);
    most = fmaxf(most, x[i]);
  }
  *scale = fmaxf(most / steps - least / steps, 0x1p-126f); /* whose reciprocal is finite */
  /* Of values that are not finite the quotient may be NaN, of which fmaxf() makes a number. */
  *zero = low - (int32_t)rintf(fmaxf(least * (1 / *scale), -steps));
}

/* round(x / scale), for a value in its range; of others, which are not finite, any in reach of q. */
static int32_t steps_of(float x, float inverse, int32_t low) {
  return (int32_t)rintf(fminf(fmaxf(x * inverse, 2 * (float)low), -2 * (float)low));
}

void quantize_row_scalar(const float *x, int32_t n, int8_t *q, float *scale, int32_t *zero) {
  fit_range(x, n, -128, scale, zero);
  const float inverse = 1 / *scale;
  for (int32_t i = 0; i < n; i++) q[i] = (int8_t)(steps_of(x[i], inverse, -128) + *zero);
}

void quantize_rows_scalar(int8_path path, const float *x, int32_t row_begin, int32_t row_end, int32_t k,
                          const rows_i8 *to) {
  const int32_t blocks = blocks_i8(k);
  for (int32_t row = row_begin; row < row_end; row++) {
    for (int32_t block = 0; block < blocks; block++) {
      const int32_t begin = block * BLOCK_I8, count = block_size_i8(k, begin);
      const size_t first = (size_t)row * k + begin, at = (size_t)row * blocks + block;
      const int32_t low = path == INT8_WIDE ? -2048 : -128;
      fit_range(x + first, count, low, &to->scale[at], &to->zero[at]);
      const float inverse = 1 / to->scale[at];
      int32_t sum = 0;
      for (int32_t i = 0; i < count; i++) {
        const int32_t steps = steps_of(x[first + i], inverse, low), q = steps + to->zero[at];
        if (path == INT8_WIDE) {
          ((int16_t *)to->values)[first + i] = (int16_t)q;
        } else {
          ((int8_t *)to->values)[first + i] = (int8_t)q;
        }
        sum += steps;
      }
      to->sum[at] = sum;
    }
  }
}
