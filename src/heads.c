#include <math.h>
#include <string.h>

#include "bertlet.h"
#include "kernels/kernels.h"

/* Scalar product of a [n] and b [n]. Eight partial sums, so that compilers may use SIMD without reordering anything. */
static float dot(const float *a, const float *b, int32_t n) {
  enum { LANES = 8 };
  float lanes[LANES] = {0}, sum = 0;
  int32_t whole = n - n % LANES;
  for (int32_t i = 0; i < whole; i += LANES)
    for (int32_t lane = 0; lane < LANES; lane++) lanes[lane] += a[i + lane] * b[i + lane];
  for (int32_t lane = 0; lane < LANES; lane++) sum += lanes[lane];
  for (int32_t i = whole; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* Mean of x [rows][n] -> mean [n]. */
static void mean_row(const float *x, int32_t rows, int32_t n, float *mean) {
  memset(mean, 0, (size_t)n * sizeof(float));
  for (int32_t row = 0; row < rows; row++)
    for (int32_t i = 0; i < n; i++) mean[i] += x[(size_t)row * n + i];
  for (int32_t i = 0; i < n; i++) mean[i] /= (float)rows;
}

/* Largest of x [rows][n] in each column -> largest [n]. */
static void max_row(const float *x, int32_t rows, int32_t n, float *largest) {
  memcpy(largest, x, (size_t)n * sizeof(float));
  for (int32_t row = 1; row < rows; row++)
    for (int32_t i = 0; i < n; i++) largest[i] = fmaxf(largest[i], x[(size_t)row * n + i]);
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
      float length = fmaxf(sqrtf(dot(vector, vector, hidden_size)), 1e-12f);
      for (int32_t i = 0; i < hidden_size; i++) vector[i] /= length;
    }
  }
}

void bertlet_linear(const float *features, int32_t rows, int32_t feature_count, const float *weight, const float *bias,
                    int32_t classes, float *logits) {
  for (int32_t row = 0; row < rows; row++)
    for (int32_t class = 0; class < classes; class ++)
      logits[(size_t)row * classes + class] =
          dot(features + (size_t)row * feature_count, weight + (size_t)class * feature_count, feature_count) +
          bias[class];
}

void bertlet_activate(float *values, int32_t count, bertlet_activation activation) {
  activate(values, count, (epilogue)activation);
}

void bertlet_softmax(float *values, int32_t rows, int32_t classes) { softmax(values, rows, classes); }
