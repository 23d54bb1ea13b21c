#include "kernels.h"
#include "tile_simd.h"

/* Cache blocks: a slice of a panel (12 KB) stays in the first-level cache while all rows of a block pass over it, and
 * the block of inputs (48 KB of the 64 KB that a thread has as stack) in the second level while all panels do. 384
 * divides the widths of most BERTs: with k = 384 the weights are read from end to end, which matters when there are few
 * rows. */
enum { BLOCK_K = 384, BLOCK_ROWS = 32 };

static inline int32_t min(int32_t a, int32_t b) { return a < b ? a : b; }

/* The tile at `y` when only its first `count` rows exist. */
static void partial_tile(const float *rows, const float *columns, int32_t k, const float *start, int32_t start_stride,
                         int32_t count, float *y, int32_t y_stride) {
  float from[TILE_ROWS][TILE_COLUMNS], to[TILE_ROWS][TILE_COLUMNS];
  for (int32_t row = 0; row < TILE_ROWS; row++) {
    memcpy(from[row], start + min(row, count - 1) * start_stride, sizeof from[row]);
  }
  tile(rows, columns, k, from[0], TILE_COLUMNS, to[0], TILE_COLUMNS);
  for (int32_t row = 0; row < count; row++) memcpy(y + row * y_stride, to[row], sizeof to[row]);
}

/* Adds x [rows][k_stride] . W^T over `count` of the k inputs to y, or, if `bias` is given, sets y to it plus the bias.
 */
static void multiply_block(const float *x, int32_t rows, int32_t k_stride, int32_t count, const float *packed,
                           const float *bias, int32_t panel_begin, int32_t panel_end, float *y, int32_t y_stride) {
  float tiles[BLOCK_ROWS * BLOCK_K]; /* [rows / 4][count][4] */
  for (int32_t row = 0; row < rows; row += TILE_ROWS) {
    pack_tile(x + (size_t)row * k_stride, rows - row, k_stride, count, 1.0f, tiles + row * count, TILE_ROWS);
  }
  for (int32_t panel = panel_begin; panel < panel_end; panel++) {
    const float *weights = packed + (size_t)panel * k_stride * PANEL;
    for (int32_t row = 0; row < rows; row += TILE_ROWS) {
      float *output = y + (size_t)row * y_stride + panel * PANEL;
      const float *start = bias ? bias + panel * PANEL : output;
      const int32_t start_stride = bias ? 0 : y_stride;
      if (row + TILE_ROWS <= rows) {
        tile(tiles + row * count, weights, count, start, start_stride, output, y_stride);
      } else {
        partial_tile(tiles + row * count, weights, count, start, start_stride, rows - row, output, y_stride);
      }
    }
  }
}

void linear_f32_simd(const float *x, int32_t rows, int32_t k, const float *packed, const float *bias,
                     int32_t panel_begin, int32_t panel_end, epilogue apply, float *y, int32_t y_stride) {
  for (int32_t row = 0; row < rows; row += BLOCK_ROWS) {
    const int32_t height = min(BLOCK_ROWS, rows - row);
    float *output = y + (size_t)row * y_stride;
    for (int32_t i = 0; i < k; i += BLOCK_K) {
      multiply_block(x + (size_t)row * k + i, height, k, min(BLOCK_K, k - i), packed + (size_t)i * PANEL,
                     i == 0 ? bias : NULL, panel_begin, panel_end, output, y_stride);
    }
    for (int32_t i = 0; i < height; i++) {
      activate_simd(output + (size_t)i * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
    }
  }
}
