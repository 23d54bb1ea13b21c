/* Quantization of rows: nothing moves by more than half a scale, 0 and what the sums promise are exact, and both
 * implementations agree in every bit. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "random.h"

static const int8_path paths[] = {INT8_WIDE, INT8_PAIRS, INT8_DOT_UNSIGNED, INT8_DOT_SIGNED};
enum { PATHS = sizeof paths / sizeof *paths };

typedef struct buffers {
  rows_i8 rows;
  size_t value_bytes, numbers;
} buffers;

static buffers make_buffers(int8_path path, int32_t rows, int32_t k) {
  buffers b = {.value_bytes = (size_t)rows * k * rows_i8_bytes(path), .numbers = (size_t)rows * sizeof(int32_t)};
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

static void check_row(int8_path path, const float *x, int32_t k, const rows_i8 *rows, int32_t row) {
  const double scale = rows->scale[row];
  const int32_t zero = rows->zero[row];
  CHECK(scale > 0 && isfinite(scale));
  CHECK(zero >= -128 && zero <= 127);
  int32_t sum = 0;
  double least = 0, most = 0;
  for (int32_t i = 0; i < k; i++) {
    const int32_t q = value(path, rows, (size_t)row * k + i);
    CHECK(q >= -128 && q <= 127);
    CHECK(fabs(scale * (q - zero) - (double)x[i]) <= 0.5 * scale * (1 + 1e-4));
    if (x[i] == 0) CHECK(q == zero);
    sum += q - zero;
    least = fmin(least, x[i]);
    most = fmax(most, x[i]);
  }
  CHECK(rows->sum[row] == sum);
  /* No scale is larger than 256 numbers need. */
  CHECK(scale <= fmax((most - least) / 255 * (1 + 1e-6), FLT_MIN));
}

static void check_rows(const float *x, int32_t rows, int32_t k) {
  for (int32_t i = 0; i < PATHS; i++) {
    buffers simd = make_buffers(paths[i], rows, k), scalar = make_buffers(paths[i], rows, k);
    quantize_rows_simd(paths[i], x, 0, rows, k, &simd.rows);
    quantize_rows_scalar(paths[i], x, 0, rows / 2, k, &scalar.rows);
    quantize_rows_scalar(paths[i], x, rows / 2, rows, k, &scalar.rows);
    for (int32_t row = 0; row < rows; row++) check_row(paths[i], x + (size_t)row * k, k, &simd.rows, row);
    CHECK(memcmp(simd.rows.values, scalar.rows.values, simd.value_bytes) == 0);
    CHECK(memcmp(simd.rows.scale, scalar.rows.scale, simd.numbers) == 0);
    CHECK(memcmp(simd.rows.zero, scalar.rows.zero, simd.numbers) == 0);
    CHECK(memcmp(simd.rows.sum, scalar.rows.sum, simd.numbers) == 0);
    release(&simd);
    release(&scalar);
  }
}

static void random_rows(void) {
  uint32_t state = 3;
  const float scales[] = {FLT_MIN, 1e-20f, 1, 1e6f, FLT_MAX};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
    for (int32_t k = 8; k <= 400; k += 56) {
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

/* Every multiple of half a scale, where rounding has to decide: the range is 0 .. 255 or -255 .. 0 or around 0. */
static void ties(void) {
  for (int32_t least = -255; least <= 0; least++) {
    float x[512];
    for (int32_t i = 0; i < 512; i++) x[i] = (float)fmin((double)least + 0.5 * i, (double)least + 255);
    check_rows(x, 1, 512);
  }
}

static void single_rows(void) {
  uint32_t state = 5;
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

int main(void) {
  random_rows();
  ties();
  single_rows();
  return report();
}
