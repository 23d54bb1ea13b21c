#include "kernels/kernels.h"

void pack_row(float *packed, int32_t k, int32_t row, const float *weights) {
  float *column = packed + (size_t)(row / PANEL) * k * PANEL + row % PANEL;
  for (int32_t i = 0; i < k; i++) column[(size_t)i * PANEL] = weights[i];
}

void unpack_row(const float *packed, int32_t k, int32_t row, float *weights) {
  const float *column = packed + (size_t)(row / PANEL) * k * PANEL + row % PANEL;
  for (int32_t i = 0; i < k; i++) weights[i] = column[(size_t)i * PANEL];
}
