/* Pooling against its definition in double. */
#include <math.h>
#include <string.h>

#include "model/support.h"

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
          double sum = 0, max = -INFINITY;
          for (int32_t row = begin; row < end; row++) {
            sum += hidden[row * HIDDEN + i];
            max = fmax(max, hidden[row * HIDDEN + i]);
          }
          const double of_kind[] = {sum / (end - begin), hidden[begin * HIDDEN + i], max};
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

int main(void) {
  pooling();
  return report();
}
