#include "kernels/kernels.h"

#include <math.h>

void layer_norm_scalar(const float *x, const float *residual, const float *gamma, const float *beta, float epsilon,
                       int32_t rows, int32_t n, float *y) {
  for (int32_t row = 0; row < rows; row++) {
    const size_t at = (size_t)row * n;
    for (int32_t i = 0; i < n; i++) y[at + i] = residual ? x[at + i] + residual[at + i] : x[at + i];
    double mean = 0, variance = 0;
    for (int32_t i = 0; i < n; i++) mean += y[at + i];
    mean /= n;
    for (int32_t i = 0; i < n; i++) variance += (y[at + i] - mean) * (y[at + i] - mean);
    const double scale = 1.0 / sqrt(variance / n + epsilon);
    for (int32_t i = 0; i < n; i++) y[at + i] = (float)((y[at + i] - mean) * scale * gamma[i] + beta[i]);
  }
}

void row_moments_scalar(const float *x, float epsilon, int32_t rows, int32_t n, float *moments) {
  for (int32_t row = 0; row < rows; row++, x += n) {
    double mean = 0, variance = 0;
    for (int32_t i = 0; i < n; i++) mean += x[i];
    mean /= n;
    for (int32_t i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean);
    moments[2 * row] = (float)mean;
    moments[2 * row + 1] = (float)(1.0 / sqrt(variance / n + epsilon));
  }
}

void layer_norm_backward_scalar(const float *x, const float *moments, const float *gamma, int32_t rows, int32_t n,
                                float *gradient) {
  for (int32_t row = 0; row < rows; row++, x += n, gradient += n) {
    const double mean = moments[2 * row], scale = moments[2 * row + 1];
    double sum = 0, along = 0;
    for (int32_t i = 0; i < n; i++) {
      sum += (double)gradient[i] * gamma[i];
      along += (double)gradient[i] * gamma[i] * (x[i] - mean) * scale;
    }
    for (int32_t i = 0; i < n; i++)
      gradient[i] = (float)(((double)gradient[i] * gamma[i] - sum / n - (x[i] - mean) * scale * along / n) * scale);
  }
}
