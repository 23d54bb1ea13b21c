#include "train/lbfgs.h"

#include <float.h>
#include <string.h>

/* ---- Vectors: loops over LBFGS_ALIGN lanes, which compilers turn into SIMD without changing the order of sums --- */

double vector_dot(const float *a, const float *b, int32_t size) {
  enum { RUN = 32 * LBFGS_ALIGN };
  double total = 0;
  for (int32_t from = 0; from < size; from += RUN) {
    const int32_t to = size - from < RUN ? size : from + RUN;
    float lanes[LBFGS_ALIGN] = {0};
    for (int32_t i = from; i < to; i += LBFGS_ALIGN)
      for (int32_t lane = 0; lane < LBFGS_ALIGN; lane++) lanes[lane] += a[i + lane] * b[i + lane];
    for (int32_t lane = 0; lane < LBFGS_ALIGN; lane++) total += (double)lanes[lane];
  }
  return total;
}

void vector_add(float *restrict y, double factor, const float *restrict x, int32_t size) {
  const float f = (float)factor;
  for (int32_t i = 0; i < size; i++) y[i] += f * x[i];
}

void vector_scale(float *y, double factor, int32_t size) {
  const float f = (float)factor;
  for (int32_t i = 0; i < size; i++) y[i] *= f;
}

static void vector_subtract(float *restrict difference, const float *a, const float *b, int32_t size) {
  for (int32_t i = 0; i < size; i++) difference[i] = a[i] - b[i];
}

/* ---- The ring of pairs ----------------------------------------------------------------------------------------- */

lbfgs lbfgs_alloc(arena *memory, int32_t size) {
  return (lbfgs){.size = size,
                 .steps = arena_alloc(memory, (uint64_t)LBFGS_MEMORY * size, sizeof(float)),
                 .changes = arena_alloc(memory, (uint64_t)LBFGS_MEMORY * size, sizeof(float))};
}

void lbfgs_forget(lbfgs *memory) { memory->pairs = memory->next = 0; }

static float *pair(const lbfgs *memory, float *vectors, int32_t place) {
  return vectors + (size_t)place * memory->size;
}

void lbfgs_learn(lbfgs *memory, const float *x, const float *x_new, const float *gradient, const float *gradient_new) {
  float *step = pair(memory, memory->steps, memory->next), *change = pair(memory, memory->changes, memory->next);
  vector_subtract(step, x_new, x, memory->size);
  vector_subtract(change, gradient_new, gradient, memory->size);
  const double curvature = vector_dot(step, change, memory->size), squared = vector_dot(change, change, memory->size);
  if (!(curvature > DBL_EPSILON * squared)) return;
  memory->products[memory->next] = curvature;
  memory->scale = curvature / squared;
  memory->next = (memory->next + 1) % LBFGS_MEMORY;
  if (memory->pairs < LBFGS_MEMORY) memory->pairs++;
}

void lbfgs_direction(const lbfgs *memory, const float *gradient, float *direction) {
  const int32_t size = memory->size;
  double alpha[LBFGS_MEMORY];
  for (int32_t i = 0; i < size; i++) direction[i] = -gradient[i];
  if (memory->pairs == 0) return;

  for (int32_t age = 1; age <= memory->pairs; age++) {
    const int32_t i = (memory->next - age + LBFGS_MEMORY) % LBFGS_MEMORY;
    alpha[i] = vector_dot(pair(memory, memory->steps, i), direction, size) / memory->products[i];
    vector_add(direction, -alpha[i], pair(memory, memory->changes, i), size);
  }
  vector_scale(direction, memory->scale, size);
  for (int32_t age = memory->pairs; age >= 1; age--) {
    const int32_t i = (memory->next - age + LBFGS_MEMORY) % LBFGS_MEMORY;
    const double beta = vector_dot(pair(memory, memory->changes, i), direction, size) / memory->products[i];
    vector_add(direction, alpha[i] - beta, pair(memory, memory->steps, i), size);
  }
}
