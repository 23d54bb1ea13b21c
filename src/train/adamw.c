#include "train/adamw.h"

#include <math.h>
#include <string.h>

adamw adamw_alloc(arena *memory, int32_t size) {
  return (adamw){.size = size,
                 .mean = arena_alloc(memory, (uint64_t)size, sizeof(float)),
                 .square = arena_alloc(memory, (uint64_t)size, sizeof(float))};
}

void adamw_reset(adamw *state) {
  memset(state->mean, 0, (size_t)state->size * sizeof(float));
  memset(state->square, 0, (size_t)state->size * sizeof(float));
  state->steps = 0;
}

void adamw_step(adamw *state, float *parameters, const float *gradient, double learning_rate, double weight_decay,
                int32_t begin, int32_t end) {
  const double beta1 = 0.9, beta2 = 0.999;
  if (begin == 0) state->steps++;
  const float decay = (float)(1 - learning_rate * weight_decay);
  const float step = (float)(learning_rate / (1 - pow(beta1, state->steps)));
  const float unbias = (float)(1 / sqrt(1 - pow(beta2, state->steps)));
  const float keep1 = (float)beta1, keep2 = (float)beta2, take1 = (float)(1 - beta1), take2 = (float)(1 - beta2);
  float *restrict mean = state->mean, *restrict square = state->square;
  for (int32_t i = begin; i < end; i++) {
    const float g = gradient[i];
    mean[i] = keep1 * mean[i] + take1 * g;
    square[i] = keep2 * square[i] + take2 * g * g;
    parameters[i] = decay * parameters[i] - step * mean[i] / (sqrtf(square[i]) * unbias + 1e-8f);
  }
}
