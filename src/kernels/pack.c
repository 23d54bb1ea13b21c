#include "kernels.h"

void pack_row(float *packed, int32_t k, int32_t row, const float *weights) {
  float *column = packed + (size_t)(row / PANEL) * k * PANEL + row % PANEL;
  for (int32_t i = 0; i < k; i++) column[(size_t)i * PANEL] = weights[i];
}

/* Packed keys and values, both rounded up to whole tiles of 4, eight queries and their scores. */
size_t attention_scratch(int32_t length, int32_t head_size) {
  const size_t padded_length = ((size_t)length + 3) / 4 * 4, padded_head = ((size_t)head_size + 3) / 4 * 4;
  return 2 * padded_length * padded_head + 8 * (padded_length + padded_head);
}
