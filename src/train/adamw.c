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

adamw_rates adamw_rates_of(int32_t step, double learning_rate, double weight_decay) {
  const double beta1 = 0.9, beta2 = 0.999;
  return (adamw_rates){.decay = (float)(1 - learning_rate * weight_decay),
                       .step = (float)(learning_rate / (1 - pow(beta1, step))),
                       .unbias = (float)(1 / sqrt(1 - pow(beta2, step))),
                       .keep1 = (float)beta1,
                       .keep2 = (float)beta2,
                       .take1 = (float)(1 - beta1),
                       .take2 = (float)(1 - beta2)};
}

void adamw_update(const adamw_rates *rates, size_t count, float scale, float *restrict values, float *restrict gradient,
                  float *restrict mean, float *restrict square) {
  const adamw_rates r = *rates;
  for (size_t i = 0; i < count; i++) {
    const float g = gradient[i] * scale;
    mean[i] = r.keep1 * mean[i] + r.take1 * g;
    square[i] = r.keep2 * square[i] + r.take2 * g * g;
    values[i] = r.decay * values[i] - r.step * mean[i] / (sqrtf(square[i]) * r.unbias + 1e-8f);
    gradient[i] = 0;
  }
}

void adamw_step(adamw *state, float *parameters, float *gradient, double learning_rate, double weight_decay,
                int32_t begin, int32_t end) {
  if (begin == 0) state->steps++;
  const adamw_rates rates = adamw_rates_of(state->steps, learning_rate, weight_decay);
  adamw_update(&rates, (size_t)(end - begin), 1, parameters + begin, gradient + begin, state->mean + begin,
               state->square + begin);
}
