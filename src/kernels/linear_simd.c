#include "kernels.h"
#include "tile_simd.h"

/* Cache blocks. A slice of a panel (8 KB) stays in the first-level cache while all rows of a block pass over it; the
 * inputs of a block (96 x 256 floats, 96 KB) stay in the second level while all panels pass over them. */
enum { BLOCK_K = 256, BLOCK_ROWS = 96 };

static inline int32_t min(int32_t a, int32_t b) { return a < b ? a : b; }

void linear_f32_simd(const float *x, int32_t rows, int32_t k, const float *packed, const float *bias,
                     int32_t panel_begin, int32_t panel_end, epilogue apply, float *y, int32_t y_stride) {
  for (int32_t block = 0; block < rows; block += BLOCK_ROWS) {
    const int32_t block_end = min(block + BLOCK_ROWS, rows);
    for (int32_t panel = panel_begin; panel < panel_end; panel++) {
      for (int32_t from = 0; from < k; from += BLOCK_K) {
        const int32_t count = min(BLOCK_K, k - from);
        const float *weights = packed + ((size_t)panel * k + from) * PANEL;
        for (int32_t row = block, height; row < block_end; row += height) {
          height = next_tile(block_end - row);
          float *output = y + (size_t)row * y_stride + panel * PANEL;
          const float *start = from == 0 ? bias + panel * PANEL : output;
          tile(height, x + (size_t)row * k + from, k, count, weights, start, from == 0 ? 0 : y_stride, output,
               y_stride);
          if (from + count < k || apply == EPILOGUE_NONE) continue;
          for (int32_t i = 0; i < height; i++) activate_simd(output + i * y_stride, PANEL, apply);
        }
      }
    }
  }
}
