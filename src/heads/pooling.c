#include <math.h>
#include <string.h>

#include "bertlet.h"
#include "heads/dot.h"

/* Mean of x [rows][n] -> mean [n]. */
static void mean_row(const float *x, int32_t rows, int32_t n, float *mean) {
  memset(mean, 0, (size_t)n * sizeof(float));
  for (int32_t row = 0; row < rows; row++)
    for (int32_t i = 0; i < n; i++) mean[i] += x[(size_t)row * n + i];
  for (int32_t i = 0; i < n; i++) mean[i] /= (float)rows;
}

/* Largest of x [rows][n] in each column -> max [n]. */
static void max_row(const float *x, int32_t rows, int32_t n, float *max) {
  memcpy(max, x, (size_t)n * sizeof(float));
  for (int32_t row = 1; row < rows; row++)
    for (int32_t i = 0; i < n; i++) max[i] = fmaxf(max[i], x[(size_t)row * n + i]);
}

void bertlet_pool(const float *hidden, const int32_t *starts, int32_t sequences, int32_t hidden_size,
                  bertlet_pooling pooling, bool normalize, float *pooled) {
  for (int32_t sequence = 0; sequence < sequences; sequence++) {
    const float *rows = hidden + (size_t)starts[sequence] * hidden_size;
    float *vector = pooled + (size_t)sequence * hidden_size;
    const int32_t tokens = starts[sequence + 1] - starts[sequence];
    switch (pooling) {
    case BERTLET_POOL_MEAN:
      mean_row(rows, tokens, hidden_size, vector);
      break;
    case BERTLET_POOL_CLS: /* every sequence's first token */
      memcpy(vector, rows, (size_t)hidden_size * sizeof(float));
      break;
    case BERTLET_POOL_MAX:
      max_row(rows, tokens, hidden_size, vector);
      break;
    }
    if (normalize) {
      float length = fmaxf(sqrtf(dot_product(vector, vector, hidden_size)), 1e-12f);
      for (int32_t i = 0; i < hidden_size; i++) vector[i] /= length;
    }
  }
}
