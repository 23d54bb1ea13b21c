#include "kernels.h"
#include "tile_simd.h"

/* Cache blocks. Up to 32 rows of up to 384 inputs are packed (48 KB of the 64 KB that a thread has as stack) and stay
 * in the second-level cache while all panels pass over them. 384 divides the widths of most BERTs; with k = 384 the
 * weights are read from end to end, as memory likes it. A slice of 192 inputs of a panel (6 KB) stays in the first
 * level while all rows pass over it; slices are short so that the next weights arrive during the work on these. */
enum { BLOCK_ROWS = 32, BLOCK_K = 384, SLICE_K = 192 };

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

/* y [rows][8] = start + x . weights, for one panel. x is packed: [rows / 4][k][4]. */
static void multiply_panel(const float *x, int32_t rows, int32_t k, const float *weights, const float *start,
                           int32_t start_stride, float *y, int32_t y_stride) {
  for (int32_t from = 0; from < k; from += SLICE_K) {
    const int32_t count = min(SLICE_K, k - from);
    for (int32_t row = 0; row < rows; row += TILE_ROWS) {
      const float *inputs = x + row * k + from * TILE_ROWS, *begin = start + row * start_stride;
      float *output = y + (size_t)row * y_stride;
      if (row + TILE_ROWS <= rows) {
        tile(inputs, weights + from * PANEL, count, begin, start_stride, output, y_stride);
      } else {
        partial_tile(inputs, weights + from * PANEL, count, begin, start_stride, rows - row, output, y_stride);
      }
    }
    start = y;
    start_stride = y_stride;
  }
}

void linear_f32_simd(const float *x, int32_t rows, int32_t k, const float *packed, const float *bias,
                     int32_t panel_begin, int32_t panel_end, epilogue apply, float *y, int32_t y_stride) {
  float inputs[BLOCK_ROWS * BLOCK_K]; /* [height / 4][count][4] */
  for (int32_t block = 0; block < rows; block += BLOCK_ROWS) {
    const int32_t height = min(BLOCK_ROWS, rows - block);
    float *output = y + (size_t)block * y_stride;
    for (int32_t from = 0; from < k; from += BLOCK_K) {
      const int32_t count = min(BLOCK_K, k - from);
      for (int32_t row = 0; row < height; row += TILE_ROWS) {
        pack_tile(x + (size_t)(block + row) * k + from, height - row, k, count, 1.0f, inputs + row * count, TILE_ROWS);
      }
      for (int32_t panel = panel_begin; panel < panel_end; panel++) {
        const float *weights = packed + ((size_t)panel * k + from) * PANEL;
        float *columns = output + panel * PANEL;
        const bool first = from == 0;
        multiply_panel(inputs, height, count, weights, first ? bias + panel * PANEL : columns, first ? 0 : y_stride,
                       columns, y_stride);
      }
    }
    for (int32_t row = 0; row < height; row++) {
      activate_simd(output + (size_t)row * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
    }
  }
}
