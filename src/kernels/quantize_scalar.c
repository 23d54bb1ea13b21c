#include <math.h>

#include "kernels.h"

/* Scale and zero that map the values of a row, and 0, onto -128 .. 127. */
static void fit_range(const float *x, int32_t n, float *scale, int32_t *zero) {
  float least = 0, most = 0;
  for (int32_t i = 0; i < n; i++) {
    least = fminf(least, x[i]);
    most = fmaxf(most, x[i]);
  }
  *scale = fmaxf(most / 255 - least / 255, 0x1p-126f); /* whose reciprocal is finite */
  *zero = -128 - (int32_t)rintf(least * (1 / *scale));
}

static int32_t quantize(float x, float inverse, int32_t zero) {
  const int32_t q = (int32_t)rintf(x * inverse) + zero;
  return q < -128 ? -128 : q > 127 ? 127 : q;
}

void quantize_row_scalar(const float *x, int32_t n, int8_t *q, float *scale, int32_t *zero) {
  fit_range(x, n, scale, zero);
  const float inverse = 1 / *scale;
  for (int32_t i = 0; i < n; i++) q[i] = (int8_t)quantize(x[i], inverse, *zero);
}

void quantize_rows_scalar(int8_path path, const float *x, int32_t row_begin, int32_t row_end, int32_t k,
                          const rows_i8 *to) {
  for (int32_t row = row_begin; row < row_end; row++) {
    const float *from = x + (size_t)row * k;
    fit_range(from, k, &to->scale[row], &to->zero[row]);
    const float inverse = 1 / to->scale[row];
    int32_t sum = 0;
    for (int32_t i = 0; i < k; i++) {
      const int32_t q = quantize(from[i], inverse, to->zero[row]);
      if (path == INT8_WIDE) {
        ((int16_t *)to->values)[(size_t)row * k + i] = (int16_t)q;
      } else {
        ((int8_t *)to->values)[(size_t)row * k + i] = (int8_t)q;
      }
      sum += q - to->zero[row];
    }
    to->sum[row] = sum;
  }
}
