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
