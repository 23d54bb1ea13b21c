#include "kernels/kernels.h"
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

void attention_f32_simd(const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                        int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                        int32_t context_stride) {
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
      pack_tile(q + (size_t)(query + first) * stride, count - first, stride, head_size, scale, queries + half, QUERIES);
    }
    for (int32_t key = 0; key < length; key += TILE_ROWS) {
      tile(keys + (size_t)key * head_size, queries, head_size, zeros, 0, scores + key * QUERIES, QUERIES);
    }
    v128_t inverse_sum[2];
    exponentials(scores, length, inverse_sum);
    for (int32_t column = 0; column < head_size; column += TILE_ROWS) {
      float sums[TILE_ROWS][QUERIES];
      tile(values + (size_t)column * length, scores, length, zeros, 0, sums[0], QUERIES);
      store_context(sums[0], inverse_sum, count, min(TILE_ROWS, head_size - column),
                    context + (size_t)query * context_stride + column, context_stride);
    }
  }
}
