#include <math.h>
#include <string.h>

#include "bertlet.h"
#include "heads/dot.h"

/* In place of the derivative by the normalized vector, that by `vector` [n]: (g - u (u . g)) / length, u the normalized
 * one. */
static void normalize_backward(const float *vector, int32_t n, float *g) {
  const float length = fmaxf(sqrtf(dot_product(vector, vector, n)), 1e-12f);
  const float along = dot_product(vector, g, n) / (length * length);
  for (int32_t i = 0; i < n; i++) g[i] = (g[i] - vector[i] * along) / length;
}

void bertlet_pool_backward(const float *hidden, const int32_t *starts, int32_t sequences, int32_t hidden_size,
                           bertlet_pooling pooling, bool normalize, float *pooled, float *pooled_gradient,
                           float *hidden_gradient) {
  const int32_t n = hidden_size;
  memset(hidden_gradient, 0, (size_t)starts[sequences] * n * sizeof(float));
  if (normalize) bertlet_pool(hidden, starts, sequences, n, pooling, false, pooled);
  for (int32_t sequence = 0; sequence < sequences; sequence++) {
    const size_t first = (size_t)starts[sequence] * n;
    const int32_t tokens = starts[sequence + 1] - starts[sequence];
    float *g = pooled_gradient + (size_t)sequence * n, *to = hidden_gradient + first;
    if (normalize) normalize_backward(pooled + (size_t)sequence * n, n, g);
    for (int32_t i = 0; i < n; i++) {
      const float *column = hidden + first + i;
      int32_t largest = 0;
      switch (pooling) {
      case BERTLET_POOL_MEAN:
        for (int32_t token = 0; token < tokens; token++) to[(size_t)token * n + i] = g[i] / (float)tokens;
        break;
      case BERTLET_POOL_CLS:
        to[i] = g[i];
        break;
      case BERTLET_POOL_MAX: /* the first of the largest, as in PyTorch */
        for (int32_t token = 1; token < tokens; token++)
          if (column[(size_t)token * n] > column[(size_t)largest * n]) largest = token;
        to[(size_t)largest * n + i] = g[i];
        break;
      }
    }
  }
}
