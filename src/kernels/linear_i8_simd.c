/* Micro-kernels: a tile of up to 6 rows times 8 columns over a block of inputs, for each of the int8 paths.
 *
 * Their heights keep all of a tile in the 15 vector registers that V8 has on x86-64, where a product that is added
 * takes one more unless it is part of the instruction. */
#include "dot_tile_simd.h"
#include "kernels.h"
#include "relaxed_dot.h"
#include "simd_math.h"

enum { MOST_ROWS = DOT_ROWS };

/* The arguments of linear_i8(). */
typedef struct product {
  const rows_i8 *x;
  int32_t k, blocks;
  const weights_i8 *weights;
  const float *bias;
  float *y;
  int32_t y_stride;
} product;

/* Rows row .. row + rows - 1, the columns of a panel, and a block of inputs: those from `begin` on, `count` of them. */
typedef struct tile {
  int32_t row, rows, panel, block, begin, count;
} tile;

typedef void tile_function(const product *p, tile t);

/* What the zeros of both sides contribute: the sums start at its negative. */
INLINE void start_tile(const product *p, tile t, v128_t sum[MOST_ROWS][2]) {
  const size_t column = ((size_t)t.panel * p->blocks + t.block) * PANEL;
  for (int32_t half = 0; half < 2; half++) {
    const v128_t weight_sum = wasm_v128_load(p->weights->sum + column + half * LANES);
    const v128_t weight_zero = wasm_v128_load(p->weights->zero + column + half * LANES);
    for (int32_t i = 0; i < t.rows; i++) {
      const size_t at = (size_t)(t.row + i) * p->blocks + t.block;
      const v128_t zero = wasm_i32x4_splat(-p->x->zero[at]), row_sum = wasm_i32x4_splat(-p->x->sum[at]);
      sum[i][half] = wasm_i32x4_add(wasm_i32x4_mul(zero, weight_sum), wasm_i32x4_mul(row_sum, weight_zero));
    }
  }
}

/* Adds the scaled sums to the bias, or to the blocks before this one. */
INLINE void finish_tile(const product *p, tile t, v128_t sum[MOST_ROWS][2]) {
  const float *scales = p->weights->scale + ((size_t)t.panel * p->blocks + t.block) * PANEL;
  for (int32_t half = 0; half < 2; half++) {
    const int32_t column = t.panel * PANEL + half * LANES;
    const v128_t scale = wasm_v128_load(scales + half * LANES);
    for (int32_t i = 0; i < t.rows; i++) {
      const v128_t row_scale = splat(p->x->scale[(size_t)(t.row + i) * p->blocks + t.block]);
      const v128_t scaled = wasm_f32x4_mul(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sum[i][half]), row_scale), scale);
      float *y = p->y + (size_t)(t.row + i) * p->y_stride + column;
      wasm_v128_store(y, wasm_f32x4_add(wasm_v128_load(t.block ? y : p->bias + column), scaled));
    }
  }
}

INLINE void wide_tile(const product *p, tile t) {
  v128_t sum[MOST_ROWS][2];
  start_tile(p, t, sum);
  const int16_t *x[MOST_ROWS];
  for (int32_t i = 0; i < t.rows; i++) x[i] = (const int16_t *)p->x->values + (size_t)(t.row + i) * p->k + t.begin;
  const int8_t *weights = (const int8_t *)p->weights->values + ((size_t)t.panel * p->k + t.begin) * PANEL;
  for (int32_t j = 0; j < t.count; j += 2, weights += 2 * PANEL) {
    const v128_t left = wasm_i16x8_load8x8(weights), right = wasm_i16x8_load8x8(weights + PANEL);
    for (int32_t i = 0; i < t.rows; i++) {
      const v128_t value = wasm_v128_load32_splat(x[i] + j);
      sum[i][0] = wasm_i32x4_add(sum[i][0], wasm_i32x4_dot_i16x8(value, left));
      sum[i][1] = wasm_i32x4_add(sum[i][1], wasm_i32x4_dot_i16x8(value, right));
    }
  }
  finish_tile(p, t, sum);
}

#if RELAXED_DOT
/* Sums of pairs are added up by a product with ones. V8 would do the same for the instruction that adds four products,
 * on processors that have none, but build the ones anew each time. */
INLINE void pairs_tile(const product *p, tile t) {
  static const int16_t one = 1;
  const int16_t *hidden = &one; /* from the compiler, which would make it a constant in the loop */
  __asm__("" : "+r"(hidden));
  const v128_t ones = wasm_v128_load16_splat(hidden);

  v128_t sum[MOST_ROWS][2];
  start_tile(p, t, sum);
  const int8_t *x[MOST_ROWS];
  for (int32_t i = 0; i < t.rows; i++) x[i] = (const int8_t *)p->x->values + (size_t)(t.row + i) * p->k + t.begin;
  const uint8_t *weights = (const uint8_t *)p->weights->values + ((size_t)t.panel * p->k + t.begin) * PANEL;
  for (int32_t j = 0; j < t.count; j += 4, weights += 4 * PANEL) {
    const v128_t left = wasm_v128_load(weights), right = wasm_v128_load(weights + 2 * PANEL);
    for (int32_t i = 0; i < t.rows; i++) {
      const v128_t value = wasm_v128_load32_splat(x[i] + j);
      const v128_t left_pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(value, left);
      const v128_t right_pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(value, right);
      sum[i][0] = wasm_i32x4_add(sum[i][0], wasm_i32x4_dot_i16x8(left_pairs, ones));
      sum[i][1] = wasm_i32x4_add(sum[i][1], wasm_i32x4_dot_i16x8(right_pairs, ones));
    }
  }
  finish_tile(p, t, sum);
}

INLINE void fours_tile(const product *p, tile t) {
  v128_t sum[MOST_ROWS][2];
  start_tile(p, t, sum);
  const int8_t *x[MOST_ROWS];
  for (int32_t i = 0; i < t.rows; i++) x[i] = (const int8_t *)p->x->values + (size_t)(t.row + i) * p->k + t.begin;
  dot_tile(x, t.rows, (const uint8_t *)p->weights->values + ((size_t)t.panel * p->k + t.begin) * PANEL, t.count, sum);
  finish_tile(p, t, sum);
}
#endif

INLINE void all_blocks(tile_function *compute, const product *p, int32_t row, int32_t rows, int32_t panel) {
  for (int32_t block = 0; block < p->blocks; block++) {
    const int32_t begin = block * BLOCK_I8, rest = p->k - begin;
    compute(p, (tile){row, rows, panel, block, begin, rest < BLOCK_I8 ? rest : BLOCK_I8});
  }
}

/* All rows pass over a panel of weights before the next one, so that it stays in the first-level cache. What is left
 * below the last whole tile takes smaller ones: integers are exact in any order. */
INLINE void all_tiles(tile_function *compute, int32_t height, const product *p, int32_t row_begin, int32_t row_end,
                      int32_t panel_begin, int32_t panel_end) {
  for (int32_t panel = panel_begin; panel < panel_end; panel++) {
    int32_t row = row_begin;
    for (; row + height <= row_end; row += height) all_blocks(compute, p, row, height, panel);
    for (; height > 4 && row + 4 <= row_end; row += 4) all_blocks(compute, p, row, 4, panel);
    for (; row + 2 <= row_end; row += 2) all_blocks(compute, p, row, 2, panel);
    if (row < row_end) all_blocks(compute, p, row, 1, panel);
  }
}

void linear_i8_simd(int8_path path, const rows_i8 *x, int32_t row_begin, int32_t row_end, int32_t k,
                    const weights_i8 *weights, const float *bias, int32_t panel_begin, int32_t panel_end,
                    epilogue apply, float *y, int32_t y_stride) {
  const product p = {x, k, blocks_i8(k), weights, bias, y, y_stride};
  switch (path) {
#if RELAXED_DOT
  case INT8_PAIRS:
    all_tiles(pairs_tile, 4, &p, row_begin, row_end, panel_begin, panel_end);
    break;
  case INT8_DOT_UNSIGNED:
  case INT8_DOT_SIGNED:
    all_tiles(fours_tile, 6, &p, row_begin, row_end, panel_begin, panel_end);
    break;
#endif
  default:
    all_tiles(wide_tile, 4, &p, row_begin, row_end, panel_begin, panel_end);
  }
  for (int32_t row = row_begin; row < row_end; row++) {
    activate_simd(y + (size_t)row * y_stride + panel_begin * PANEL, (panel_end - panel_begin) * PANEL, apply);
  }
}
