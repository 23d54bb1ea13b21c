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

void linear_f32_simd(const float *x, int32_t x_stride, int32_t rows, int32_t k, const float *packed, const float *bias,
                     int32_t panel_begin, int32_t panel_end, epilogue apply, float *scratch, float *y,
                     int32_t y_stride) {
  float *inputs = scratch; /* [height / 4][count][4] */
  for (int32_t block = 0; block < rows; block += BLOCK_ROWS_F32) {
    const int32_t height = min(BLOCK_ROWS_F32, rows - block);
    float *output = y + (size_t)block * y_stride;
    for (int32_t from = 0; from < k; from += BLOCK_K_F32) {
      const int32_t count = min(BLOCK_K_F32, k - from), group = GROUP_WEIGHTS / (count * PANEL);
      const bool adds = from > 0 || !bias;
      for (int32_t row = 0; row < height; row += TILE_ROWS) {
        pack_tile(x + (size_t)(block + row) * x_stride + from, height - row, x_stride, count, 1.0f,
                  inputs + row * count, TILE_ROWS);
      }
      for (int32_t first = panel_begin; first < panel_end; first += group) {
        for (int32_t row = 0; row < height; row += TILE_ROWS) {
          for (int32_t panel = first; panel < min(first + group, panel_end); panel++) {
            float *to = output + (size_t)row * y_stride + panel * PANEL;
            multiply(inputs + row * count, height - row, count, packed + ((size_t)panel * k + from) * PANEL,
                     adds ? to : bias + panel * PANEL, adds ? y_stride : 0, to, y_stride);
          }
        }
      }
    }
    for (int32_t row = 0; row < height; row++) {
      activate_simd(output + (size_t)row * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
    }
  }
}

/* Copies `columns` (4 or 8) columns of x [rows][stride], side by side -> packed [rows][columns]. */
static void pack_columns(const float *x, int32_t stride, int32_t rows, int32_t columns, float *packed) {
  for (int32_t row = 0; row < rows; row++, x += stride)
    for (int32_t i = 0; i < columns; i += LANES, packed += LANES) wasm_v128_store(packed, wasm_v128_load(x + i));
}

/* The tile's "rows" are 4 inputs, its "columns" 8 outputs, and what it sums over are the rows of the batch: so the tile
 * at the gradient lies there as it should. The inputs of a block stay in the second-level cache, the panel of dy in the
 * first, while they are multiplied. */
void weight_gradient_simd(const float *x, int32_t x_stride, const float *dy, int32_t dy_stride, int32_t rows, int32_t k,
                          int32_t input_begin, int32_t input_end, int32_t panel_begin, int32_t panel_end,
                          float *scratch, float *gradient) {
  float *panel_dy = scratch, *inputs = scratch + WEIGHT_GRADIENT_ROWS * PANEL; /* [rows][8], [inputs / 4][rows][4] */
  for (int32_t block = 0; block < rows; block += WEIGHT_GRADIENT_ROWS) {
    const int32_t height = min(WEIGHT_GRADIENT_ROWS, rows - block);
    const float *block_x = x + (size_t)block * x_stride, *block_dy = dy + (size_t)block * dy_stride;
    for (int32_t input = input_begin; input < input_end; input += TILE_ROWS)
      pack_columns(block_x + input, x_stride, height, TILE_ROWS, inputs + (size_t)(input - input_begin) * height);
    for (int32_t panel = panel_begin; panel < panel_end; panel++) {
      pack_columns(block_dy + panel * PANEL, dy_stride, height, PANEL, panel_dy);
      float *to = gradient + ((size_t)panel * k + input_begin) * PANEL;
      for (int32_t input = 0; input < input_end - input_begin; input += TILE_ROWS, to += TILE_ROWS * PANEL)
        tile(inputs + (size_t)input * height, panel_dy, height, to, PANEL, to, PANEL);
    }
  }
}

/* A quarter of a block of 8 x 8 numbers, 8 from one row to the next. */
static inline void transpose_quarter(const float *from, float *to) {
  v128_t rows[LANES];
  for (int32_t row = 0; row < LANES; row++) rows[row] = wasm_v128_load(from + row * PANEL);
  transpose(rows);
  for (int32_t row = 0; row < LANES; row++) wasm_v128_store(to + row * PANEL, rows[row]);
}

/* Both are blocks of 8 x 8 numbers in one piece. */
void transpose_packed_simd(const float *packed, int32_t n, int32_t k, int32_t panel_begin, int32_t panel_end,
                           float *transposed) {
  for (int32_t panel = panel_begin; panel < panel_end; panel++) {
    const float *from = packed + (size_t)panel * PANEL * PANEL;
    float *to = transposed + (size_t)panel * n * PANEL;
    for (int32_t block = 0; block < n / PANEL; block++, from += (size_t)k * PANEL, to += PANEL * PANEL)
      for (int32_t row = 0; row < PANEL; row += LANES)
        for (int32_t column = 0; column < PANEL; column += LANES)
          transpose_quarter(from + column * PANEL + row, to + row * PANEL + column);
  }
}
