#include "kernels.h"

void pack_row(float *packed, int32_t k, int32_t row, const float *weights) {
  float *column = packed + (size_t)(row / PANEL) * k * PANEL + row % PANEL;
  for (int32_t i = 0; i < k; i++) column[(size_t)i * PANEL] = weights[i];
}

/* Keys and values packed in panels (both rounded up to whole ones) and the scores of one tile of 6 query rows. */
size_t attention_scratch(int32_t length, int32_t head_size) {
  const size_t padded_length = (size_t)(length + PANEL - 1) / PANEL * PANEL;
  const size_t padded_head = (size_t)(head_size + PANEL - 1) / PANEL * PANEL;
  return padded_length * (size_t)head_size + padded_head * (size_t)length + 6 * padded_length;
}
