#include "kernels/kernels.h"

#include <math.h>

/* What is added to a key's probabilities before they are rounded down, in steps: 0 .. 127/128, spread evenly over the
 * keys (multiples of the golden ratio). */
static double dither(int32_t key) { return ((uint32_t)(key + 1) * 0x9e3779b9u >> 25) / 128.0; }

/* The scale that makes the largest magnitude of the first `columns` columns of x [rows][stride] 127. */
static double step_of(const float *x, int32_t rows, int32_t stride, int32_t columns) {
  double largest = 0x1p-100;
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t i = 0; i < columns; i++) largest = fmax(largest, fabs(x[(size_t)row * stride + i]));
  }
  return largest / 127;
}

void attention_i8_scalar(int8_path path, const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                         int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                         int32_t context_stride) {
  (void)path;
  const double query_step = step_of(q, length, stride, head_size), key_step = step_of(k, length, stride, head_size);
  float *probability = scratch; /* [length] */
  for (int32_t row = query_begin; row < query_end; row++) {
    const float *query = q + (size_t)row * stride;
    double largest = -INFINITY, sum = 0;
    for (int32_t key = 0; key < length; key++) {
      const float *x = k + (size_t)key * stride;
      double score = 0;
      for (int32_t i = 0; i < head_size; i++) score += rint(query[i] / query_step) * rint(x[i] / key_step);
      probability[key] = (float)(score * query_step * key_step / sqrt(head_size));
      largest = fmax(largest, probability[key]);
    }
    for (int32_t key = 0; key < length; key++) {
      probability[key] = (float)floor(ATTENTION_STEPS * exp(probability[key] - largest) + dither(key));
      sum += probability[key];
    }
    for (int32_t i = 0; i < head_size; i++) {
      const double value_step = step_of(v + i, length, stride, 1);
      double mean = 0;
      for (int32_t key = 0; key < length; key++) {
        mean += (double)probability[key] * rint(v[(size_t)key * stride + i] / value_step);
      }
      context[(size_t)row * context_stride + i] = (float)(mean * value_step / sum);
    }
  }
}
