#include "kernels/kernels.h"

void pack_row(float *packed, int32_t k, int32_t row, const float *weights) {
  float *to = packed_row(packed, k, row);
  for (int32_t i = 0; i < k; i++) to[(size_t)i * PANEL] = weights[i];
}

void unpack_row(const float *packed, int32_t k, int32_t row, float *weights) {
  const float *from = packed_row((float *)packed, k, row);
  for (int32_t i = 0; i < k; i++) weights[i] = from[(size_t)i * PANEL];
}
