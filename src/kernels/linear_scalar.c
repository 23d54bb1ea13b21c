#include "kernels/kernels.h"

void linear_f32_scalar(const float *x, int32_t x_stride, int32_t rows, int32_t k, const float *packed,
                       const float *bias, int32_t panel_begin, int32_t panel_end, epilogue apply, float *scratch,
                       float *y, int32_t y_stride) {
  (void)scratch;
  for (int32_t row = 0; row < rows; row++) {
    const float *input = x + (size_t)row * x_stride;
    for (int32_t panel = panel_begin; panel < panel_end; panel++) {
      const float *weights = packed + (size_t)panel * k * PANEL;
      float *output = y + (size_t)row * y_stride + panel * PANEL;
      double sum[PANEL] = {0};
      for (int32_t i = 0; i < k; i++) {
        for (int32_t column = 0; column < PANEL; column++) {
          sum[column] += (double)input[i] * weights[(size_t)i * PANEL + column];
        }
      }
      for (int32_t column = 0; column < PANEL; column++) {
        output[column] = (float)(sum[column] + (bias ? bias[panel * PANEL + column] : output[column]));
      }
      activate_scalar(output, PANEL, apply);
    }
  }
}

void weight_gradient_scalar(const float *x, int32_t x_stride, const float *dy, int32_t dy_stride, int32_t rows,
                            int32_t k, int32_t input_begin, int32_t input_end, int32_t panel_begin, int32_t panel_end,
                            float *scratch, float *gradient) {
  (void)scratch;
  for (int32_t output = panel_begin * PANEL; output < panel_end * PANEL; output++) {
    float *column = gradient + (size_t)(output / PANEL) * k * PANEL + output % PANEL;
    for (int32_t input = input_begin; input < input_end; input++) {
      double sum = column[(size_t)input * PANEL];
      for (int32_t row = 0; row < rows; row++)
        sum += (double)dy[(size_t)row * dy_stride + output] * x[(size_t)row * x_stride + input];
      column[(size_t)input * PANEL] = (float)sum;
    }
  }
}

void transpose_packed_scalar(const float *packed, int32_t n, int32_t k, int32_t panel_begin, int32_t panel_end,
                             float *transposed) {
  for (int32_t input = panel_begin * PANEL; input < panel_end * PANEL; input++)
    for (int32_t output = 0; output < n; output++)
      transposed[(size_t)(input / PANEL * n + output) * PANEL + input % PANEL] =
          packed[(size_t)(output / PANEL * k + input) * PANEL + output % PANEL];
}
