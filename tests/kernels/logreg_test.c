/* The kernels of logistic regression against their definition in double. The tolerance is the error model
 * of a sum of n products in f32: n epsilon times the sum of their magnitudes. */
#include <math.h>
#include <string.h>

#include "kernel_test.h"

typedef DECLARE_LOGREG_LOGITS(logits_kernel);
typedef DECLARE_LOGREG_GRADIENT(gradient_kernel);
typedef DECLARE_EXPONENTIAL(exponential_kernel);

typedef struct problem {
  int32_t rows, d, outputs;
  float *features; /* [2 rows][d], of which every other one is used */
  const float *x[LOGREG_BLOCK];
} problem;

static problem random_problem(int32_t rows, int32_t d, int32_t outputs, uint32_t *state) {
  problem p = {rows, d, outputs, random_floats((size_t)2 * rows * d, 1, state), {0}};
  for (int32_t row = 0; row < rows; row++) p.x[row] = p.features + (size_t)2 * row * d;
  return p;
}

static void check_logits(logits_kernel *kernel, const problem *p, uint32_t *state) {
  float *weight = random_floats((size_t)p->outputs * p->d, 1, state), *bias = random_floats(p->outputs, 1, state);
  float *z = allocate((size_t)p->rows * p->outputs * sizeof(float));
  kernel(p->x, p->rows, p->d, weight, bias, p->outputs, z, p->outputs);
  for (int32_t row = 0; row < p->rows; row++)
    for (int32_t k = 0; k < p->outputs; k++) {
      double sum = bias[k], magnitude = fabs((double)bias[k]);
      for (int32_t i = 0; i < p->d; i++) {
        const double product = (double)p->x[row][i] * (double)weight[(size_t)k * p->d + i];
        sum += product;
        magnitude += fabs(product);
      }
      CHECK(fabs(z[row * p->outputs + k] - sum) <= (p->d + 1) * EPSILON * magnitude);
    }
  free(weight);
  free(bias);
  free(z);
}

static void check_gradient(gradient_kernel *kernel, const problem *p, uint32_t *state) {
  const size_t count = (size_t)p->outputs * p->d;
  float *residual = random_floats((size_t)p->rows * p->outputs + 3, 1, state);
  float *before = random_floats(count, 1, state), *after = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) after[i] = before[i];
  for (int32_t i = 0; i < 3; i++) residual[p->rows * p->outputs + i] = NAN; /* readable, but no part of anything */
  kernel(p->x, p->rows, p->d, residual, p->outputs, p->outputs, after);
  for (int32_t k = 0; k < p->outputs; k++)
    for (int32_t i = 0; i < p->d; i++) {
      double sum = before[(size_t)k * p->d + i], magnitude = fabs(sum);
      for (int32_t row = 0; row < p->rows; row++) {
        const double product = (double)residual[row * p->outputs + k] * (double)p->x[row][i];
        sum += product;
        magnitude += fabs(product);
      }
      CHECK(fabs(after[(size_t)k * p->d + i] - sum) <= (p->rows + 1) * EPSILON * magnitude);
    }
  free(residual);
  free(before);
  free(after);
}

static const int32_t rows[] = {1, 2, 5, 8, 63, LOGREG_BLOCK}, widths[] = {1, 3, 4, 7, 8, 13, 37, 384};

#define FOR_EACH_SHAPE(i, j, outputs)                                                                                  \
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)                                                              \
    for (size_t j = 0; j < sizeof widths / sizeof *widths; j++)                                                        \
      for (int32_t outputs = 1; outputs <= 9; outputs++)

static void logits_are_right(logits_kernel *kernel) {
  uint32_t state = random_state(17);
  FOR_EACH_SHAPE(i, j, outputs) {
    problem p = random_problem(rows[i], widths[j], outputs, &state);
    check_logits(kernel, &p, &state);
    free(p.features);
  }
}

static void gradients_are_right(gradient_kernel *kernel) {
  uint32_t state = random_state(18);
  FOR_EACH_SHAPE(i, j, outputs) {
    problem p = random_problem(rows[i], widths[j], outputs, &state);
    check_gradient(kernel, &p, &state);
    free(p.features);
  }
}

static void exponentials_are_right(exponential_kernel *kernel) {
  enum { COUNT = 40003 };
  float *x = allocate(COUNT * sizeof(float)), *values = allocate(COUNT * sizeof(float));
  for (int32_t i = 0; i < COUNT; i++) x[i] = values[i] = -87.0f + (float)i * (175.0f / (float)COUNT);
  kernel(values, COUNT);
  for (int32_t i = 0; i < COUNT; i++) {
    const double expected = exp((double)x[i]);
    CHECK(fabs((double)values[i] - expected) <= 1.5e-7 * expected);
  }
  float ends[] = {0, -1000, -INFINITY, NAN};
  kernel(ends, 4);
  CHECK(ends[0] == 1 && ends[1] == 0 && ends[2] == 0 && isnan(ends[3]));
  free(x);
  free(values);
}

static void checks(void) {
  TEST_KERNEL(logits_are_right, logreg_logits);
  TEST_KERNEL(gradients_are_right, logreg_gradient);
  TEST_KERNEL(exponentials_are_right, exponential);
}

static void times(void) {
  enum { D = 384, OUTPUTS = 16 };
  uint32_t state = random_state(19);
  problem p = random_problem(LOGREG_BLOCK, D, OUTPUTS, &state);
  float *weight = random_floats(OUTPUTS * D, 1, &state), *bias = random_floats(OUTPUTS, 1, &state);
  float *z = random_floats(LOGREG_BLOCK * OUTPUTS + 3, 1e-9f, &state);
  BENCH(logreg_gradient, "64 x 384, 16 labels", p.x, LOGREG_BLOCK, D, z, OUTPUTS, OUTPUTS, weight);
  BENCH(logreg_logits, "64 x 384, 16 labels", p.x, LOGREG_BLOCK, D, weight, bias, OUTPUTS, z, OUTPUTS);
  BENCH(exponential, "6144, copied", memcpy(weight, p.x[0], OUTPUTS * D * sizeof(float)), OUTPUTS * D);
  free(p.features);
  free(weight);
  free(bias);
  free(z);
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
