#include "kernels.h"
#include "tile_simd.h"

#include <float.h>
#include <math.h>

static inline int32_t round_up(int32_t n) { return (n + PANEL - 1) / PANEL * PANEL; }

/* k [length][stride] -> packed [length / 8][head_size][8], the last panel filled up with zeros. */
static void pack_keys(const float *k, int32_t length, int32_t stride, int32_t head_size, float *packed) {
  for (int32_t key = 0; key < length; key++) pack_row(packed, head_size, key, k + (size_t)key * stride);
  for (int32_t key = length; key < round_up(length); key++) {
    float *column = packed + (size_t)(key / PANEL) * head_size * PANEL + key % PANEL;
    for (int32_t i = 0; i < head_size; i++) column[i * PANEL] = 0;
  }
}

/* v [length][stride] -> packed [head_size / 8][length][8], the last panel filled up with zeros. */
static void pack_values(const float *v, int32_t length, int32_t stride, int32_t head_size, float *packed) {
  for (int32_t from = 0; from < head_size; from += PANEL) {
    const int32_t width = head_size - from < PANEL ? head_size - from : PANEL;
    for (int32_t key = 0; key < length; key++, packed += PANEL) {
      const float *row = v + (size_t)key * stride + from;
      for (int32_t i = 0; i < PANEL; i++) packed[i] = i < width ? row[i] : 0;
    }
  }
}

/* scores [padded] -> e^(scale (score - largest score)), 0 past `length`. Returns 1 / their sum. */
static float exponentials(float *scores, int32_t length, float scale) {
  const int32_t padded = round_up(length);
  for (int32_t i = length; i < padded; i++) scores[i] = -FLT_MAX;
  v128_t largest = wasm_v128_load(scores);
  for (int32_t i = LANES; i < padded; i += LANES) largest = wasm_f32x4_pmax(largest, wasm_v128_load(scores + i));
  largest = splat(horizontal_max(largest));

  const v128_t scale4 = splat(scale);
  v128_t sum = splat(0);
  for (int32_t i = 0; i < padded; i += LANES) {
    const v128_t e = exp_f32(wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(scores + i), largest), scale4));
    sum = wasm_f32x4_add(sum, e);
    wasm_v128_store(scores + i, e);
  }
  return 1.0f / horizontal_sum(sum);
}

/* Six query rows at a time over all keys: their scores (12 KB for 512 keys) never leave the first-level cache. */
void attention_f32_simd(const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                        int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                        int32_t context_stride) {
  static const float zeros[PANEL] = {0};
  const int32_t padded = round_up(length);
  const float scale = 1.0f / sqrtf((float)head_size);
  float *keys = scratch;                                         /* [padded / 8][head_size][8] */
  float *values = keys + (size_t)padded * head_size;             /* [head_size / 8][length][8] */
  float *scores = values + (size_t)round_up(head_size) * length; /* [TILE_ROWS][padded] */
  pack_keys(k, length, stride, head_size, keys);
  pack_values(v, length, stride, head_size, values);

  for (int32_t row = query_begin, height; row < query_end; row += height) {
    height = next_tile(query_end - row);
    for (int32_t key = 0; key < padded; key += PANEL) {
      tile(height, q + (size_t)row * stride, stride, head_size, keys + (size_t)key * head_size, zeros, 0, scores + key,
           padded);
    }
    float normalizer[TILE_ROWS];
    for (int32_t i = 0; i < height; i++) normalizer[i] = exponentials(scores + i * padded, length, scale);
    for (int32_t from = 0; from < head_size; from += PANEL) {
      float sums[TILE_ROWS][PANEL];
      tile(height, scores, padded, length, values + (size_t)from * length, zeros, 0, sums[0], PANEL);
      const int32_t width = head_size - from < PANEL ? head_size - from : PANEL;
      for (int32_t i = 0; i < height; i++) {
        float *output = context + (size_t)(row + i) * context_stride + from;
        for (int32_t column = 0; column < width; column++) output[column] = sums[i][column] * normalizer[i];
      }
    }
  }
}
