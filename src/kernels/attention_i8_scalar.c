#include "kernels.h"

#include <math.h>

/* Where a probability is rounded: a step in between for each key, spread evenly (multiples of the golden ratio). */
static double dither(int32_t key) { return (double)((uint32_t)(key + 1) * 0x9e3779b9u >> 9) * 0x1p-23 - 0.5; }

/* The largest magnitude of x [n], each `stride` after the other, becomes 127. */
static double step_of(const float *x, int32_t n, int32_t stride) {
  double largest = 0x1p-100;
  for (int32_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[(size_t)i * stride]));
  return largest / 127;
}

void attention_i8_scalar(int8_path path, const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                         int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                         int32_t context_stride) {
  (void)path;
  float *probability = scratch; /* [length] */
  for (int32_t row = query_begin; row < query_end; row++) {
    const float *query = q + (size_t)row * stride;
    const double query_step = step_of(query, head_size, 1);
    double largest = -INFINITY, sum = 0;
    for (int32_t key = 0; key < length; key++) {
      const float *x = k + (size_t)key * stride;
      const double key_step = step_of(x, head_size, 1);
      double score = 0;
      for (int32_t i = 0; i < head_size; i++) score += rint(query[i] / query_step) * rint(x[i] / key_step);
      probability[key] = (float)(score * query_step * key_step / sqrt(head_size));
      largest = fmax(largest, probability[key]);
    }
    for (int32_t key = 0; key < length; key++) {
      probability[key] = (float)rint(ATTENTION_STEPS * exp(probability[key] - largest) + dither(key));
      sum += probability[key];
    }
    for (int32_t i = 0; i < head_size; i++) {
      const double value_step = step_of(v + i, length, stride);
      double mean = 0;
      for (int32_t key = 0; key < length; key++) {
        mean += (double)probability[key] * rint(v[(size_t)key * stride + i] / value_step);
      }
      context[(size_t)row * context_stride + i] = (float)(mean * value_step / sum);
    }
  }
}
