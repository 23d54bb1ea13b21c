#include "kernels/kernels.h"

void apply_dropout_scalar(float *values, int32_t n, uint32_t first, const dropout *drop) {
  for (int32_t i = 0; i < n; i++) {
    const bool kept = dropout_hash(drop->key + first + (uint32_t)i) >= drop->threshold;
    values[i] = kept ? values[i] * drop->scale : 0;
  }
}
