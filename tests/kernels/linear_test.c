/* Linear layers against their definition in double. The tolerance is the error model of a sum of k products and a bias
 * in f32: (k + 1) epsilon times the sum of their magnitudes. */
#include <math.h>
#include <string.h>

#include "kernel_test.h"

typedef struct problem {
  int32_t rows, k, n, y_stride;
  float *x;      /* [rows][k] */
  float *weight; /* [n][k] */
  float *bias;   /* [n] */
  float *packed;
  float *scratch;
  float *y; /* [rows][y_stride] */
} problem;

static problem random_problem(int32_t rows, int32_t k, int32_t n, uint32_t *state) {
  problem p = {.rows = rows, .k = k, .n = n, .y_stride = n + 3};
  p.x = random_floats((size_t)rows * k, 1, state);
  p.weight = random_floats((size_t)n * k, 1, state);
  p.bias = random_floats((size_t)n, 1, state);
  p.packed = allocate((size_t)n * k * sizeof(float));
  for (int32_t row = 0; row < n; row++) pack_row(p.packed, k, row, p.weight + (size_t)row * k);
  p.scratch = allocate(linear_scratch(k) * sizeof(float));
  p.y = random_floats((size_t)rows * p.y_stride, 1, state);
  return p;
}

static void release(problem *p) {
  free(p->x);
  free(p->weight);
  free(p->bias);
  free(p->packed);
  free(p->scratch);
  free(p->y);
}

typedef DECLARE_LINEAR(linear_kernel);

/* Only the columns of the given panels change, and they are right. No activation is steeper than 1.13; those that are
 * approximated add at most 3e-7 max(1, |x|). */
static void check_linear(linear_kernel *kernel, problem *p, int32_t panel_begin, int32_t panel_end, epilogue apply) {
  const size_t count = (size_t)p->rows * p->y_stride;
  float *before = allocate(count * sizeof(float));
  memcpy(before, p->y, count * sizeof(float));
  kernel(p->x, p->k, p->rows, p->k, p->packed, p->bias, panel_begin, panel_end, apply, p->scratch, p->y, p->y_stride);
  for (int32_t row = 0; row < p->rows; row++) {
    for (int32_t column = 0; column < p->y_stride; column++) {
      const size_t i = (size_t)row * p->y_stride + column;
      if (column < panel_begin * PANEL || column >= panel_end * PANEL) {
        CHECK(p->y[i] == before[i]);
        continue;
      }
      double sum = p->bias[column], magnitude = fabs(sum);
      for (int32_t j = 0; j < p->k; j++) {
        const double product = (double)p->x[(size_t)row * p->k + j] * (double)p->weight[(size_t)column * p->k + j];
        sum += product;
        magnitude += fabs(product);
      }
      double tolerance = (p->k + 1) * EPSILON * magnitude;
      if (apply != EPILOGUE_RELU && apply != EPILOGUE_NONE) {
        tolerance = 1.13 * tolerance + 3e-7 * fmax(1, fabs(sum));
      }
      CHECK(fabs(p->y[i] - activated(sum, apply)) <= tolerance);
    }
  }
  free(before);
}

static void products_are_right(linear_kernel *kernel) {
  uint32_t state = random_state(7);
  const int32_t rows[] = {1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 67}, k[] = {1, 2, 3, 4, 8, 13, 40, 384, 1535, 1536, 1537};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (size_t j = 0; j < sizeof k / sizeof *k; j++) {
      problem p = random_problem(rows[i], k[j], 40, &state);
      check_linear(kernel, &p, 0, 5, (epilogue)(random_number(&state) % 5));
      check_linear(kernel, &p, 1, 4, EPILOGUE_NONE);
      check_linear(kernel, &p, 2, 2, EPILOGUE_GELU);
      release(&p);
    }
  }
  problem base = random_problem(35, 3072, 384, &state);
  check_linear(kernel, &base, 0, 48, EPILOGUE_NONE);
  release(&base);
}

/* Each row alone, in batches that begin and end anywhere, and by single panels: the same bits. */
static void rows_do_not_depend_on_each_other(linear_kernel *kernel) {
  uint32_t state = random_state(11);
  problem p = random_problem(70, 1700, 48, &state);
  const size_t row_bytes = (size_t)p.n * sizeof(float);
  kernel(p.x, p.k, p.rows, p.k, p.packed, p.bias, 0, p.n / PANEL, EPILOGUE_GELU, p.scratch, p.y, p.y_stride);
  float *y = allocate((size_t)p.rows * row_bytes);
  for (int32_t trial = 0; trial < 60; trial++) {
    const int32_t begin = (int32_t)(random_number(&state) % 70);
    const int32_t rows = trial < 20 ? 1 : 1 + (int32_t)(random_number(&state) % (uint32_t)(70 - begin));
    int32_t width = 1 + (int32_t)(random_number(&state) % 6);
    for (int32_t panel = 0; panel < 6; panel += width) {
      kernel(p.x + (size_t)begin * p.k, p.k, rows, p.k, p.packed, p.bias, panel, panel + width < 6 ? panel + width : 6,
             EPILOGUE_GELU, p.scratch, y, p.n);
    }
    for (int32_t row = 0; row < rows; row++) {
      CHECK(memcmp(y + (size_t)row * p.n, p.y + (size_t)(begin + row) * p.y_stride, row_bytes) == 0);
    }
  }
  free(y);
  release(&p);
}

static void checks(void) {
  TEST_KERNEL(products_are_right, linear_f32);
  TEST_KERNEL(rows_do_not_depend_on_each_other, linear_f32);
}

static void times(void) {
  uint32_t state = random_state(13);
  problem up = random_problem(128, 384, 1536, &state), down = random_problem(128, 1536, 384, &state);
  BENCH(linear_f32, "128 x 384 -> 1536, GELU", up.x, 384, 128, 384, up.packed, up.bias, 0, 192, EPILOGUE_GELU,
        up.scratch, up.y, up.y_stride);
  BENCH(linear_f32, "128 x 1536 -> 384", down.x, 1536, 128, 1536, down.packed, down.bias, 0, 48, EPILOGUE_NONE,
        down.scratch, down.y, down.y_stride);
  release(&up);
  release(&down);
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
