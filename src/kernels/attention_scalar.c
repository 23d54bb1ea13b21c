#include "kernels/kernels.h"

#include <math.h>

/* probability [length] of the keys for one query, before dropout. */
static void probabilities_of(const float *query, const float *k, int32_t length, int32_t stride, int32_t head_size,
                             float *probability) {
  const double scale = 1.0 / sqrt(head_size);
  for (int32_t key = 0; key < length; key++) {
    double score = 0;
    for (int32_t i = 0; i < head_size; i++) score += (double)query[i] * k[(size_t)key * stride + i];
    probability[key] = (float)(score * scale);
  }
  softmax_scalar(probability, 1, length);
}

static void attend(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries, const float *k,
                   const float *v, int32_t length, int32_t stride, int32_t head_size, const dropout *drop,
                   float *scratch, float *context, int32_t context_stride) {
  float *probability = scratch; /* [length] */
  for (int32_t query = 0; query < queries; query++) {
    probabilities_of(q + (size_t)query * query_stride, k, length, stride, head_size, probability);
    if (drop) apply_dropout_scalar(probability, length, (uint32_t)rows[query] * (uint32_t)length, drop);
    for (int32_t i = 0; i < head_size; i++) {
      double sum = 0;
      for (int32_t key = 0; key < length; key++) sum += (double)probability[key] * v[(size_t)key * stride + i];
      context[(size_t)query * context_stride + i] = (float)sum;
    }
  }
}

void attention_f32_scalar(const float *q, const float *k, const float *v, int32_t length, int32_t stride,
                          int32_t head_size, int32_t query_begin, int32_t query_end, float *scratch, float *context,
                          int32_t context_stride) {
  attend(q + (size_t)query_begin * stride, stride, NULL, query_end - query_begin, k, v, length, stride, head_size, NULL,
         scratch, context + (size_t)query_begin * context_stride, context_stride);
}

void attention_training_scalar(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries,
                               const float *k, const float *v, int32_t length, int32_t stride, int32_t head_size,
                               const dropout *drop, float *scratch, float *context, int32_t context_stride) {
  attend(q, query_stride, rows, queries, k, v, length, stride, head_size, drop, scratch, context, context_stride);
}

/* With p the probabilities of a query, m the factors of dropout (1 without) and g the gradient of the context:
 * dp = m (g . v), ds = p (dp - sum p dp); sum p dp is g . context. */
void attention_backward_scalar(const float *q, int32_t query_stride, const int32_t *rows, int32_t queries,
                               const float *k, const float *v, int32_t length, int32_t stride, int32_t head_size,
                               const dropout *drop, const float *context, const float *context_gradient,
                               int32_t context_stride, float *scratch, float *dq, float *dk, float *dv) {
  const double scale = 1.0 / sqrt(head_size);
  float *probability = scratch, *dropped = probability + length; /* [length] each */
  for (int32_t key = 0; key < length; key++)
    for (int32_t i = 0; i < head_size; i++) dk[(size_t)key * stride + i] = dv[(size_t)key * stride + i] = 0;
  for (int32_t row = 0; row < queries; row++) {
    const float *query = q + (size_t)row * query_stride, *g = context_gradient + (size_t)row * context_stride;
    float *query_gradient = dq + (size_t)row * query_stride;
    const uint32_t first = drop ? (uint32_t)rows[row] * (uint32_t)length : 0;
    for (int32_t i = 0; i < head_size; i++) query_gradient[i] = 0;
    probabilities_of(query, k, length, stride, head_size, probability);
    double along = 0;
    for (int32_t i = 0; i < head_size; i++) along += (double)g[i] * context[(size_t)row * context_stride + i];
    for (int32_t key = 0; key < length; key++) {
      const float *value = v + (size_t)key * stride;
      double product = 0;
      for (int32_t i = 0; i < head_size; i++) product += (double)g[i] * value[i];
      dropped[key] = (float)product;
    }
    if (drop) apply_dropout_scalar(dropped, length, first, drop);
    for (int32_t key = 0; key < length; key++) {
      const float score_gradient = (float)(probability[key] * (dropped[key] - along) * scale);
      for (int32_t i = 0; i < head_size; i++) {
        query_gradient[i] += score_gradient * k[(size_t)key * stride + i];
        dk[(size_t)key * stride + i] += score_gradient * query[i];
      }
    }
    if (drop) apply_dropout_scalar(probability, length, first, drop);
    for (int32_t key = 0; key < length; key++)
      for (int32_t i = 0; i < head_size; i++) dv[(size_t)key * stride + i] += probability[key] * g[i];
  }
}
