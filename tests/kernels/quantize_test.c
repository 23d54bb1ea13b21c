/* Quantization of rows: nothing moves by more than half a scale, 0 and what the sums promise are exact, and both
 * implementations agree in every bit. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel_test.h"

static const int8_path paths[] = {INT8_WIDE, INT8_PAIRS, INT8_DOT_UNSIGNED, INT8_DOT_SIGNED};
enum { PATHS = sizeof paths / sizeof *paths };

typedef struct buffers {
  rows_i8 rows;
  size_t value_bytes, numbers;
} buffers;

static buffers make_buffers(int8_path path, int32_t rows, int32_t k) {
  buffers b = {.value_bytes = (size_t)rows * k * rows_i8_bytes(path),
               .numbers = (size_t)rows * blocks_i8(k) * sizeof(int32_t)};
  b.rows = (rows_i8){allocate(b.value_bytes), allocate(b.numbers), allocate(b.numbers), allocate(b.numbers)};
  memset(b.rows.values, 99, b.value_bytes);
  return b;
}

static void release(buffers *b) {
  free(b->rows.values);
  free(b->rows.scale);
  free(b->rows.zero);
  free(b->rows.sum);
}

static int32_t value(int8_path path, const rows_i8 *rows, size_t i) {
  return path == INT8_WIDE ? ((const int16_t *)rows->values)[i] : ((const int8_t *)rows->values)[i];
}

/* Block `block` of row `row`: the inputs begin .. end - 1. */
static void check_block(int8_path path, const float *x, int32_t k, const rows_i8 *rows, int32_t row, int32_t block) {
  const int32_t begin = block * 384, end = k < begin + 384 ? k : begin + 384;
  const int32_t at = row * blocks_i8(k) + block, low = path == INT8_WIDE ? -2048 : -128;
  const double scale = rows->scale[at];
  const int32_t zero = rows->zero[at];
  CHECK(scale > 0 && isfinite(scale));
  CHECK(zero >= low && zero < -low);
  int32_t sum = 0;
  double least = 0, most = 0;
  for (int32_t i = begin; i < end; i++) {
    const int32_t q = value(path, rows, (size_t)row * k + i);
    const double xi = x[(size_t)row * k + i];
    CHECK(q >= low && q < -low);
    CHECK(fabs(scale * (q - zero) - xi) <= (0.5 + 1e-6 * -low) * scale);
    if (xi == 0) CHECK(q == zero);
    sum += q - zero;
    least = fmin(least, xi);
    most = fmax(most, xi);
  }
  CHECK(rows->sum[at] == sum);
  /* No scale is larger than that many numbers need, but one. */
  CHECK(scale <= fmax((most - least) / (-2 * low - 2) * (1 + 1e-6), FLT_MIN));
}

static void check_rows(const float *x, int32_t rows, int32_t k) {
  for (int32_t i = 0; i < PATHS; i++) {
    buffers simd = make_buffers(paths[i], rows, k), scalar = make_buffers(paths[i], rows, k);
    quantize_rows_simd(paths[i], x, 0, rows, k, &simd.rows);
    quantize_rows_scalar(paths[i], x, 0, rows / 2, k, &scalar.rows);
    quantize_rows_scalar(paths[i], x, rows / 2, rows, k, &scalar.rows);
    for (int32_t block = 0; block < rows * blocks_i8(k); block++) {
      check_block(paths[i], x, k, &simd.rows, block / blocks_i8(k), block % blocks_i8(k));
    }
    CHECK(memcmp(simd.rows.values, scalar.rows.values, simd.value_bytes) == 0);
    CHECK(memcmp(simd.rows.scale, scalar.rows.scale, simd.numbers) == 0);
    CHECK(memcmp(simd.rows.zero, scalar.rows.zero, simd.numbers) == 0);
    CHECK(memcmp(simd.rows.sum, scalar.rows.sum, simd.numbers) == 0);
    release(&simd);
    release(&scalar);
  }
}

static void random_rows(void) {
  uint32_t state = random_state(3);
  const float scales[] = {FLT_MIN, 1e-20f, 1, 1e6f, FLT_MAX};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
    for (int32_t k = 8; k <= 800; k += 88) {
      float *x = random_floats((size_t)7 * k, scales[i], &state);
      for (int32_t j = 0; j < k; j++) x[j] = fabsf(x[j]);                            /* nothing below 0 */
      for (int32_t j = k; j < 2 * k; j++) x[j] = -fabsf(x[j]);                       /* nothing above */
      for (int32_t j = 2 * k; j < 3 * k; j++) x[j] = x[2 * k];                       /* a constant */
      for (int32_t j = 3 * k; j < 4 * k; j++) x[j] = 0;                              /* zeros */
      for (int32_t j = 4 * k; j < 5 * k; j++) x[j] = j % k == k - 1 ? scales[i] : 0; /* a single value */
      for (int32_t j = 5 * k; j < 6 * k; j++) x[j] = j % 2 ? scales[i] : -scales[i]; /* both ends */
      check_rows(x, 7, k);
      free(x);
    }
  }
}

/* Every multiple of half a scale of 8 bits, where rounding has to decide, for ranges from -254 .. 0 to 0 .. 254. */
static void ties(void) {
  for (int32_t least = -508; least <= 0; least++) {
    float x[1024];
    for (int32_t i = 0; i < 1024; i++) x[i] = (float)(fmin(least + i, least + 508) / 2);
    check_rows(x, 1, 1024);
  }
}

static void single_rows(void) {
  uint32_t state = random_state(5);
  for (int32_t n = 8; n < 100; n += 8) {
    float *x = random_floats((size_t)n, 0.1f, &state), *back = allocate((size_t)n * sizeof(float));
    int8_t *q[2] = {allocate((size_t)n), allocate((size_t)n)};
    float scale[2];
    int32_t zero[2];
    quantize_row_simd(x, n, q[0], &scale[0], &zero[0]);
    quantize_row_scalar(x, n, q[1], &scale[1], &zero[1]);
    CHECK(memcmp(q[0], q[1], (size_t)n) == 0 && scale[0] == scale[1] && zero[0] == zero[1]);
    dequantize_row(q[0], n, scale[0], zero[0], back);
    for (int32_t i = 0; i < n; i++) CHECK(fabsf(back[i] - x[i]) <= 0.5001f * scale[0]);
    free(x);
    free(back);
    free(q[0]);
    free(q[1]);
  }
}

/* Values that are not finite, as damaged weights make them: all that is computed is defined (by the sanitizer's word),
 * and the zero is a number of the range. */
static void not_finite(void) {
  enum { K = 384 };
  const float values[] = {NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    for (int32_t count = 1; count <= K; count += K - 1)
      for (int32_t which = 0; which < PATHS; which++) {
        const int32_t low = paths[which] == INT8_WIDE ? -2048 : -128;
        float x[K], scale;
        int8_t q[K];
        int32_t zero;
        for (int32_t k = 0; k < K; k++) x[k] = k < count ? values[i] : 1;
        buffers b = make_buffers(paths[which], 1, K);
        quantize_rows_scalar(paths[which], x, 0, 1, K, &b.rows);
        CHECK(b.rows.zero[0] >= low && b.rows.zero[0] < -low);
        quantize_rows_simd(paths[which], x, 0, 1, K, &b.rows);
        CHECK(b.rows.zero[0] >= low && b.rows.zero[0] < -low);
        release(&b);
        quantize_row_scalar(x, K, q, &scale, &zero);
        CHECK(zero >= -128 && zero < 128);
        quantize_row_simd(x, K, q, &scale, &zero);
        CHECK(zero >= -128 && zero < 128);
      }
}

static void checks(void) {
  CHECK(blocks_i8(1) == 1 && blocks_i8(384) == 1 && blocks_i8(385) == 2 && blocks_i8(768) == 2);
  random_rows();
  ties();
  single_rows();
  not_finite();
}

static void times(void) {
  enum { ROWS = 128, K = 384 };
  const char *const shapes[] = {"128 x 384 to 12 bits", "128 x 384 to 8 bits"};
  uint32_t state = random_state(7);
  float *x = random_floats(ROWS * K, 1, &state), scale;
  int32_t zero;
  for (int32_t i = 0; i < 2; i++) {
    buffers b = make_buffers(paths[i], ROWS, K);
    BENCH(quantize_rows, shapes[i], paths[i], x, 0, ROWS, K, &b.rows);
    release(&b);
  }
  int8_t *q = allocate(K);
  BENCH(quantize_row, "384", x, K, q, &scale, &zero);
  free(q);
  free(x);
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
