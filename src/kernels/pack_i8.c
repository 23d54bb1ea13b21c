#include <math.h>

#include "kernels.h"

size_t rows_i8_bytes(int8_path path) { return path == INT8_WIDE ? sizeof(int16_t) : sizeof(int8_t); }

/* The range of the quantized weights. */
static int32_t lowest(int8_path path) { return path == INT8_WIDE || path == INT8_DOT_SIGNED ? -128 : 0; }

static int32_t highest(int8_path path) { return path == INT8_DOT_UNSIGNED ? 255 : 127; }

/* Panels of 8 channels, and within a panel `step` inputs of each channel side by side, as many as are summed at once:
 * [n / 8][k / step][8][step]. */
void pack_row_i8(int8_path path, const weights_i8 *into, int32_t k, int32_t row, const float *weights) {
  const int32_t step = path == INT8_WIDE ? 2 : 4, low = lowest(path), high = highest(path);
  float least = 0, most = 0;
  for (int32_t i = 0; i < k; i++) {
    least = fminf(least, weights[i]);
    most = fmaxf(most, weights[i]);
  }
  const float levels = (float)(high - low), scale = fmaxf(most / levels - least / levels, 0x1p-126f);
  const int32_t zero = low - (int32_t)rintf(least / scale);

  uint8_t *panel = (uint8_t *)into->values + (size_t)(row / PANEL) * k * PANEL + row % PANEL * step;
  int32_t sum = 0;
  for (int32_t i = 0; i < k; i++) {
    int32_t q = (int32_t)rintf(weights[i] / scale) + zero;
    q = q < low ? low : q > high ? high : q;
    panel[(size_t)(i / step) * PANEL * step + i % step] = (uint8_t)q;
    sum += q;
  }
  into->scale[row] = scale;
  into->zero[row] = zero;
  into->sum[row] = sum;
}

void dequantize_row(const int8_t *q, int32_t n, float scale, int32_t zero, float *x) {
  for (int32_t i = 0; i < n; i++) x[i] = scale * (float)(q[i] - zero);
}
