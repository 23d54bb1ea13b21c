#include "train/lbfgs.h"

#include <float.h>

/* ---- Vectors: loops over LBFGS_ALIGN lanes, which compilers turn into SIMD without changing the order of sums --- */

void vector_add_dot(double *sum, const float *a, const float *b, int32_t size) {
  for (int32_t from = 0; from < size; from += VECTOR_RUN) {
    const int32_t to = size - from < VECTOR_RUN ? size : from + VECTOR_RUN;
    float lanes[LBFGS_ALIGN] = {0};
    for (int32_t i = from; i < to; i += LBFGS_ALIGN)
      for (int32_t lane = 0; lane < LBFGS_ALIGN; lane++) lanes[lane] += a[i + lane] * b[i + lane];
    for (int32_t lane = 0; lane < LBFGS_ALIGN; lane++) *sum += (double)lanes[lane];
  }
}

double vector_dot(const float *a, const float *b, int32_t size) {
  double sum = 0;
  vector_add_dot(&sum, a, b, size);
  return sum;
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

void lbfgs_forget(lbfgs *memory) { memory->pairs = memory->next = memory->pass = 0; }

static float *pair(const lbfgs *memory, float *vectors, int32_t place) {
  return vectors + (size_t)place * memory->size;
}

/* The place of a pair by its age, 1 for the newest. */
static int32_t place_of(const lbfgs *memory, int32_t age) { return (memory->next - age + LBFGS_MEMORY) % LBFGS_MEMORY; }

void lbfgs_learn(lbfgs *memory, const float *x, const float *x_new, const float *gradient, const float *gradient_new,
                 int32_t begin, int32_t end) {
  const int32_t n = end - begin;
  float *step = pair(memory, memory->steps, memory->next) + begin;
  float *change = pair(memory, memory->changes, memory->next) + begin;
  if (begin == 0) memory->product = memory->squared = 0;
  vector_subtract(step, x_new + begin, x + begin, n);
  vector_subtract(change, gradient_new + begin, gradient + begin, n);
  vector_add_dot(&memory->product, step, change, n);
  vector_add_dot(&memory->squared, change, change, n);
  if (end < memory->size || !(memory->product > DBL_EPSILON * memory->squared)) return;
  memory->products[memory->next] = memory->product;
  memory->scale = memory->product / memory->squared;
  memory->next = (memory->next + 1) % LBFGS_MEMORY;
  if (memory->pairs < LBFGS_MEMORY) memory->pairs++;
}

/* The passes: 0 begins with the negative gradient; 1 .. pairs, the first loop of algorithm 7.4, take the changes from
 * it, the newest first; the others, its second loop, add the steps, the newest last. Each pass also computes the scalar
 * product that the next one needs. */
bool lbfgs_direction(lbfgs *memory, const float *gradient, float *direction, int32_t begin, int32_t end) {
  const int32_t pairs = memory->pairs, pass = memory->pass, last = 2 * pairs, n = end - begin;
  float *range = direction + begin;
  if (pass == 0) {
    for (int32_t i = begin; i < end; i++) direction[i] = -gradient[i];
  } else if (pass <= pairs) {
    const int32_t i = place_of(memory, pass);
    vector_add(range, -memory->alpha[i], pair(memory, memory->changes, i) + begin, n);
    if (pass == pairs) vector_scale(range, memory->scale, n);
  } else {
    const int32_t i = place_of(memory, last - pass + 1);
    vector_add(range, memory->alpha[i], pair(memory, memory->steps, i) + begin, n);
  }

  if (begin == 0) memory->product = 0;
  const bool first_loop = pass < pairs;
  const int32_t next = place_of(memory, first_loop ? pass + 1 : last - pass);
  if (pass < last)
    vector_add_dot(&memory->product, pair(memory, first_loop ? memory->steps : memory->changes, next) + begin, range,
                   n);

  if (end < memory->size) return false;
  if (pass < last) {
    const double share = memory->product / memory->products[next];
    memory->alpha[next] = first_loop ? share : memory->alpha[next] - share; /* in the second loop: alpha - beta */
  }
  memory->pass = pass < last ? pass + 1 : 0;
  return pass == last;
}
