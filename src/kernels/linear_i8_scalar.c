#include "kernels.h"

int8_path fastest_int8_scalar(void) { return INT8_WIDE; }

static int32_t input(int8_path path, const rows_i8 *x, size_t i) {
  return path == INT8_WIDE ? ((const int16_t *)x->values)[i] : ((const int8_t *)x->values)[i];
}

static int32_t weight(int8_path path, const weights_i8 *weights, size_t i) {
  const bool is_signed = path == INT8_WIDE || path == INT8_DOT_SIGNED;
  return is_signed ? ((const int8_t *)weights->values)[i] : ((const uint8_t *)weights->values)[i];
}

void linear_i8_scalar(int8_path path, const rows_i8 *x, int32_t row_begin, int32_t row_end, int32_t k,
                      const weights_i8 *weights, const float *bias, int32_t panel_begin, int32_t panel_end,
                      epilogue apply, float *y, int32_t y_stride) {
  const int32_t step = path == INT8_WIDE ? 2 : 4;
  for (int32_t row = row_begin; row < row_end; row++) {
    for (int32_t n = panel_begin * PANEL; n < panel_end * PANEL; n++) {
      const size_t first = (size_t)(n / PANEL) * k * PANEL + n % PANEL * step;
      int32_t sum = 0;
      for (int32_t i = 0; i < k; i++) {
        const int32_t w = weight(path, weights, first + (size_t)(i / step) * PANEL * step + i % step);
        sum += (input(path, x, (size_t)row * k + i) - x->zero[row]) * (w - weights->zero[n]);
      }
      y[(size_t)row * y_stride + n] = (float)sum * x->scale[row] * weights->scale[n] + bias[n];
    }
    activate_scalar(y + (size_t)row * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
  }
}
