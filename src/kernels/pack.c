#include "kernels/kernels.h"

void pack_row(float *packed, int32_t k, int32_t row, const float *weights) {
  float *column = packed + (size_t)(row / PANEL) * k * PANEL + row % PANEL;
  for (int32_t i = 0; i < k; i++) column[(size_t)i * PANEL] = weights[i];
}

void unpack_row(const float *packed, int32_t k, int32_t row, float *weights) {
  const float *column = packed + (size_t)(row / PANEL) * k * PANEL + row % PANEL;
  for (int32_t i = 0; i < k; i++) weights[i] = column[(size_t)i * PANEL];
}

void transpose_packed(const float *packed, int32_t n, int32_t k, int32_t panel_begin, int32_t panel_end,
                      float *transposed) {
  for (int32_t panel = panel_begin; panel < panel_end; panel++) {
    for (int32_t block = 0; block < n / PANEL; block++) {
      /* Both are blocks of 8 x 8 numbers in one piece. */
      const float *from = packed + ((size_t)block * k + (size_t)panel * PANEL) * PANEL;
      float *to = transposed + ((size_t)panel * n + (size_t)block * PANEL) * PANEL;
      for (int32_t row = 0; row < PANEL; row++)
        for (int32_t column = 0; column < PANEL; column++) to[row * PANEL + column] = from[column * PANEL + row];
    }
  }
}
