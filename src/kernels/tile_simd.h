/* The micro-kernel of linear layers and attention: a tile of 4 rows times 8 columns.
 *
 *   rows     [k][4]  packed, so that one pointer is enough: computing more addresses would cost as much as the
 * arithmetic columns  [k][8]  packed likewise: a panel of weights, or eight queries, or their probabilities
 *
 * 8 accumulators, 2 vectors of columns, 4 broadcast inputs and one product are the 15 registers that V8 has on x86-64,
 * where it schedules the loads of an iteration before its arithmetic. A taller tile spills there without fused
 * multiply-add and gains nothing with it. Fewer than 4 rows are computed as 4, so every row is summed the same way. */
#ifndef BERTLET_TILE_SIMD_H
#define BERTLET_TILE_SIMD_H

#include "kernels/simd_math.h"

#define TILE_ROWS 4
#define TILE_COLUMNS 8

static inline int32_t min(int32_t a, int32_t b) { return a < b ? a : b; }

static inline int32_t tiles_of(int32_t rows) { return (rows + TILE_ROWS - 1) / TILE_ROWS; }

/* y [4][8] = start [4][8] + rows^T . columns; `y_stride` and `start_stride` floats from one row to the next. Elements
 * are summed in the order of k: the same bits result when several calls, each starting from y, share k. */
static inline void tile(const float *rows, const float *columns, int32_t k, const float *start, int32_t start_stride,
                        float *y, int32_t y_stride) {
  v128_t sum[TILE_ROWS][2];
  for (int32_t row = 0; row < TILE_ROWS; row++) {
    sum[row][0] = wasm_v128_load(start + row * start_stride);
    sum[row][1] = wasm_v128_load(start + row * start_stride + LANES);
  }
  for (int32_t i = 0; i < k; i++, rows += TILE_ROWS, columns += TILE_COLUMNS) {
    const v128_t left = wasm_v128_load(columns), right = wasm_v128_load(columns + LANES);
    for (int32_t row = 0; row < TILE_ROWS; row++) {
      const v128_t value = wasm_v128_load32_splat(rows + row);
      sum[row][0] = madd(value, left, sum[row][0]);
      sum[row][1] = madd(value, right, sum[row][1]);
    }
  }
  for (int32_t row = 0; row < TILE_ROWS; row++) {
    wasm_v128_store(y + row * y_stride, sum[row][0]);
    wasm_v128_store(y + row * y_stride + LANES, sum[row][1]);
  }
}

static inline void transpose(v128_t m[4]) {
  const v128_t low01 = wasm_i32x4_shuffle(m[0], m[1], 0, 4, 1, 5), low23 = wasm_i32x4_shuffle(m[2], m[3], 0, 4, 1, 5);
  const v128_t high01 = wasm_i32x4_shuffle(m[0], m[1], 2, 6, 3, 7), high23 = wasm_i32x4_shuffle(m[2], m[3], 2, 6, 3, 7);
  m[0] = wasm_i64x2_shuffle(low01, low23, 0, 2);
  m[1] = wasm_i64x2_shuffle(low01, low23, 1, 3);
  m[2] = wasm_i64x2_shuffle(high01, high23, 0, 2);
  m[3] = wasm_i64x2_shuffle(high01, high23, 1, 3);
}

/* Packs 4 rows of x, each `stride` floats after the other, times `scale`: x [count][k] -> packed [k][step], its first 4
 * columns. Where count < 4 the last row stands in for the missing ones; their results are not used. */
static inline void pack_tile(const float *x, int32_t count, int32_t stride, int32_t k, float scale, float *packed,
                             int32_t step) {
  const float *row[TILE_ROWS];
  for (int32_t i = 0; i < TILE_ROWS; i++) row[i] = x + (size_t)(i < count ? i : count - 1) * stride;
  for (int32_t i = 0; i < k; i += LANES) {
    v128_t block[TILE_ROWS];
    for (int32_t j = 0; j < TILE_ROWS; j++) {
      block[j] = wasm_f32x4_mul(load_partial(row[j] + i, k - i, 0), splat(scale));
    }
    transpose(block);
    for (int32_t j = 0; j < LANES && i + j < k; j++) wasm_v128_store(packed + (i + j) * step, block[j]);
  }
}

#endif
