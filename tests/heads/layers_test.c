/* The layers of heads against their definitions in double. */
#include <math.h>
#include <string.h>

#include "model/support.h"

static void fill(float *values, size_t count) {
  uint32_t state = 7;
  for (size_t i = 0; i < count; i++) values[i] = (float)((int32_t)random_number(&state)) * 0x1p-30f;
}

static void linear_layer(void) {
  enum { ROWS = 5, MAX = 41, CLASSES = 3 };
  float features[ROWS * MAX], weight[CLASSES * MAX], bias[CLASSES], logits[ROWS * CLASSES];
  fill(features, ROWS * MAX);
  fill(weight, CLASSES * MAX);
  fill(bias, CLASSES);
  for (int32_t n = 1; n <= MAX; n++) {
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

static void rows_are_normalized(void) {
  float values[2 * 8], gamma[8], beta[8], before[2 * 8];
  fill(values, 16);
  memcpy(before, values, sizeof values);
  for (int32_t i = 0; i < 8; i++) gamma[i] = 1 + (float)i, beta[i] = (float)i / 2;
  bertlet_layer_norm(values, 2, 8, gamma, beta, 1e-12f);
  for (int32_t row = 0; row < 2; row++) {
    double mean = 0, variance = 0;
    for (int32_t i = 0; i < 8; i++) mean += before[row * 8 + i] / 8;
    for (int32_t i = 0; i < 8; i++) variance += (before[row * 8 + i] - mean) * (before[row * 8 + i] - mean) / 8;
    for (int32_t i = 0; i < 8; i++) {
      double expected = (before[row * 8 + i] - mean) / sqrt(variance) * gamma[i] + beta[i];
      CHECK(fabs(values[row * 8 + i] - expected) <= 1e-5);
    }
  }
}

int main(void) {
  linear_layer();
  softmax_rows();
  rows_are_normalized();
  return report();
}
