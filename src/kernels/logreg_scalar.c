#include "kernels/kernels.h"

#include <math.h>

void logreg_logits_scalar(const float *const *x, int32_t rows, int32_t d, const float *weight, const float *bias,
                          int32_t outputs, float *z, int32_t stride) {
  for (int32_t row = 0; row < rows; row++)
    for (int32_t output = 0; output < outputs; output++) {
      const float *w = weight + (size_t)output * d;
      float sum = 0;
      for (int32_t i = 0; i < d; i++) sum += x[row][i] * w[i];
      z[(size_t)row * stride + output] = sum + bias[output];
    }
}

void logreg_gradient_scalar(const float *const *x, int32_t rows, int32_t d, const float *residual, int32_t stride,
                            int32_t outputs, float *gradient) {
  for (int32_t row = 0; row < rows; row++)
    for (int32_t output = 0; output < outputs; output++) {
      const float factor = residual[(size_t)row * stride + output];
      float *g = gradient + (size_t)output * d;
      for (int32_t i = 0; i < d; i++) g[i] += factor * x[row][i];
    }
}

void exponential_scalar(float *values, int32_t n) {
  for (int32_t i = 0; i < n; i++) values[i] = expf(values[i]);
}
