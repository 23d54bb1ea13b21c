/* Kernels that work row by row, softmax and layer norm, against their definitions in double. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel_test.h"

typedef DECLARE_SOFTMAX(softmax_kernel);
typedef DECLARE_LAYER_NORM(layer_norm_kernel);

/* Absolute: exp is right to 1.5e-7, its argument and the sums of n terms add (n + 2) roundings. */
static void check_softmax(softmax_kernel *kernel, const float *values, int32_t rows, int32_t n) {
  const size_t count = (size_t)rows * n;
  float *got = allocate((count + 1) * sizeof(float));
  memcpy(got, values, count * sizeof(float));
  got[count] = 17;
  kernel(got, rows, n);
  for (int32_t row = 0; row < rows; row++) {
    const float *x = values + (size_t)row * n;
    double largest = x[0], sum = 0;
    for (int32_t i = 1; i < n; i++) largest = fmax(largest, x[i]);
    for (int32_t i = 0; i < n; i++) sum += exp(x[i] - largest);
    for (int32_t i = 0; i < n; i++) {
      CHECK(fabs(got[(size_t)row * n + i] - exp(x[i] - largest) / sum) <= 3e-7 + (n + 2) * EPSILON / sum);
    }
  }
  CHECK(got[count] == 17);
  free(got);
}

static void softmax_is_right(softmax_kernel *kernel) {
  const float scales[] = {1e-3f, 1, 30, 1e4f, 1e38f};
  uint32_t state = random_state(21);
  for (int32_t n = 1; n <= 40; n++) {
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
      float *values = random_floats((size_t)5 * n, scales[i], &state);
      check_softmax(kernel, values, 5, n);
      free(values);
    }
  }
  float *many = random_floats(2 * 1000, 10, &state);
  check_softmax(kernel, many, 2, 1000);
  free(many);
}

static void softmax_extremes(softmax_kernel *kernel) {
  float lowest[] = {-FLT_MAX, -FLT_MAX, -FLT_MAX}, highest[] = {FLT_MAX, FLT_MAX};
  float apart[] = {-FLT_MAX, 0, FLT_MAX, -1, FLT_MIN}, masked[] = {-INFINITY, 1, -INFINITY};
  kernel(lowest, 1, 3);
  kernel(highest, 1, 2);
  kernel(apart, 1, 5);
  kernel(masked, 1, 3);
  for (int32_t i = 0; i < 3; i++) CHECK(fabsf(lowest[i] - 1.0f / 3) < 1e-7f);
  for (int32_t i = 0; i < 2; i++) CHECK(highest[i] == 0.5f);
  for (int32_t i = 0; i < 5; i++) CHECK(apart[i] == (i == 2 ? 1.0f : 0.0f));
  for (int32_t i = 0; i < 3; i++) CHECK(masked[i] == (i == 1 ? 1.0f : 0.0f));
}

/* Error model: the mean is wrong by n epsilon times the mean magnitude, hence every deviation; the variance, a sum of n
 * squares, relatively by n epsilon and twice the error of the deviations. */
static void check_layer_norm(layer_norm_kernel *kernel, float offset, bool with_residual, bool in_place, int32_t rows,
                             int32_t n, uint32_t *state) {
  const size_t count = (size_t)rows * n;
  const double epsilon = 1e-5;
  float *x = random_floats(count, 2, state), *residual = random_floats(count, 1, state);
  float *gamma = random_floats((size_t)n, 2, state), *beta = random_floats((size_t)n, 1, state);
  float *original = allocate(count * sizeof(float)), *other = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) x[i] += offset;
  memcpy(original, x, count * sizeof(float));
  float *y = in_place ? x : other;
  kernel(x, with_residual ? residual : NULL, gamma, beta, (float)epsilon, rows, n, y);
  for (int32_t row = 0; row < rows; row++) {
    double mean = 0, magnitude = 0, variance = 0;
    for (int32_t i = 0; i < n; i++) {
      const size_t at = (size_t)row * n + i;
      const double value = (double)original[at] + (with_residual ? (double)residual[at] : 0);
      mean += value / n;
      magnitude += fabs(value) / n;
    }
    for (int32_t i = 0; i < n; i++) {
      const size_t at = (size_t)row * n + i;
      const double value = (double)original[at] + (with_residual ? (double)residual[at] : 0);
      variance += (value - mean) * (value - mean) / n;
    }
    const double deviation_error = (n + 3) * EPSILON * magnitude, spread = sqrt(variance + epsilon);
    const double scale_error = (n + 6) * EPSILON + 2 * deviation_error / spread;
    for (int32_t i = 0; i < n; i++) {
      const size_t at = (size_t)row * n + i;
      const double value = (double)original[at] + (with_residual ? (double)residual[at] : 0);
      const double normalized = (value - mean) / spread, expected = normalized * gamma[i] + beta[i];
      const double error =
          fabs(gamma[i]) * (deviation_error / spread + EPSILON * fabs(value) / spread + fabs(normalized) * scale_error);
      CHECK(fabs(y[at] - expected) <= error + 2 * EPSILON * (fabs(expected) + fabs(beta[i])));
    }
  }
  free(x);
  free(residual);
  free(gamma);
  free(beta);
  free(original);
  free(other);
}

static void layer_norm_is_right(layer_norm_kernel *kernel) {
  const int32_t n[] = {1, 2, 3, 5, 8, 12, 16, 31, 32, 100, 384, 768};
  uint32_t state = random_state(31);
  for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
    for (int32_t variant = 0; variant < 8; variant++) {
      check_layer_norm(kernel, variant & 4 ? 50.0f : 0.0f, variant & 1, variant & 2, 3, n[i], &state);
    }
  }
}

/* A row of equal values has no variance: epsilon alone keeps it finite. */
static void constant_rows_are_beta(layer_norm_kernel *kernel) {
  float x[16], gamma[16], beta[16], y[16];
  for (int32_t i = 0; i < 16; i++) x[i] = 3, gamma[i] = 2, beta[i] = (float)i;
  kernel(x, NULL, gamma, beta, 1e-12f, 1, 16, y);
  for (int32_t i = 0; i < 16; i++) CHECK(y[i] == (float)i);
}

/* Rows alone and in company: the same bits. */
enum { ROWS = 7, N = 45 };

static void softmax_goes_row_by_row(softmax_kernel *kernel) {
  uint32_t state = random_state(41);
  float *x = random_floats(ROWS * N, 5, &state);
  float all[ROWS * N], one[N];
  memcpy(all, x, sizeof all);
  kernel(all, ROWS, N);
  for (int32_t row = 0; row < ROWS; row++) {
    memcpy(one, x + row * N, sizeof one);
    kernel(one, 1, N);
    CHECK(memcmp(one, all + row * N, sizeof one) == 0);
  }
  free(x);
}

static void layer_norm_goes_row_by_row(layer_norm_kernel *kernel) {
  uint32_t state = random_state(42);
  float *x = random_floats(ROWS * N, 5, &state), *gamma = random_floats(N, 1, &state);
  float all[ROWS * N], one[N];
  kernel(x, NULL, gamma, gamma, 1e-12f, ROWS, N, all);
  for (int32_t row = 0; row < ROWS; row++) {
    kernel(x + row * N, NULL, gamma, gamma, 1e-12f, 1, N, one);
    CHECK(memcmp(one, all + row * N, sizeof one) == 0);
  }
  free(x);
  free(gamma);
}

static void checks(void) {
  TEST_KERNEL(softmax_is_right, softmax);
  TEST_KERNEL(softmax_extremes, softmax);
  TEST_KERNEL(softmax_goes_row_by_row, softmax);
  TEST_KERNEL(layer_norm_is_right, layer_norm);
  TEST_KERNEL(constant_rows_are_beta, layer_norm);
  TEST_KERNEL(layer_norm_goes_row_by_row, layer_norm);
}

static void times(void) {
  uint32_t state = random_state(51);
  float *x = random_floats(128 * 384, 1, &state), *residual = random_floats(128 * 384, 1, &state);
  float *gamma = random_floats(384, 1, &state), *beta = random_floats(384, 1, &state);
  float *y = allocate(128 * 384 * sizeof(float));
  BENCH(softmax, "128 x 128", x, 128, 128);
  BENCH(layer_norm, "128 x 384, with residual", x, residual, gamma, beta, 1e-12f, 128, 384, y);
  free(x);
  free(residual);
  free(gamma);
  free(beta);
  free(y);
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
