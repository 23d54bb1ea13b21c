#include "kernels/kernels.h"

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
  const int32_t step = path == INT8_WIDE ? 2 : 4, blocks = blocks_i8(k);
  for (int32_t row = row_begin; row < row_end; row++) {
    for (int32_t n = panel_begin * PANEL; n < panel_end * PANEL; n++) {
      float result = bias ? bias[n] : y[(size_t)row * y_stride + n];
      for (int32_t block = 0; block < blocks; block++) {
        const int32_t begin = block * BLOCK_I8, count = block_size_i8(k, begin);
        const size_t of_row = (size_t)row * blocks + block;
        const size_t of_channel = ((size_t)(n / PANEL) * blocks + block) * PANEL + n % PANEL;
        const size_t first = panel_place_i8(weights->n, k, n / PANEL, begin) + n % PANEL * step;
        int32_t sum = 0;
        for (int32_t i = 0; i < count; i++) {
          const int32_t w = weight(path, weights, first + (size_t)(i / step) * PANEL * step + i % step);
          sum += (input(path, x, (size_t)row * k + begin + i) - x->zero[of_row]) * (w - weights->zero[of_channel]);
        }
        result += (float)sum * x->scale[of_row] * weights->scale[of_channel];
      }
      y[(size_t)row * y_stride + n] = result;
    }
    activate_scalar(y + (size_t)row * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
  }
}
