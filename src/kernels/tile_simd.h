/* The micro-kernel under linear layers and attention: a tile of up to 6 rows times one panel of 8 columns.
 *
 * 6 x 8 is the largest tile whose accumulators (12 vectors), weights (2) and broadcast input (1) fit into the 16 vector
 * registers that WebAssembly engines have on x86-64. */
#ifndef BERTLET_TILE_SIMD_H
#define BERTLET_TILE_SIMD_H

#include "simd_math.h"

#define TILE_ROWS 6

/* Rows of the next tile when `rows` are left. Spreads them evenly over the tiles: 13 rows are 5 + 4 + 4, not 6 + 6 + 1,
 * since a low tile cannot hide the latency of its additions. */
static inline int32_t next_tile(int32_t rows) {
  const int32_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  return (rows + tiles - 1) / tiles;
}

/* `rows` is a constant after inlining. */
static inline __attribute__((always_inline)) void tile_of(const int32_t rows, const float *x, int32_t x_stride,
                                                          int32_t k, const float *panel, const float *start,
                                                          int32_t start_stride, float *y, int32_t y_stride) {
  v128_t sum[TILE_ROWS][2];
  for (int32_t row = 0; row < rows; row++) {
    sum[row][0] = wasm_v128_load(start + row * start_stride);
    sum[row][1] = wasm_v128_load(start + row * start_stride + LANES);
  }
  for (int32_t i = 0; i < k; i++) {
    const v128_t left = wasm_v128_load(panel + 8 * i);
    const v128_t right = wasm_v128_load(panel + 8 * i + LANES);
    for (int32_t row = 0; row < rows; row++) {
      const v128_t value = wasm_v128_load32_splat(x + row * x_stride + i);
      sum[row][0] = madd(value, left, sum[row][0]);
      sum[row][1] = madd(value, right, sum[row][1]);
    }
  }
  for (int32_t row = 0; row < rows; row++) {
    wasm_v128_store(y + row * y_stride, sum[row][0]);
    wasm_v128_store(y + row * y_stride + LANES, sum[row][1]);
  }
}

/* y [rows][8] = start [rows][8] + x [rows][k] . panel [k][8], each array with its own distance between rows.
 * rows: 1 .. TILE_ROWS. Every element is summed in the order of k, so splitting k over calls changes no bit. */
static inline void tile(int32_t rows, const float *x, int32_t x_stride, int32_t k, const float *panel,
                        const float *start, int32_t start_stride, float *y, int32_t y_stride) {
  switch (rows) {
  case 1:
    tile_of(1, x, x_stride, k, panel, start, start_stride, y, y_stride);
    break;
  case 2:
    tile_of(2, x, x_stride, k, panel, start, start_stride, y, y_stride);
    break;
  case 3:
    tile_of(3, x, x_stride, k, panel, start, start_stride, y, y_stride);
    break;
  case 4:
    tile_of(4, x, x_stride, k, panel, start, start_stride, y, y_stride);
    break;
  case 5:
    tile_of(5, x, x_stride, k, panel, start, start_stride, y, y_stride);
    break;
  default:
    tile_of(6, x, x_stride, k, panel, start, start_stride, y, y_stride);
    break;
  }
}

#endif
