/* Micro-kernels: a tile of up to 6 rows times 8 columns over a block of inputs, for each of the int8 paths.
 *
 * Their heights keep all of a tile in the 15 vector registers that V8 has on x86-64, where a product that is added
 * takes one more unless it is part of the instruction. */
#include "kernels/dot_tile_simd.h"
#include "kernels/kernels.h"
#include "kernels/simd_math.h"

enum { GROUP = 32 };

/* The arguments of linear_i8(), structures as a whole: through pointers their fields would be read again after every
 * store to y. */
typedef struct product {
  rows_i8 x;
  int32_t row_begin, row_end;
  int32_t k, blocks;
  weights_i8 weights;
  const float *bias;
  int32_t panel_begin, panel_end;
  epilogue apply;
  float *y;
  int32_t y_stride;
} product;

/* Rows row .. row + rows - 1, the columns of a panel, and a block of inputs: those from `begin` on, `count` of them. */
typedef struct tile {
  int32_t row, rows, panel, block, begin, count;
} tile;

typedef void tile_function(const product *p, tile t);

INLINE const void *weights_of(const product *p, tile t) {
  return (const uint8_t *)p->weights.values + panel_place_i8(p->weights.n, p->k, t.panel, t.begin);
}

/* Starts the sums at what the zeros of inputs and weights contribute (see kernels.h). */
INLINE void start_tile(const product *p, tile t, v128_t sum[DOT_ROWS][2]) {
  const size_t column = ((size_t)t.panel * p->blocks + t.block) * PANEL;
  v128_t minus_weight_sum[2], weight_zero[2];
  for (int32_t half = 0; half < 2; half++) {
    minus_weight_sum[half] = wasm_i32x4_neg(wasm_v128_load(p->weights.sum + column + half * LANES));
    weight_zero[half] = wasm_v128_load(p->weights.zero + column + half * LANES);
  }
  for (int32_t i = 0; i < t.rows; i++) {
    const size_t at = (size_t)(t.row + i) * p->blocks + t.block;
    const v128_t zero = wasm_v128_load32_splat(p->x.zero + at), row_sum = wasm_v128_load32_splat(p->x.sum + at);
    for (int32_t half = 0; half < 2; half++) {
      sum[i][half] =
          wasm_i32x4_sub(wasm_i32x4_mul(zero, minus_weight_sum[half]), wasm_i32x4_mul(row_sum, weight_zero[half]));
    }
  }
}

/* Adds the scaled sums to the bias, or to what y holds: without a bias, or from the blocks before. Both halves are
 * loaded before either is stored, the upper one first: only so V8 joins the two halves of a row to one vector of 256
 * bits in the whole tile, where it does that at all (--wasm-revectorize). */
INLINE void finish_tile(const product *p, tile t, v128_t sum[DOT_ROWS][2]) {
  const float *scales = p->weights.scale + ((size_t)t.panel * p->blocks + t.block) * PANEL;
  const v128_t scale[2] = {wasm_v128_load(scales), wasm_v128_load(scales + LANES)};
  for (int32_t i = 0; i < t.rows; i++) {
    const v128_t row_scale = wasm_v128_load32_splat(p->x.scale + (size_t)(t.row + i) * p->blocks + t.block);
    float *y = p->y + (size_t)(t.row + i) * p->y_stride + t.panel * PANEL;
    const float *before = t.block || !p->bias ? y : p->bias + t.panel * PANEL;
    v128_t result[2];
    for (int32_t half = 0; half < 2; half++) {
      const v128_t scaled =
          wasm_f32x4_mul(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sum[i][half]), row_scale), scale[half]);
      result[half] = wasm_f32x4_add(wasm_v128_load(before + half * LANES), scaled);
    }
    wasm_v128_store(y + LANES, result[1]);
    wasm_v128_store(y, result[0]);
  }
}

INLINE void wide_tile(const product *p, tile t) {
  v128_t sum[DOT_ROWS][2];
  start_tile(p, t, sum);
  const int16_t *x[DOT_ROWS];
  for (int32_t i = 0; i < t.rows; i++) x[i] = (const int16_t *)p->x.values + (size_t)(t.row + i) * p->k + t.begin;
  const int8_t *weights = weights_of(p, t);
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
/* A product with ones adds up the sums of pairs. On processors without an instruction for four products V8 would do the
 * same for wasm_i32x4_relaxed_dot_i8x16_i7x16_add(), but load the ones anew each time. */
INLINE void pairs_tile(const product *p, tile t) {
  static const int16_t one = 1;
  const v128_t ones = constant_i16x8(&one);

  v128_t sum[DOT_ROWS][2];
  start_tile(p, t, sum);
  const int8_t *x[DOT_ROWS];
  for (int32_t i = 0; i < t.rows; i++) x[i] = (const int8_t *)p->x.values + (size_t)(t.row + i) * p->k + t.begin;
  const uint8_t *weights = weights_of(p, t);
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
  v128_t sum[DOT_ROWS][2];
  start_tile(p, t, sum);
  const int8_t *x[DOT_ROWS];
  for (int32_t i = 0; i < t.rows; i++) x[i] = (const int8_t *)p->x.values + (size_t)(t.row + i) * p->k + t.begin;
  dot_tile(x, t.rows, weights_of(p, t), t.count, sum);
  finish_tile(p, t, sum);
}
#endif

/* As activate_simd(), with a faster GELU, whose error is still far below that of the quantized numbers. */
STEP void activate_coarse(float *values, int32_t n, epilogue apply) {
  if (apply == EPILOGUE_GELU) {
    FOR_EACH_VECTOR(gelu_coarse);
  } else {
    activate_simd(values, n, apply);
  }
}

INLINE void all_panels(tile_function *compute, const product *p, tile t, int32_t begin, int32_t end) {
  for (t.panel = begin; t.panel < end; t.panel++) compute(p, t);
  if (p->apply == EPILOGUE_NONE || t.block < p->blocks - 1) return;
  for (int32_t i = 0; i < t.rows; i++) {
    activate_coarse(p->y + (size_t)(t.row + i) * p->y_stride + begin * PANEL, (end - begin) * PANEL, p->apply);
  }
}

/* Rows that are left over after the last whole tile get smaller tiles: sums of integers do not depend on the order. */
INLINE void all_rows(tile_function *compute, int32_t height, const product *p, tile t, int32_t begin, int32_t end) {
  t.row = p->row_begin;
  t.rows = height;
  /* A tile of 2 rows has too few independent sums to keep the processor busy, so 8 rows are 4 and 4, not 6 and 2. */
  for (; t.row + height <= p->row_end && (height == 4 || p->row_end - t.row != 8); t.row += height) {
    all_panels(compute, p, t, begin, end);
  }
  t.rows = 4;
  for (; height > 4 && t.row + 4 <= p->row_end; t.row += 4) all_panels(compute, p, t, begin, end);
  t.rows = 2;
  for (; t.row + 2 <= p->row_end; t.row += 2) all_panels(compute, p, t, begin, end);
  t.rows = 1;
  if (t.row < p->row_end) all_panels(compute, p, t, begin, end);
}

/* In the order of linear_f32_simd(): a group of panels (96 KB) stays in the second-level cache while it is multiplied
 * with all rows. */
INLINE void all_tiles(tile_function *compute, int32_t height, const product *p) {
  for (int32_t block = 0; block < p->blocks; block++) {
    tile t = {.block = block, .begin = block * BLOCK_I8};
    t.count = block_size_i8(p->k, t.begin);
    for (int32_t begin = p->panel_begin; begin < p->panel_end; begin += GROUP) {
      all_rows(compute, height, p, t, begin, begin + GROUP < p->panel_end ? begin + GROUP : p->panel_end);
    }
  }
}

STEP void wide_tiles(const product *p) { all_tiles(wide_tile, 4, p); }
#if RELAXED_DOT
STEP void pairs_tiles(const product *p) { all_tiles(pairs_tile, 4, p); }
STEP void fours_tiles(const product *p) { all_tiles(fours_tile, 6, p); }
#endif

void linear_i8_simd(int8_path path, const rows_i8 *x, int32_t row_begin, int32_t row_end, int32_t k,
                    const weights_i8 *weights, const float *bias, int32_t panel_begin, int32_t panel_end,
                    epilogue apply, float *y, int32_t y_stride) {
  const product p = {*x,          row_begin, row_end, k, blocks_i8(k), *weights, bias,
                     panel_begin, panel_end, apply,   y, y_stride};
  switch (path) {
#if RELAXED_DOT
  case INT8_PAIRS:
    pairs_tiles(&p);
    break;
  case INT8_DOT_UNSIGNED:
  case INT8_DOT_SIGNED:
    fours_tiles(&p);
    break;
#endif
  default:
    wide_tiles(&p);
  }
}
