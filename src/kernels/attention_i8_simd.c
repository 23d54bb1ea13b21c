/* Attention in 8 bits, as two products in tiles like those of linear layers. scores^T = keys . queries^T has 8 queries
 * in the place of a panel of weights, so that the softmax of a query stays within one lane. context = probabilities .
 * values has 8 columns of the values as its panel. */
#include "kernels/dot_tile_simd.h"
#include "kernels/kernels.h"
#include "kernels/tile_simd.h"

#if RELAXED_DOT

#include <math.h>

enum { QUERIES = PANEL, BYTES = 16 };

/* What the largest magnitude is quantized to. */
#define MOST 127.0f

static inline int32_t up_to_multiple(int32_t n, int32_t of) { return (n + of - 1) / of * of; }

/* Keys and values are quantized symmetrically: their zero point is 0. `start` is what sums of products with them start
 * at, to cancel what the zero point of queries or probabilities adds. */
typedef struct keys {
  int8_t *rows;   /* [length][head_size] */
  int32_t *start; /* [length] */
  int32_t length, head_size;
} keys;

typedef struct values {
  int8_t *panels; /* [head_size / 8][length / 4][8][4], rows past the last 0 */
  int32_t *start; /* [head_size] */
  float *step;    /* [head_size]: value = step * q */
  int32_t length, head_size;
} values;

/* Zero points of queries and probabilities, which are signed or unsigned as the path wants weights. The range of
 * queries is centered; probabilities, never negative, use all of it. */
typedef struct zeros {
  int32_t query, probability;
} zeros;

static zeros zeros_of(int8_path path) { return path == INT8_DOT_SIGNED ? (zeros){0, -128} : (zeros){128, 0}; }

/* Of the first head_size columns of x [rows][stride]. */
STEP float largest_magnitude(const float *x, int32_t rows, int32_t stride, int32_t head_size) {
  v128_t least[2] = {splat(-0x1p-100f), splat(-0x1p-100f)}, most[2] = {splat(0), splat(0)};
  for (int32_t row = 0; row < rows; row++, x += stride) {
    for (int32_t i = 0; i < head_size; i += 2 * LANES) {
      for (int32_t half = 0; half < 2; half++) {
        const v128_t part = wasm_v128_load(x + i + half * LANES);
        least[half] = wasm_f32x4_pmin(least[half], part);
        most[half] = wasm_f32x4_pmax(most[half], part);
      }
    }
  }
  return horizontal_max(
      wasm_f32x4_pmax(wasm_f32x4_neg(wasm_f32x4_pmin(least[0], least[1])), wasm_f32x4_pmax(most[0], most[1])));
}

static inline v128_t narrow(const v128_t q[4]) {
  return wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(q[0], q[1]), wasm_i16x8_narrow_i32x4(q[2], q[3]));
}

/* round(x * scale) of 16 numbers, in bytes. */
static inline v128_t bytes_of(const float *x, v128_t scale, v128_t magic) {
  v128_t q[4];
  for (int32_t i = 0; i < 4; i++) q[i] = steps(wasm_v128_load(x + i * LANES), scale, magic);
  return narrow(q);
}

static inline void store_fours(v128_t bytes, uint8_t *to, int32_t stride) {
  wasm_v128_store32_lane(to, bytes, 0);
  wasm_v128_store32_lane(to + stride, bytes, 1);
  wasm_v128_store32_lane(to + 2 * stride, bytes, 2);
  wasm_v128_store32_lane(to + 3 * stride, bytes, 3);
}

/* k [length][stride] -> round(k * scale). */
STEP void quantize_keys(const float *k, int32_t stride, float scale, int32_t zero, const keys *into) {
  const v128_t factor = splat(scale), magic = constant(&rounder), ones = wasm_i8x16_splat(1);
  for (int32_t key = 0; key < into->length; key++, k += stride) {
    v128_t sum = wasm_i32x4_splat(0);
    for (int32_t i = 0; i < into->head_size; i += BYTES) {
      const v128_t q = bytes_of(k + i, factor, magic);
      wasm_v128_store(into->rows + (size_t)key * into->head_size + i, q);
      sum = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(q, ones, sum);
    }
    into->start[key] = -zero * sum_of_lanes(sum);
  }
}

/* v [length][stride] -> panels, 4 columns at a time. */
STEP void quantize_values(const float *v, int32_t stride, int32_t zero, const values *into) {
  const v128_t magic = constant(&rounder), ones = wasm_i8x16_splat(1);
  const int32_t length = into->length, padded = up_to_multiple(length, 4);
  for (int32_t from = 0; from < into->head_size; from += LANES) {
    int8_t *panel = into->panels + (size_t)from / PANEL * PANEL * padded + from % PANEL * 4;
    v128_t largest = splat(0x1p-100f), sum = wasm_i32x4_splat(0);
    for (int32_t key = 0; key < length; key++) {
      largest = wasm_f32x4_pmax(largest, wasm_f32x4_abs(wasm_v128_load(v + (size_t)key * stride + from)));
    }
    const v128_t inverse = wasm_f32x4_div(splat(MOST), largest);
    for (int32_t key = 0; key < length; key += 4, panel += 4 * PANEL) {
      v128_t q[4];
      for (int32_t i = 0; i < 4; i++) {
        const v128_t x = key + i < length ? wasm_v128_load(v + (size_t)(key + i) * stride + from) : splat(0);
        q[i] = steps(x, inverse, magic);
      }
      const v128_t rows = narrow(q);
      const v128_t columns = wasm_i8x16_shuffle(rows, rows, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
      wasm_v128_store(panel, columns);
      sum = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(columns, ones, sum);
    }
    wasm_v128_store(into->step + from, wasm_f32x4_mul(largest, splat(1 / MOST)));
    wasm_v128_store(into->start + from, wasm_i32x4_mul(sum, wasm_i32x4_splat(-zero)));
  }
}

/* q [count][stride] -> panel [head_size / 4][8][4], round(q * scale). Fewer than 8 queries are filled up with the last.
 */
STEP void quantize_queries(const float *q, int32_t count, int32_t stride, int32_t head_size, float scale, int32_t zero,
                           uint8_t *panel) {
  const v128_t factor = splat(scale), magic = constant(&rounder), zeros = wasm_i8x16_splat((int8_t)zero);
  for (int32_t query = 0; query < QUERIES; query++) {
    const float *x = q + (size_t)min(query, count - 1) * stride;
    for (int32_t i = 0; i < head_size; i += BYTES) {
      const v128_t bytes = wasm_i8x16_add(bytes_of(x + i, factor, magic), zeros);
      store_fours(bytes, panel + (size_t)i * QUERIES + query * 4, 4 * QUERIES);
    }
  }
}

/* Integers: scores divided by the scales of queries and keys. */
typedef struct scores {
  int32_t *values; /* [length][8] */
  v128_t most[2];  /* of each query so far */
} scores;

INLINE void score_rows(const keys *keys, int32_t row, int32_t rows, const uint8_t *queries, scores *s) {
  const int8_t *x[DOT_ROWS];
  v128_t sum[DOT_ROWS][2];
  for (int32_t i = 0; i < rows; i++) {
    x[i] = keys->rows + (size_t)(row + i) * keys->head_size;
    sum[i][0] = sum[i][1] = wasm_v128_load32_splat(keys->start + row + i);
  }
  dot_tile(x, rows, queries, keys->head_size, sum);
  for (int32_t i = 0; i < rows; i++) {
    for (int32_t half = 0; half < 2; half++) {
      s->most[half] = wasm_i32x4_max(s->most[half], sum[i][half]);
      wasm_v128_store(s->values + (size_t)(row + i) * QUERIES + half * LANES, sum[i][half]);
    }
  }
}

STEP void score_keys(const keys *keys, const uint8_t *queries, scores *of) {
  scores s = {of->values, {wasm_i32x4_splat(INT32_MIN), wasm_i32x4_splat(INT32_MIN)}};
  int32_t row = 0;
  for (; row + DOT_ROWS <= keys->length; row += DOT_ROWS) score_rows(keys, row, DOT_ROWS, queries, &s);
  for (; row + 2 <= keys->length; row += 2) score_rows(keys, row, 2, queries, &s);
  if (row < keys->length) score_rows(keys, row, 1, queries, &s);
  *of = s;
}

/* Probabilities are computed in 16 bits, eight at a time, as fixed-point numbers with FRACTION bits behind the point,
 * so that the largest, ATTENTION_STEPS, is just below 2^15. Logarithms to the base 2 have EXPONENT bits behind the
 * point: the smallest, -2^15, is a probability of 2^-16 of the largest, and whatever is less likely becomes 0. */
enum { FRACTION = 7, EXPONENT = 11 };

static inline v128_t multiply_q15(v128_t a, v128_t b) { return wasm_i16x8_relaxed_q15mulr(a, b); }

/* ATTENTION_STEPS * 2^(x / 2^EXPONENT), with FRACTION bits behind the point, for 16-bit numbers x <= 0. The error is at
 * most 0.14, and 0.5 % for results of at least 1. 2^x is the 16th power of a cubic of x / 16 (minimax, by linear
 * programming). Factors are 16-bit fractions of 1; the instruction asks that not both are -1. */
static inline v128_t exp2_steps(v128_t x) {
  static const int16_t coefficients[] = {32760, 22681, 7673, 1389};
  v128_t power = constant_i16x8(coefficients + 3);
  for (int32_t i = 2; i >= 0; i--) power = wasm_i16x8_add(multiply_q15(power, x), constant_i16x8(coefficients + i));
  for (int32_t i = 0; i < 4; i++) power = multiply_q15(power, power);
  return power;
}

/* Scores [length][8] -> probabilities [length / 4][8][4] in the same memory: what is written has been read before.
 *
 * In a long text most probabilities are below one step. Rounded to the nearest step all of them would become 0, so each
 * key gets another threshold for rounding up (dither), and the sum over many keys stays right. `dither` [length]:
 * 0 .. 127, in 128ths of a step. `scale`: from scores to x of exp2_steps(). */
STEP void quantize_probabilities(scores *s, int32_t length, float scale, const int16_t *dither, int32_t zero,
                                 float inverse_sum[QUERIES]) {
  const v128_t factor = splat(scale), zeros = wasm_i8x16_splat((int8_t)zero);
  const v128_t most[2] = {s->most[0], s->most[1]}; /* copies, as they would be read again after every store */
  uint8_t *panel = (uint8_t *)s->values;
  v128_t sum[2];
  sum[0] = sum[1] = wasm_i32x4_splat(-zero * length);
  for (int32_t key = 0; key < length; key += 4, panel += 4 * QUERIES) {
    v128_t q[4];
    for (int32_t i = 0; i < 4; i++) {
      const int32_t *score = s->values + (size_t)(key + i) * QUERIES;
      v128_t x[2];
      for (int32_t half = 0; half < 2; half++) {
        const v128_t below = wasm_i32x4_sub(wasm_v128_load(score + half * LANES), most[half]);
        x[half] = wasm_i32x4_relaxed_trunc_f32x4(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(below), factor));
      }
      const v128_t e = exp2_steps(wasm_i16x8_narrow_i32x4(x[0], x[1]));
      q[i] = wasm_u16x8_shr(wasm_i16x8_add(e, wasm_v128_load16_splat(dither + key + i)), FRACTION);
    }
    /* What stands behind the last key has a score too: it is left out of the sum, and its values are 0. */
    const int32_t missing = key + 4 > length ? key + 4 - length : 0;
    const v128_t ones = wasm_i32x4_splat(0x01010101 >> 8 * missing);
    const v128_t left = wasm_v128_or(q[0], wasm_i16x8_shl(q[1], 8)),
                 right = wasm_v128_or(q[2], wasm_i16x8_shl(q[3], 8));
    const v128_t fours[2] = {wasm_i16x8_shuffle(left, right, 0, 8, 1, 9, 2, 10, 3, 11),
                             wasm_i16x8_shuffle(left, right, 4, 12, 5, 13, 6, 14, 7, 15)};
    for (int32_t half = 0; half < 2; half++) {
      const v128_t weights = wasm_i8x16_add(fours[half], zeros);
      sum[half] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(ones, weights, sum[half]);
      wasm_v128_store(panel + half * LANES * 4, weights);
    }
  }
  for (int32_t half = 0; half < 2; half++) {
    wasm_v128_store(inverse_sum + half * LANES, wasm_f32x4_div(splat(1.0f), wasm_f32x4_convert_i32x4(sum[half])));
  }
}

/* 4 queries times 8 columns: probabilities [groups][8][4], of which the first 4 queries, times panel [groups][8][4]. */
INLINE void weigh_tile(const int8_t *panel, const uint8_t *probabilities, int32_t groups, const int32_t start[PANEL],
                       v128_t sum[TILE_ROWS][2]) {
  for (int32_t i = 0; i < TILE_ROWS; i++) {
    for (int32_t half = 0; half < 2; half++) sum[i][half] = wasm_v128_load(start + half * LANES);
  }
  for (int32_t group = 0; group < groups; group++, panel += 4 * PANEL, probabilities += 4 * QUERIES) {
    const v128_t left = wasm_v128_load(panel), right = wasm_v128_load(panel + 4 * LANES);
    for (int32_t i = 0; i < TILE_ROWS; i++) {
      const v128_t weight = wasm_v128_load32_splat(probabilities + 4 * i);
      sum[i][0] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(left, weight, sum[i][0]);
      sum[i][1] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(right, weight, sum[i][1]);
    }
  }
}

/* probabilities [length / 4][8][4] . values, times 1 / sum of the query's -> context [count][head_size]. */
STEP void weigh_values(const values *values, const uint8_t *probabilities, const float inverse_sum[QUERIES],
                       int32_t count, float *context, int32_t context_stride) {
  const int32_t groups = (values->length + 3) / 4;
  for (int32_t column = 0; column < values->head_size; column += PANEL) {
    const v128_t step[2] = {wasm_v128_load(values->step + column), wasm_v128_load(values->step + column + LANES)};
    for (int32_t query = 0; query < count; query += TILE_ROWS) {
      v128_t sum[TILE_ROWS][2];
      weigh_tile(values->panels + (size_t)column * groups * 4, probabilities + query * 4, groups,
                 values->start + column, sum);
      for (int32_t i = 0; i < min(TILE_ROWS, count - query); i++) {
        const v128_t inverse = wasm_v128_load32_splat(inverse_sum + query + i);
        float *to = context + (size_t)(query + i) * context_stride + column;
        for (int32_t half = 0; half < 2; half++) {
          const v128_t scaled = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sum[i][half]), step[half]);
          wasm_v128_store(to + half * LANES, wasm_f32x4_mul(scaled, inverse));
        }
      }
    }
  }
}

static void *take(char **memory, size_t bytes) {
  void *taken = *memory;
  *memory += (bytes + 15) & ~(size_t)15;
  return taken;
}

void attention_i8_simd(int8_path path, const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                       int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                       int32_t context_stride) {
  const zeros zero = zeros_of(path);
  const int32_t padded = up_to_multiple(length, 4);
  char *memory = (char *)scratch;
  scores s = {take(&memory, (size_t)padded * QUERIES * sizeof(int32_t)), {{0}}};
  int16_t *dither = take(&memory, (size_t)padded * sizeof(int16_t));
  const keys keys = {take(&memory, (size_t)length * head_size), take(&memory, (size_t)length * sizeof(int32_t)), length,
                     head_size};
  const values values = {take(&memory, (size_t)head_size * padded), take(&memory, (size_t)head_size * sizeof(int32_t)),
                         take(&memory, (size_t)head_size * sizeof(float)), length, head_size};
  uint8_t *queries = take(&memory, (size_t)head_size * QUERIES);

  const float largest_query = largest_magnitude(q, length, stride, head_size);
  const float largest_key = largest_magnitude(k, length, stride, head_size);
  quantize_keys(k, stride, MOST / largest_key, zero.query, &keys);
  quantize_values(v, stride, zero.probability, &values);
  for (int32_t key = 0; key < padded; key++) dither[key] = (int16_t)((uint32_t)(key + 1) * 0x9e3779b9u >> 25);

  const float scale = largest_query / MOST * (largest_key / MOST) / sqrtf((float)head_size) * LOG2_E;
  for (int32_t query = query_begin; query < query_end; query += QUERIES) {
    const int32_t count = min(QUERIES, query_end - query);
    quantize_queries(q + (size_t)query * stride, count, stride, head_size, MOST / largest_query, zero.query, queries);
    score_keys(&keys, queries, &s);
    float inverse_sum[QUERIES];
    quantize_probabilities(&s, length, scale * (1 << EXPONENT), dither, zero.probability, inverse_sum);
    weigh_values(&values, (const uint8_t *)s.values, inverse_sum, count, context + (size_t)query * context_stride,
                 context_stride);
  }
}

#else

/* Without relaxed dot products attention in 8 bits would be no faster than in f32. */
void attention_i8_simd(int8_path path, const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                       int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                       int32_t context_stride) {
  (void)path;
  attention_f32_simd(q, k, v, length, stride, head_size, query_begin, query_end, scratch, context, context_stride);
}

#endif
