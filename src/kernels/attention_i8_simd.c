/* Attention in 8 bits, by the tile of linear layers: scores^T = keys . queries^T, of 8 queries at a time, and
 * context^T = values^T . probabilities^T, with the probabilities of 8 queries as the panel of weights. */
#include "dot_tile_simd.h"
#include "kernels.h"
#include "tile_simd.h"

#if RELAXED_DOT

#include <math.h>

enum { QUERIES = PANEL };

/* The largest magnitude becomes this. */
#define MOST 127.0f

static inline int32_t fours(int32_t n) { return (n + 3) & ~3; }

/* Rows of inputs, quantized symmetrically: value = scale * q. */
typedef struct inputs {
  int8_t *values; /* [rows][columns], a multiple of 4 columns, the last ones 0 */
  float *scale;   /* [rows] */
  int32_t *start; /* [rows]: where sums begin, to cancel what the weights' zero adds */
  int32_t rows, columns;
} inputs;

/* What stands for 0 among the weights: they are signed, or else their middle is 128. Probabilities are never negative,
 * and use all of the range. */
typedef struct zeros {
  int32_t query, probability;
} zeros;

static zeros zeros_of(int8_path path) { return path == INT8_DOT_SIGNED ? (zeros){0, -128} : (zeros){128, 0}; }

static v128_t magnitude(const float *x, int32_t n) {
  v128_t largest = splat(0x1p-100f);
  for (int32_t i = 0; i < n; i += LANES)
    largest = wasm_f32x4_pmax(largest, wasm_f32x4_abs(load_partial(x + i, n - i, 0)));
  return largest;
}

/* round(x * inverse) */
static inline v128_t steps(v128_t x, v128_t inverse, v128_t magic) {
  return wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_mul(x, inverse), magic), magic);
}

/* One byte of each lane, those of a, b, c and d beside each other. */
static inline v128_t interleave(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t byte = wasm_i32x4_splat(255);
  const v128_t ab = wasm_v128_or(wasm_v128_and(a, byte), wasm_i32x4_shl(wasm_v128_and(b, byte), 8));
  return wasm_v128_or(wasm_v128_or(ab, wasm_i32x4_shl(wasm_v128_and(c, byte), 16)), wasm_i32x4_shl(d, 24));
}

static inline int32_t sum_of_lanes(v128_t v) {
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1);
}

/* k [length][stride] -> rows of keys. */
static void quantize_keys(const float *k, int32_t stride, int32_t head_size, int32_t zero, const inputs *keys) {
  const v128_t magic = constant(&rounder);
  for (int32_t key = 0; key < keys->rows; key++, k += stride) {
    const float largest = horizontal_max(magnitude(k, head_size));
    const v128_t inverse = splat(MOST / largest);
    v128_t sum = wasm_i32x4_splat(0);
    for (int32_t i = 0; i < head_size; i += LANES) {
      const v128_t q = steps(load_partial(k + i, head_size - i, 0), inverse, magic);
      const v128_t halves = wasm_i16x8_narrow_i32x4(q, q);
      wasm_v128_store32_lane(keys->values + (size_t)key * keys->columns + i, wasm_i8x16_narrow_i16x8(halves, halves),
                             0);
      sum = wasm_i32x4_add(sum, q);
    }
    keys->scale[key] = largest / MOST;
    keys->start[key] = -zero * sum_of_lanes(sum);
  }
}

/* v [length][stride] -> rows of values^T, of 4 columns of the head at a time. */
static void quantize_values(const float *v, int32_t length, int32_t stride, int32_t zero, const inputs *values) {
  const v128_t magic = constant(&rounder);
  for (int32_t from = 0; from < values->rows; from += LANES) {
    const int32_t count = min(LANES, values->rows - from);
    v128_t largest = splat(0x1p-100f), sum = wasm_i32x4_splat(0);
    for (int32_t key = 0; key < length; key++) {
      largest = wasm_f32x4_pmax(largest, wasm_f32x4_abs(load_partial(v + (size_t)key * stride + from, count, 0)));
    }
    const v128_t inverse = wasm_f32x4_div(splat(MOST), largest);
    for (int32_t key = 0; key < length; key += 4) {
      v128_t q[4];
      for (int32_t i = 0; i < 4; i++) {
        const v128_t x = key + i < length ? load_partial(v + (size_t)(key + i) * stride + from, count, 0) : splat(0);
        q[i] = steps(x, inverse, magic);
        sum = wasm_i32x4_add(sum, q[i]);
      }
      int32_t lanes[LANES];
      wasm_v128_store(lanes, interleave(q[0], q[1], q[2], q[3]));
      for (int32_t i = 0; i < count; i++)
        memcpy(values->values + (size_t)(from + i) * values->columns + key, &lanes[i], 4);
    }
    store_partial(values->scale + from, count, wasm_f32x4_mul(largest, splat(1 / MOST)));
    int32_t starts[LANES];
    wasm_v128_store(starts, wasm_i32x4_mul(sum, wasm_i32x4_splat(-zero)));
    memcpy(values->start + from, starts, (size_t)count * sizeof(int32_t));
  }
}

/* q [count][stride] -> panel [head_size / 4][8][4], scales [8]. Queries past the last are those of the last. */
static void quantize_queries(const float *q, int32_t count, int32_t stride, int32_t head_size, int32_t zero,
                             uint8_t *panel, float *scales) {
  const float scale = LOG2_E / sqrtf((float)head_size); /* so that e^score is 2^(scaled score) */
  const v128_t magic = constant(&rounder), zeros = wasm_i32x4_splat(zero);
  for (int32_t query = 0; query < QUERIES; query++) {
    const float *x = q + (size_t)min(query, count - 1) * stride;
    const float largest = horizontal_max(magnitude(x, head_size));
    const v128_t inverse = splat(MOST / largest);
    for (int32_t i = 0; i < head_size; i += 4) {
      const v128_t steps_of_four = wasm_i32x4_add(steps(load_partial(x + i, head_size - i, 0), inverse, magic), zeros);
      const v128_t byte = wasm_v128_and(steps_of_four, wasm_i32x4_splat(255)),
                   pairs = wasm_u16x8_narrow_i32x4(byte, byte);
      wasm_v128_store32_lane(panel + (size_t)i * QUERIES + query * 4, wasm_u8x16_narrow_i16x8(pairs, pairs), 0);
    }
    scales[query] = largest / MOST * scale;
  }
}

/* Rows row .. row + rows - 1 of x times the panel, scaled by row: what `keep` does with them is up to it. */
typedef void keep_function(void *context, int32_t row, int32_t rows, v128_t product[DOT_ROWS][2]);

INLINE void multiply_rows(const inputs *x, int32_t row, int32_t rows, const uint8_t *panel, keep_function *keep,
                          void *context) {
  const int8_t *values[DOT_ROWS];
  v128_t sum[DOT_ROWS][2];
  for (int32_t i = 0; i < rows; i++) {
    values[i] = x->values + (size_t)(row + i) * x->columns;
    sum[i][0] = sum[i][1] = wasm_v128_load32_splat(x->start + row + i);
  }
  dot_tile(values, rows, panel, x->columns, sum);
  for (int32_t i = 0; i < rows; i++) {
    const v128_t scale = wasm_v128_load32_splat(x->scale + row + i);
    for (int32_t half = 0; half < 2; half++) {
      sum[i][half] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sum[i][half]), scale);
    }
  }
  keep(context, row, rows, sum);
}

INLINE void multiply(const inputs *x, const uint8_t *panel, keep_function *keep, void *context) {
  int32_t row = 0;
  for (; row + DOT_ROWS <= x->rows; row += DOT_ROWS) multiply_rows(x, row, DOT_ROWS, panel, keep, context);
  for (; row + 2 <= x->rows; row += 2) multiply_rows(x, row, 2, panel, keep, context);
  if (row < x->rows) multiply_rows(x, row, 1, panel, keep, context);
}

typedef struct scores {
  float *values;   /* [length][8] */
  v128_t scale[2]; /* of each query */
  v128_t *largest; /* [2]: of each query so far */
} scores;

INLINE void keep_scores(void *context, int32_t row, int32_t rows, v128_t product[DOT_ROWS][2]) {
  const scores *s = context;
  for (int32_t half = 0; half < 2; half++) {
    for (int32_t i = 0; i < rows; i++) {
      const v128_t score = wasm_f32x4_mul(product[i][half], s->scale[half]);
      s->largest[half] = wasm_f32x4_pmax(s->largest[half], score);
      wasm_v128_store(s->values + (size_t)(row + i) * QUERIES + half * LANES, score);
    }
  }
}

/* [head_size][8] */
INLINE void keep_sums(void *context, int32_t row, int32_t rows, v128_t product[DOT_ROWS][2]) {
  float *sums = context;
  for (int32_t i = 0; i < rows; i++) {
    wasm_v128_store(sums + (row + i) * QUERIES, product[i][0]);
    wasm_v128_store(sums + (row + i) * QUERIES + LANES, product[i][1]);
  }
}

/* 2^x for x <= 126 with a relative error of at most 1.1e-4, a twentieth of what rounding to ATTENTION_STEPS makes of
 * it; x below -30 counts as -30. Least squares weighted towards minimax, with the constant term fixed at 1. */
static inline v128_t exp2_coarse(v128_t x) {
  static const float lowest = -30.0f, coefficients[] = {1.0f, 0.693282902f, 0.242210969f, 0.0550089292f};
  x = wasm_f32x4_pmax(x, constant(&lowest));
  const v128_t shifted = wasm_f32x4_add(x, constant(&rounder));
  const v128_t n = wasm_f32x4_sub(shifted, constant(&rounder));
  return wasm_i32x4_add(polynomial(coefficients, 3, wasm_f32x4_sub(x, n)), wasm_i32x4_shl(shifted, 23));
}

/* Scores [length][8] -> a panel [length / 4][8][4] in the same place, behind which it never reads.
 *
 * Most probabilities of a long text are less than one step. Rounded to the nearest they would all be lost, so each key
 * rounds at a place of its own: the sum over many keys is right. `dither` [length]: -1/2 .. 1/2. */
static void quantize_probabilities(float *values, int32_t length, const v128_t largest[2], const float *dither,
                                   int32_t zero, v128_t inverse_sum[2]) {
  static const float log2_steps = 7.99364606f; /* log2(ATTENTION_STEPS) */
  const v128_t magic = constant(&rounder), zeros = wasm_i8x16_splat((int8_t)zero);
  uint8_t *panel = (uint8_t *)values;
  v128_t top[2], sum[2] = {wasm_i32x4_splat(0), wasm_i32x4_splat(0)};
  for (int32_t half = 0; half < 2; half++) top[half] = wasm_f32x4_sub(largest[half], splat(log2_steps));
  for (int32_t key = 0; key < length; key += 4, panel += 4 * QUERIES) {
    v128_t q[2][4];
    for (int32_t half = 0; half < 2; half++) {
      for (int32_t i = 0; i < 4; i++) {
        const v128_t score = wasm_v128_load(values + (size_t)(key + i) * QUERIES + half * LANES);
        const v128_t e =
            wasm_f32x4_add(exp2_coarse(wasm_f32x4_sub(score, top[half])), wasm_v128_load32_splat(dither + key + i));
        q[half][i] = wasm_i32x4_sub(wasm_f32x4_add(e, magic), magic);
        if (key + i >= length) q[half][i] = wasm_i32x4_splat(0);
        sum[half] = wasm_i32x4_add(sum[half], q[half][i]);
      }
    }
    for (int32_t half = 0; half < 2; half++) {
      const v128_t bytes = interleave(q[half][0], q[half][1], q[half][2], q[half][3]);
      wasm_v128_store(panel + half * LANES * 4, wasm_i8x16_add(bytes, zeros));
    }
  }
  for (int32_t half = 0; half < 2; half++) {
    inverse_sum[half] = wasm_f32x4_div(splat(1.0f), wasm_f32x4_convert_i32x4(sum[half]));
  }
}

/* sums [head_size][8], times 1 / sum of probabilities -> context [count][head_size]. */
static void store_context(const float *sums, const v128_t inverse_sum[2], int32_t count, int32_t head_size,
                          float *context, int32_t context_stride) {
  for (int32_t from = 0; from < head_size; from += LANES) {
    for (int32_t half = 0; half < 2; half++) {
      v128_t block[LANES];
      for (int32_t i = 0; i < LANES; i++) {
        block[i] = wasm_f32x4_mul(wasm_v128_load(sums + (from + i) * QUERIES + half * LANES), inverse_sum[half]);
      }
      transpose(block);
      for (int32_t i = 0; i < min(LANES, count - half * LANES); i++) {
        store_partial(context + (size_t)(half * LANES + i) * context_stride + from, head_size - from, block[i]);
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
  const int32_t padded = fours(length), width = fours(head_size);
  char *memory = (char *)scratch;
  float *values_of_scores = take(&memory, (size_t)padded * QUERIES * sizeof(float));
  float *sums = take(&memory, (size_t)width * QUERIES * sizeof(float));
  float *dither = take(&memory, (size_t)padded * sizeof(float));
  const inputs keys = {take(&memory, (size_t)length * width), take(&memory, (size_t)length * sizeof(float)),
                       take(&memory, (size_t)length * sizeof(int32_t)), length, width};
  const inputs values = {take(&memory, (size_t)head_size * padded), take(&memory, (size_t)head_size * sizeof(float)),
                         take(&memory, (size_t)head_size * sizeof(int32_t)), head_size, padded};
  uint8_t *queries = take(&memory, (size_t)width * QUERIES);

  quantize_keys(k, stride, head_size, zero.query, &keys);
  quantize_values(v, length, stride, zero.probability, &values);
  for (int32_t key = 0; key < padded; key++) {
    dither[key] = (float)((uint32_t)(key + 1) * 0x9e3779b9u >> 9) * 0x1p-23f - 0.5f;
  }
  for (int32_t query = query_begin; query < query_end; query += QUERIES) {
    const int32_t count = min(QUERIES, query_end - query);
    float scales[QUERIES];
    quantize_queries(q + (size_t)query * stride, count, stride, head_size, zero.query, queries, scales);
    v128_t largest[2] = {splat(-INFINITY), splat(-INFINITY)}, inverse_sum[2];
    scores s = {values_of_scores, {wasm_v128_load(scales), wasm_v128_load(scales + LANES)}, largest};
    multiply(&keys, queries, keep_scores, &s);
    quantize_probabilities(values_of_scores, length, largest, dither, zero.probability, inverse_sum);
    multiply(&values, (const uint8_t *)values_of_scores, keep_sums, sums);
    store_context(sums, inverse_sum, count, head_size, context + (size_t)query * context_stride, context_stride);
  }
}

#else

/* Without these products 8 bits would gain nothing. */
void attention_i8_simd(int8_path path, const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                       int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                       int32_t context_stride) {
  (void)path;
  attention_f32_simd(q, k, v, length, stride, head_size, query_begin, query_end, scratch, context, context_stride);
}

#endif
