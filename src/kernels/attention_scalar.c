#include "kernels/kernels.h"

#include <math.h>

void attention_f32_scalar(const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                          int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                          int32_t context_stride) {
  const double scale = 1.0 / sqrt(head_size);
  float *probability = scratch; /* [length] */
  for (int32_t row = query_begin; row < query_end; row++) {
    const float *query = q + (size_t)row * stride;
    for (int32_t key = 0; key < length; key++) {
      double score = 0;
      for (int32_t i = 0; i < head_size; i++) score += (double)query[i] * k[(size_t)key * stride + i];
      probability[key] = (float)(score * scale);
    }
    softmax_scalar(probability, 1, length);
    for (int32_t i = 0; i < head_size; i++) {
      double sum = 0;
      for (int32_t key = 0; key < length; key++) sum += (double)probability[key] * v[(size_t)key * stride + i];
      context[(size_t)row * context_stride + i] = (float)sum;
    }
  }
}
