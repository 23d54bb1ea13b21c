/* L-BFGS directions: what the theory says of any memory, and a quadratic that they must minimize. */
#include "train/lbfgs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/support.h"

enum { SIZE = 2 * LBFGS_ALIGN };

static float random_float(uint32_t *state) { return (float)((int32_t)random_number(state)) * 0x1p-31f; }

/* The direction, and what a step teaches, in ranges of LBFGS_ALIGN components. */
static void direction_of(lbfgs *memory, const float *gradient, float *direction) {
  for (int32_t at = 0;; at = (at + LBFGS_ALIGN) % SIZE)
    if (lbfgs_direction(memory, gradient, direction, at, at + LBFGS_ALIGN)) return;
}

static void learn(lbfgs *memory, const float *x, const float *x_new, const float *gradient, const float *gradient_new) {
  for (int32_t at = 0; at < SIZE; at += LBFGS_ALIGN)
    lbfgs_learn(memory, x, x_new, gradient, gradient_new, at, at + LBFGS_ALIGN);
}

static lbfgs *fresh_memory(void **block) {
  arena measured = {0};
  lbfgs_alloc(&measured, SIZE);
  *block = allocate(arena_bytes(&measured));
  arena placed = {.base = *block};
  lbfgs *memory = allocate(sizeof *memory);
  *memory = lbfgs_alloc(&placed, SIZE);
  lbfgs_forget(memory);
  return memory;
}

static void dot_is_exact_enough(void) {
  enum { LONG = 3000 * LBFGS_ALIGN };
  float *a = allocate(LONG * sizeof(float)), *b = allocate(LONG * sizeof(float));
  uint32_t state = 3;
  double expected = 0, magnitude = 0;
  for (int32_t i = 0; i < LONG; i++) {
    a[i] = random_float(&state);
    b[i] = random_float(&state);
    expected += (double)a[i] * (double)b[i];
    magnitude += fabs((double)a[i] * (double)b[i]);
  }
  CHECK(fabs(vector_dot(a, b, LONG) - expected) <= 32 * 0x1p-24 * magnitude);
  free(a);
  free(b);
}

/* f(x) = sum_i curvature_i x_i^2 / 2, so that y = curvature s. */
static void secant_equation(void) {
  void *block;
  lbfgs *memory = fresh_memory(&block);
  float zero[SIZE] = {0}, step[SIZE], change[SIZE], direction[SIZE];
  uint32_t state = 5;
  for (int32_t pair = 0; pair < 2 * LBFGS_MEMORY + 3; pair++) {
    for (int32_t i = 0; i < SIZE; i++) {
      step[i] = random_float(&state);
      change[i] = (float)(1 + i % 7) * step[i];
    }
    learn(memory, zero, step, zero, change);
    CHECK(memory->pairs == (pair + 1 < LBFGS_MEMORY ? pair + 1 : LBFGS_MEMORY));
    /* H y = s for the newest pair: the direction for the gradient y is -s. */
    direction_of(memory, change, direction);
    for (int32_t i = 0; i < SIZE; i++) CHECK(fabsf(direction[i] + step[i]) <= 2e-5f);
    /* H is positive definite: any direction descends. */
    for (int32_t i = 0; i < SIZE; i++) change[i] = random_float(&state);
    direction_of(memory, change, direction);
    CHECK(vector_dot(change, direction, SIZE) < 0);
  }
  free(memory);
  free(block);
}

static void skips_what_is_not_curved(void) {
  void *block;
  lbfgs *memory = fresh_memory(&block);
  float zero[SIZE] = {0}, step[SIZE], change[SIZE], direction[SIZE];
  for (int32_t i = 0; i < SIZE; i++) {
    step[i] = 1;
    change[i] = -1;
  }
  learn(memory, zero, step, zero, change); /* s . y < 0 */
  learn(memory, zero, step, zero, zero);   /* s . y = 0 */
  CHECK(memory->pairs == 0);
  direction_of(memory, change, direction);
  for (int32_t i = 0; i < SIZE; i++) CHECK(direction[i] == -change[i]);
  free(memory);
  free(block);
}

/* With exact line searches on a quadratic of n <= LBFGS_MEMORY unknowns BFGS ends in n steps (Nocedal & Wright, theorem
 * 6.4), here up to the rounding of f32. */
static void minimizes_a_quadratic(void) {
  enum { UNKNOWNS = 6 };
  void *block;
  lbfgs *memory = fresh_memory(&block);
  const float curvature[UNKNOWNS] = {1, 2, 4, 9, 16, 25}, optimum[UNKNOWNS] = {1, -2, 3, -4, 5, -6};
  float x[SIZE] = {0}, gradient[SIZE] = {0}, x_new[SIZE] = {0}, gradient_new[SIZE] = {0}, direction[SIZE];
  for (int32_t i = 0; i < UNKNOWNS; i++) gradient[i] = -curvature[i] * optimum[i];
  for (int32_t iteration = 0; iteration < UNKNOWNS; iteration++) {
    direction_of(memory, gradient, direction);
    double slope = 0, bend = 0;
    for (int32_t i = 0; i < UNKNOWNS; i++) {
      slope += (double)(gradient[i] * direction[i]);
      bend += (double)(curvature[i] * direction[i] * direction[i]);
    }
    for (int32_t i = 0; i < UNKNOWNS; i++) {
      x_new[i] = x[i] - (float)(slope / bend) * direction[i];
      gradient_new[i] = curvature[i] * (x_new[i] - optimum[i]);
    }
    learn(memory, x, x_new, gradient, gradient_new);
    memcpy(x, x_new, sizeof x);
    memcpy(gradient, gradient_new, sizeof gradient);
  }
  for (int32_t i = 0; i < UNKNOWNS; i++) CHECK(fabsf(x[i] - optimum[i]) <= 1e-4f);
  free(memory);
  free(block);
}

int main(void) {
  dot_is_exact_enough();
  secant_equation();
  skips_what_is_not_curved();
  minimizes_a_quadratic();
  return report();
}
