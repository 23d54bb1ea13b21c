/* Pooling, linear and softmax against the definition in double. */
#include <math.h>
#include <string.h>

#include "support.h"

static float random_float(uint32_t *state) { return (float)((int32_t)random_number(state)) * 0x1p-30f; }

static void pooling(void) {
  enum { HIDDEN = 24, SEQUENCES = 3 };
  const int32_t starts[SEQUENCES + 1] = {0, 1, 8, 20};
  float hidden[20 * HIDDEN], pooled[SEQUENCES * HIDDEN];
  uint32_t state = 7;
  for (size_t i = 0; i < 20 * HIDDEN; i++) hidden[i] = random_float(&state);
  for (int32_t normalize = 0; normalize < 2; normalize++) {
    for (bertlet_pooling kind = BERTLET_POOL_MEAN; kind <= BERTLET_POOL_MAX; kind++) {
      bertlet_pool(hidden, starts, SEQUENCES, HIDDEN, kind, normalize, pooled);
      for (int32_t s = 0; s < SEQUENCES; s++) {
        double expected[HIDDEN], length = 0;
        for (int32_t i = 0; i < HIDDEN; i++) {
          int32_t begin = starts[s], end = starts[s + 1];
          double sum = 0, most = -INFINITY;
          for (int32_t row = begin; row < end; row++) {
            sum += hidden[row * HIDDEN + i];
            most = fmax(most, hidden[row * HIDDEN + i]);
          }
          const double of_kind[] = {sum / (end - begin), hidden[begin * HIDDEN + i], most};
          expected[i] = of_kind[kind];
          length += expected[i] * expected[i];
        }
        double scale = normalize ? 1 / sqrt(length) : 1;
        for (int32_t i = 0; i < HIDDEN; i++) CHECK(fabs(pooled[s * HIDDEN + i] - expected[i] * scale) <= 1e-6);
      }
    }
  }
  memset(hidden, 0, sizeof hidden);
  bertlet_pool(hidden, starts, SEQUENCES, HIDDEN, BERTLET_POOL_MEAN, true, pooled);
  for (int32_t i = 0; i < SEQUENCES * HIDDEN; i++) CHECK(pooled[i] == 0); /* not NaN */
}

static void linear_layer(void) {
  enum { ROWS = 5, MOST = 41, CLASSES = 3 };
  float features[ROWS * MOST], weight[CLASSES * MOST], bias[CLASSES], logits[ROWS * CLASSES];
  uint32_t state = 11;
  for (int32_t i = 0; i < ROWS * MOST; i++) features[i] = random_float(&state);
  for (int32_t i = 0; i < CLASSES * MOST; i++) weight[i] = random_float(&state);
  for (int32_t i = 0; i < CLASSES; i++) bias[i] = random_float(&state);
  for (int32_t n = 1; n <= MOST; n++) {
    bertlet_linear(features, ROWS, n, weight, bias, CLASSES, logits);
    for (int32_t row = 0; row < ROWS; row++) {
      for (int32_t class = 0; class < CLASSES; class ++) {
        double expected = bias[class], magnitude = fabs(expected);
        for (int32_t i = 0; i < n; i++) {
          double product = (double)features[row * n + i] * weight[class * n + i];
          expected += product;
          magnitude += fabs(product);
        }
        CHECK(fabs(logits[row * CLASSES + class] - expected) <= 1e-6 * magnitude);
      }
    }
  }
}

static void softmax_rows(void) {
  float values[2 * 5] = {1, 2, 3, 4, 5, 1000, -1000, 1000, 999, 0}, original[2 * 5];
  memcpy(original, values, sizeof values);
  bertlet_softmax(values, 2, 5);
  for (int32_t row = 0; row < 2; row++) {
    double sum = 0;
    for (int32_t i = 0; i < 5; i++) sum += exp(original[row * 5 + i] - (row ? 1000.0 : 5.0));
    for (int32_t i = 0; i < 5; i++)
      CHECK(fabs(values[row * 5 + i] - exp(original[row * 5 + i] - (row ? 1000.0 : 5.0)) / sum) <= 1e-6);
  }
}

int main(void) {
  pooling();
  linear_layer();
  softmax_rows();
  return report();
}
