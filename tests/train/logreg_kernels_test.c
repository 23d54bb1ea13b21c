/* The kernels of logistic regression, both sets, against their definition in double. The tolerance is the error model
 * of a sum of n products in f32: n epsilon times the sum of their magnitudes. */
#include <math.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "model/support.h"

#define EPSILON 0x1p-24

typedef void logits_kernel(const float *const *x, int32_t rows, int32_t d, const float *weight, const float *bias,
                           int32_t outputs, float *z);
typedef void gradient_kernel(const float *const *x, int32_t rows, int32_t d, const float *residual, int32_t outputs,
                             float *gradient);
typedef void exponential_kernel(float *values, int32_t n);

static float *random_floats(size_t count, uint32_t *state) {
  float *values = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = (float)((int32_t)random_number(state)) * 0x1p-31f;
  return values;
}

typedef struct problem {
  int32_t rows, d, outputs;
  float *features; /* [2 rows][d], of which every other one is used */
  const float *x[LOGREG_BLOCK];
} problem;

static problem random_problem(int32_t rows, int32_t d, int32_t outputs, uint32_t *state) {
  problem p = {rows, d, outputs, random_floats((size_t)2 * rows * d, state), {0}};
  for (int32_t row = 0; row < rows; row++) p.x[row] = p.features + (size_t)2 * row * d;
  return p;
}

static void logits(logits_kernel *kernel, const problem *p, uint32_t *state) {
  float *weight = random_floats((size_t)p->outputs * p->d, state), *bias = random_floats(p->outputs, state);
  float *z = allocate((size_t)p->rows * p->outputs * sizeof(float));
  kernel(p->x, p->rows, p->d, weight, bias, p->outputs, z);
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

static void gradient(gradient_kernel *kernel, const problem *p, uint32_t *state) {
  const size_t count = (size_t)p->outputs * p->d;
  float *residual = random_floats((size_t)p->rows * p->outputs + 3, state);
  float *before = random_floats(count, state), *after = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) after[i] = before[i];
  for (int32_t i = 0; i < 3; i++) residual[p->rows * p->outputs + i] = NAN; /* readable, but no part of anything */
  kernel(p->x, p->rows, p->d, residual, p->outputs, after);
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

static void products(logits_kernel *logits_of, gradient_kernel *gradient_of) {
  const int32_t rows[] = {1, 2, 5, 8, 63, LOGREG_BLOCK}, d[] = {1, 3, 4, 7, 8, 13, 37, 384};
  uint32_t state = 17;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t j = 0; j < sizeof d / sizeof *d; j++)
      for (int32_t outputs = 1; outputs <= 9; outputs++) {
        problem p = random_problem(rows[i], d[j], outputs, &state);
        logits(logits_of, &p, &state);
        gradient(gradient_of, &p, &state);
        free(p.features);
      }
}

static void exponentials(exponential_kernel *kernel) {
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

int main(void) {
  products(logreg_logits_scalar, logreg_gradient_scalar);
  products(logreg_logits_simd, logreg_gradient_simd);
  exponentials(exponential_scalar);
  exponentials(exponential_simd);
  return report();
}
