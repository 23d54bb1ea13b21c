#include <math.h>

#include "kernels/kernels.h"

int32_t blocks_i8(int32_t k) { return (k + BLOCK_I8 - 1) / BLOCK_I8; }

size_t rows_i8_bytes(int8_path path) { return path == INT8_WIDE ? sizeof(int16_t) : sizeof(int8_t); }

/* How a block of weights is quantized: q = round(weight / scale) + zero. */
typedef struct mapping {
  float scale;
  int32_t zero;
} mapping;

/* Steps between the smallest and the largest q. 8 bits have 255, but a value and the zero are rounded separately, which
 * may move q by one. */
static const float steps = 254;

/* Smallest and largest weight, and smallest and largest sum of two neighbours; each range includes 0. */
typedef struct range {
  float least, most, least_pair, most_pair;
} range;

static range range_of(const float *weights, int32_t count) {
  range r = {0};
  for (int32_t i = 0; i < count; i += 2) {
    const float left = weights[i], right = weights[i + 1];
    r.least = fminf(r.least, fminf(left, right));
    r.most = fmaxf(r.most, fmaxf(left, right));
    r.least_pair = fminf(r.least_pair, left + right);
    r.most_pair = fmaxf(r.most_pair, left + right);
  }
  return r;
}

/* The mapping that makes `least` the number `low`, for weights of a range as long as `extent`. */
static mapping map_from(float least, int32_t low, float extent) {
  const float scale = fmaxf(extent / steps, 0x1p-126f); /* whose reciprocal is finite */
  return (mapping){scale, low - (int32_t)rintf(least * (1 / scale))};
}

/* For INT8_PAIRS two neighbours add up to at most 256. In random weights two neighbours are hardly ever both at the end
 * of the range, so that the steps are 0.78 times as wide as those of 7 bits. Either the weights are quantized or their
 * negatives, whichever have narrower steps. */
static mapping map_weights(int8_path path, const float *weights, int32_t count) {
  const range r = range_of(weights, count);
  const float extent = r.most - r.least;
  if (path != INT8_PAIRS) return map_from(r.least, path == INT8_DOT_UNSIGNED ? 0 : -128, extent);
  const float upright = fmaxf(extent, r.most_pair - 2 * r.least), mirrored = fmaxf(extent, 2 * r.most - r.least_pair);
  if (upright <= mirrored) return map_from(r.least, 0, upright);
  const mapping mirror = map_from(-r.most, 0, mirrored);
  return (mapping){-mirror.scale, mirror.zero};
}

void pack_row_i8(int8_path path, const weights_i8 *into, int32_t k, int32_t row, const float *weights) {
  const int32_t step = path == INT8_WIDE ? 2 : 4, panel = row / PANEL, column = row % PANEL;
  for (int32_t begin = 0; begin < k; begin += BLOCK_I8) {
    const int32_t count = block_size_i8(k, begin);
    const mapping map = map_weights(path, weights + begin, count);
    const float inverse = 1 / map.scale;
    uint8_t *values = (uint8_t *)into->values + panel_place_i8(into->n, k, panel, begin);
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t q = (int32_t)rintf(weights[begin + i] * inverse) + map.zero;
      values[(i / step * PANEL + column) * step + i % step] = (uint8_t)q;
      sum += q;
    }
    const size_t at = ((size_t)panel * blocks_i8(k) + begin / BLOCK_I8) * PANEL + column;
    into->scale[at] = map.scale;
    into->zero[at] = map.zero;
    into->sum[at] = sum;
  }
}

void unpack_row_i8(int8_path path, const weights_i8 *from, int32_t k, int32_t row, float *weights) {
  const int32_t step = path == INT8_WIDE ? 2 : 4, panel = row / PANEL, column = row % PANEL;
  const bool is_signed = path == INT8_WIDE || path == INT8_DOT_SIGNED;
  for (int32_t begin = 0; begin < k; begin += BLOCK_I8) {
    const int32_t count = block_size_i8(k, begin);
    const size_t at = ((size_t)panel * blocks_i8(k) + begin / BLOCK_I8) * PANEL + column;
    const uint8_t *values = (const uint8_t *)from->values + panel_place_i8(from->n, k, panel, begin);
    for (int32_t i = 0; i < count; i++) {
      const uint8_t q = values[(i / step * PANEL + column) * step + i % step];
      weights[begin + i] = from->scale[at] * (float)((is_signed ? (int8_t)q : q) - from->zero[at]);
    }
  }
}

void dequantize_row(const int8_t *q, int32_t n, float scale, int32_t zero, float *x) {
  for (int32_t i = 0; i < n; i++) x[i] = scale * (float)(q[i] - zero);
}
