/* Random arrays for the tests of the kernels. Seeds are fixed: a failure comes back. */
#ifndef BERTLET_TEST_RANDOM_H
#define BERTLET_TEST_RANDOM_H

#include <stdlib.h>

#include "model/support.h"

/* Error of one rounding in f32, relative. */
#define EPSILON 0x1p-24

/* Uniform in -scale .. scale. Free with free(). */
static inline float *random_floats(size_t count, float scale, uint32_t *state) {
  float *values = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = (float)(int32_t)random_number(state) * 0x1p-31f * scale;
  return values;
}

#endif
