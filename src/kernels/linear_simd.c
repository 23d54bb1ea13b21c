#include "kernels/kernels.h"
#include "kernels/tile_simd.h"

/* Cache blocks. Four rows of a block of inputs (24 KB) stay in the first-level cache while they are multiplied with a
 * group of panels, and the group (96 KB) stays in the second level while it is multiplied with all rows of the block.
 * So weights are read from memory once for all these rows, and in long runs, as prefetchers need a while to start. */
enum { GROUP_WEIGHTS = 2 * BLOCK_K_F32 * PANEL };

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

/* y [rows][8] = start + x . weights, for one panel and up to 4 rows. */
static void multiply(const float *x, int32_t rows, int32_t k, const float *weights, const float *start,
                     int32_t start_stride, float *y, int32_t y_stride) {
  if (rows >= TILE_ROWS) {
    tile(x, weights, k, start, start_stride, y, y_stride);
  } else {
    partial_tile(x, weights, k, start, start_stride, rows, y, y_stride);
  }
}

void linear_f32_simd(const float *x, int32_t rows, int32_t k, const float *packed, const float *bias,
                     int32_t panel_begin, int32_t panel_end, epilogue apply, float *scratch, float *y,
                     int32_t y_stride) {
  float *inputs = scratch; /* [height / 4][count][4] */
  for (int32_t block = 0; block < rows; block += BLOCK_ROWS_F32) {
    const int32_t height = min(BLOCK_ROWS_F32, rows - block);
    float *output = y + (size_t)block * y_stride;
    for (int32_t from = 0; from < k; from += BLOCK_K_F32) {
      const int32_t count = min(BLOCK_K_F32, k - from), group = GROUP_WEIGHTS / (count * PANEL);
      for (int32_t row = 0; row < height; row += TILE_ROWS) {
        pack_tile(x + (size_t)(block + row) * k + from, height - row, k, count, 1.0f, inputs + row * count, TILE_ROWS);
      }
      for (int32_t first = panel_begin; first < panel_end; first += group) {
        for (int32_t row = 0; row < height; row += TILE_ROWS) {
          for (int32_t panel = first; panel < min(first + group, panel_end); panel++) {
            float *to = output + (size_t)row * y_stride + panel * PANEL;
            multiply(inputs + row * count, height - row, count, packed + ((size_t)panel * k + from) * PANEL,
                     from ? to : bias + panel * PANEL, from ? y_stride : 0, to, y_stride);
          }
        }
      }
    }
    for (int32_t row = 0; row < height; row++) {
      activate_simd(output + (size_t)row * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
    }
  }
}
