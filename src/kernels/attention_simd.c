#include "kernels/dropout_simd.h"
#include "kernels/tile_simd.h"

#include <math.h>

/* Scores are computed transposed, in tiles of 4 keys times 8 queries: every lane is a query, so that its softmax stays
 * within the lane, and the probabilities [length][8] already lie as the columns of the second product should,
 * context^T = v^T . p^T. For 512 keys they take 16 KB and never leave the first-level cache. */
enum { QUERIES = TILE_COLUMNS };

/* v [length][stride] -> packed [head_size / 4][length][4]; a last group of less than 4 is filled up with zeros. */
static void pack_values(const float *v, int32_t length, int32_t stride, int32_t head_size, float *packed) {
  for (int32_t from = 0; from < head_size; from += LANES) {
    const int32_t count = min(LANES, head_size - from);
    for (int32_t key = 0; key < length; key++, packed += LANES) {
      const float *values = v + (size_t)key * stride + from;
      wasm_v128_store(packed, count == LANES ? wasm_v128_load(values) : load_partial(values, count, 0));
    }
  }
}

/* scores [length][8] -> 2^(score - largest score of the query). `inverse_sum` [2]: 1 / sum for each query. */
static void exponentials(float *scores, int32_t length, v128_t inverse_sum[2]) {
  v128_t largest[2] = {wasm_v128_load(scores), wasm_v128_load(scores + LANES)}, sum[2] = {splat(0), splat(0)};
  for (int32_t i = 1; i < length; i++) {
    largest[0] = wasm_f32x4_pmax(largest[0], wasm_v128_load(scores + i * QUERIES));
    largest[1] = wasm_f32x4_pmax(largest[1], wasm_v128_load(scores + i * QUERIES + LANES));
  }
  for (int32_t i = 0; i < length; i++, scores += QUERIES) {
    const v128_t left = exp2_f32(wasm_f32x4_sub(wasm_v128_load(scores), largest[0]));
    const v128_t right = exp2_f32(wasm_f32x4_sub(wasm_v128_load(scores + LANES), largest[1]));
    sum[0] = wasm_f32x4_add(sum[0], left);
    sum[1] = wasm_f32x4_add(sum[1], right);
    wasm_v128_store(scores, left);
    wasm_v128_store(scores + LANES, right);
  }
  inverse_sum[0] = wasm_f32x4_div(splat(1.0f), sum[0]);
  inverse_sum[1] = wasm_f32x4_div(splat(1.0f), sum[1]);
}

/* Dropout of scores [length][8], or of what belongs to them, of `count` queries, the rows of which are given. */
static void drop_scores(float *scores, int32_t length, const int32_t *rows, int32_t count, const dropout *drop) {
  uint32_t first[QUERIES];
  for (int32_t i = 0; i < QUERIES; i++) first[i] = (uint32_t)rows[min(i, count - 1)] * (uint32_t)length;
  v128_t left = wasm_v128_load(first), right = wasm_v128_load(first + LANES);
  for (int32_t key = 0; key < length; key++, scores += QUERIES) {
    wasm_v128_store(scores, drop_lanes(wasm_v128_load(scores), left, drop));
    wasm_v128_store(scores + LANES, drop_lanes(wasm_v128_load(scores + LANES), right, drop));
    left = wasm_i32x4_add(left, wasm_i32x4_splat(1));
    right = wasm_i32x4_add(right, wasm_i32x4_splat(1));
  }
}

/* sums [4][8] (4 columns of the context, 8 queries), times inverse_sum of the query -> context [queries][4]. */
static void store_context(const float *sums, const v128_t inverse_sum[2], int32_t queries, int32_t columns,
                          float *context, int32_t context_stride) {
  for (int32_t half = 0; half < 2; half++) {
    v128_t block[TILE_ROWS];
    for (int32_t i = 0; i < TILE_ROWS; i++) {
      block[i] = wasm_f32x4_mul(wasm_v128_load(sums + i * QUERIES + half * LANES), inverse_sum[half]);
    }
    transpose(block);
    for (int32_t i = 0; i < min(LANES, queries - half * LANES); i++) {
      float *output = context + (size_t)(half * LANES + i) * context_stride;
      if (columns == LANES) {
        wasm_v128_store(output, block[i]);
      } else {
        store_partial(output, columns, block[i]);
      }
    }
  }
}

/* Inlined, so that what never drops has no code for it. */
static inline __attribute__((always_inline)) void attend(const float *q, int32_t query_stride, const int32_t *rows,
                                                         int32_t query_begin, int32_t query_end, const float *k,
                                                         const float *v, int32_t length, int32_t stride,
                                                         int32_t head_size, const dropout *drop, float *scratch,
                                                         float *context, int32_t context_stride) {
  static const float zeros[TILE_COLUMNS] = {0};
  const float scale = LOG2_E / sqrtf((float)head_size); /* so that e^score is 2^(scaled score) */
  const int32_t padded = tiles_of(length) * TILE_ROWS;
  float *keys = scratch;                                              /* [length / 4][head_size][4] */
  float *values = keys + (size_t)padded * head_size;                  /* [head_size / 4][length][4] */
  float *queries = values + (size_t)tiles_of(head_size) * 4 * length; /* [head_size][8] */
  float *scores = queries + (size_t)head_size * QUERIES;              /* [padded length][8] */

  for (int32_t key = 0; key < length; key += TILE_ROWS) {
    pack_tile(k + (size_t)key * stride, length - key, stride, head_size, 1.0f, keys + (size_t)key * head_size,
              TILE_ROWS);
  }
  pack_values(v, length, stride, head_size, values);

  for (int32_t query = query_begin; query < query_end; query += QUERIES) {
    const int32_t count = min(QUERIES, query_end - query);
    for (int32_t half = 0; half < QUERIES; half += LANES) {
      const int32_t first = min(half, count - 1);
      pack_tile(q + (size_t)(query + first) * query_stride, count - first, query_stride, head_size, scale,
                queries + half, QUERIES);
    }
    for (int32_t key = 0; key < length; key += TILE_ROWS) {
      tile(keys + (size_t)key * head_size, queries, head_size, zeros, 0, scores + key * QUERIES, QUERIES);
    }
    v128_t inverse_sum[2];
    exponentials(scores, length, inverse_sum);
    if (drop) drop_scores(scores, length, rows + query, count, drop);
    for (int32_t column = 0; column < head_size; column += TILE_ROWS) {
      float sums[TILE_ROWS][QUERIES];
      tile(values + (size_t)column * length, scores, length, zeros, 0, sums[0], QUERIES);
      store_context(sums[0], inverse_sum, count, min(TILE_ROWS, head_size - column),
                    context + (size_t)query * context_stride + column, context_stride);
    }
  }
}

void attention_f32_simd(const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                        int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                        int32_t context_stride) {
  attend(q, stride, NULL, query_begin, query_end, k, v, length, stride, head_size, NULL, scratch, context,
         context_stride);
}

void attention_training_simd(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries, const float *k,
                             const float *v, int32_t length, int32_t stride, int32_t head_size, const dropout *drop,
                             float *scratch, float *context, int32_t context_stride) {
  attend(q, query_stride, rows, 0, queries, k, v, length, stride, head_size, drop, scratch, context, context_stride);
}

/* ---- Backward ---------------------------------------------------------------------------------------------------- */

enum { BLOCK = ATTENTION_BACKWARD_QUERIES };

/* g . context for 8 queries, whose last `8 - count` stand for the one before. */
static void products_with_context(const float *g, const float *context, int32_t stride, int32_t count,
                                  int32_t head_size, float along[QUERIES]) {
  for (int32_t i = 0; i < QUERIES; i++) {
    const size_t row = (size_t)min(i, count - 1) * stride;
    v128_t sum = splat(0);
    for (int32_t column = 0; column < head_size; column += LANES) {
      sum = madd(load_partial(g + row + column, head_size - column, 0),
                 load_partial(context + row + column, head_size - column, 0), sum);
    }
    along[i] = horizontal_sum(sum);
  }
}

/* From e^score [length][8] and dp [length][8], the gradient of the probabilities, to ds [length][8], in the place of
 * dp, and the probabilities, in that of the scores. */
static void score_gradients(float *scores, float *dp, int32_t length, const v128_t inverse_sum[2],
                            const float along[QUERIES]) {
  for (int32_t half = 0; half < 2; half++) {
    const v128_t shift = wasm_v128_load(along + half * LANES);
    for (int32_t key = 0; key < length; key++) {
      float *score = scores + key * QUERIES + half * LANES, *gradient = dp + key * QUERIES + half * LANES;
      const v128_t p = wasm_f32x4_mul(wasm_v128_load(score), inverse_sum[half]);
      wasm_v128_store(score, p);
      wasm_v128_store(gradient, wasm_f32x4_mul(p, wasm_f32x4_sub(wasm_v128_load(gradient), shift)));
    }
  }
}

/* scores [padded length][8] of the queries `query` .. `query` + count - 1 of a block -> by_key
 * [padded length / 4][BLOCK][4]. */
static void turn(const float *scores, int32_t padded, int32_t query, int32_t count, float *by_key) {
  for (int32_t key = 0; key < padded; key += LANES) {
    float *to = by_key + (size_t)key * BLOCK + (size_t)query * LANES;
    for (int32_t half = 0; half < 2; half++) {
      v128_t block[LANES];
      for (int32_t i = 0; i < LANES; i++) block[i] = wasm_v128_load(scores + (key + i) * QUERIES + half * LANES);
      transpose(block);
      for (int32_t i = 0; i < min(LANES, count - half * LANES); i++)
        wasm_v128_store(to + (half * LANES + i) * LANES, block[i]);
    }
  }
}

/* x [count][stride] -> packed [padded head_size / 8][BLOCK][8]; columns that do not exist are 0. */
static void pack_rows_of_block(const float *x, int32_t stride, int32_t count, int32_t head_size, float *packed) {
  for (int32_t from = 0; from < head_size; from += TILE_COLUMNS, packed += BLOCK * TILE_COLUMNS)
    for (int32_t row = 0; row < count; row++)
      for (int32_t i = 0; i < TILE_COLUMNS; i += LANES) {
        const int32_t left = head_size - from - i;
        const float *values = x + (size_t)row * stride + from + i;
        wasm_v128_store(packed + row * TILE_COLUMNS + i, left > 0 ? load_partial(values, left, 0) : splat(0));
      }
}

/* sums [padded length][padded head_size] += by_key^T . columns, over the `count` queries of a block. */
static void add_over_queries(const float *by_key, const float *columns, int32_t count, int32_t padded,
                             int32_t padded_head, float *sums) {
  for (int32_t key = 0; key < padded; key += TILE_ROWS)
    for (int32_t column = 0; column < padded_head; column += TILE_COLUMNS) {
      float *to = sums + (size_t)key * padded_head + column;
      tile(by_key + (size_t)key * BLOCK, columns + (size_t)column * BLOCK, count, to, padded_head, to, padded_head);
    }
}

/* sums [length][padded head_size], times scale -> to [length][stride]. */
static void store_sums(const float *sums, int32_t length, int32_t head_size, int32_t padded_head, float scale,
                       float *to, int32_t stride) {
  for (int32_t row = 0; row < length; row++)
    for (int32_t i = 0; i < head_size; i += LANES)
      store_partial(to + (size_t)row * stride + i, head_size - i,
                    wasm_f32x4_mul(wasm_v128_load(sums + (size_t)row * padded_head + i), splat(scale)));
}

/* The definition stands beside attention_backward_scalar(). As in the forward pass 8 queries at a time are lanes; those
 * of a block, turned so that keys are lanes, then give what the block adds to dk and dv. */
void attention_backward_simd(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries, const float *k,
                             const float *v, int32_t length, int32_t stride, int32_t head_size, const dropout *drop,
                             const float *context, const float *context_gradient, int32_t context_stride,
                             float *scratch, float *dq, float *dk, float *dv) {
  static const float zeros[TILE_COLUMNS] = {0};
  const float scale = 1.0f / sqrtf((float)head_size);
  const int32_t padded = tiles_of(length) * TILE_ROWS, padded_head = (head_size + 7) / 8 * 8;
  const size_t whole = (size_t)padded * padded_head;
  float *keys = scratch, *values = keys + whole;             /* [length / 4][head_size][4] */
  float *key_columns = values + whole;                       /* [head_size / 4][length][4] */
  float *dk_sums = key_columns + whole;                      /* [padded length][padded head_size] */
  float *dv_sums = dk_sums + whole;                          /* likewise */
  float *query_rows = dv_sums + whole;                       /* [padded head_size / 8][BLOCK][8] */
  float *gradient_rows = query_rows + BLOCK * padded_head;   /* likewise */
  float *query_tile = gradient_rows + BLOCK * padded_head;   /* [head_size][8] */
  float *gradient_tile = query_tile + QUERIES * padded_head; /* likewise */
  float *scores = gradient_tile + QUERIES * padded_head;     /* [padded length][8] */
  float *dp = scores + (size_t)padded * QUERIES;             /* likewise */
  float *scores_by_key = dp + (size_t)padded * QUERIES;      /* [padded length / 4][BLOCK][4] */
  float *dp_by_key = scores_by_key + (size_t)padded * BLOCK; /* likewise */

  for (int32_t key = 0; key < length; key += TILE_ROWS) {
    const size_t from = (size_t)key * stride, to = (size_t)key * head_size;
    pack_tile(k + from, length - key, stride, head_size, 1.0f, keys + to, TILE_ROWS);
    pack_tile(v + from, length - key, stride, head_size, 1.0f, values + to, TILE_ROWS);
  }
  pack_values(k, length, stride, head_size, key_columns);
  memset(dk_sums, 0, 2 * whole * sizeof(float));

  for (int32_t block = 0; block < queries; block += BLOCK) {
    const int32_t block_size = min(BLOCK, queries - block);
    for (int32_t query = block; query < block + block_size; query += QUERIES) {
      const int32_t count = min(QUERIES, block + block_size - query);
      const size_t row = (size_t)query * context_stride;
      for (int32_t half = 0; half < QUERIES; half += LANES) {
        const int32_t first = min(half, count - 1);
        pack_tile(q + (size_t)(query + first) * query_stride, count - first, query_stride, head_size, scale * LOG2_E,
                  query_tile + half, QUERIES);
        pack_tile(context_gradient + row + (size_t)first * context_stride, count - first, context_stride, head_size,
                  1.0f, gradient_tile + half, QUERIES);
      }
      for (int32_t key = 0; key < length; key += TILE_ROWS) {
        const size_t at = (size_t)key * head_size;
        tile(keys + at, query_tile, head_size, zeros, 0, scores + key * QUERIES, QUERIES);
        tile(values + at, gradient_tile, head_size, zeros, 0, dp + key * QUERIES, QUERIES);
      }
      v128_t inverse_sum[2];
      float along[QUERIES];
      exponentials(scores, length, inverse_sum);
      products_with_context(context_gradient + row, context + row, context_stride, count, head_size, along);
      if (drop) drop_scores(dp, length, rows + query, count, drop);
      score_gradients(scores, dp, length, inverse_sum, along);
      const v128_t scales[2] = {splat(scale), splat(scale)};
      for (int32_t column = 0; column < head_size; column += TILE_ROWS) {
        float sums[TILE_ROWS][QUERIES];
        tile(key_columns + (size_t)column * length, dp, length, zeros, 0, sums[0], QUERIES);
        store_context(sums[0], scales, count, min(TILE_ROWS, head_size - column),
                      dq + (size_t)query * query_stride + column, query_stride);
      }
      if (drop) drop_scores(scores, length, rows + query, count, drop);
      turn(scores, padded, query - block, count, scores_by_key);
      turn(dp, padded, query - block, count, dp_by_key);
    }
    pack_rows_of_block(q + (size_t)block * query_stride, query_stride, block_size, head_size, query_rows);
    pack_rows_of_block(context_gradient + (size_t)block * context_stride, context_stride, block_size, head_size,
                       gradient_rows);
    add_over_queries(dp_by_key, query_rows, block_size, padded, padded_head, dk_sums);
    add_over_queries(scores_by_key, gradient_rows, block_size, padded, padded_head, dv_sums);
  }
  store_sums(dk_sums, length, head_size, padded_head, scale, dk, stride);
  store_sums(dv_sums, length, head_size, padded_head, 1.0f, dv, stride);
}
