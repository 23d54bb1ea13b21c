/* AdamW: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2, in the form of torch.optim.AdamW. */
#ifndef BERTLET_ADAMW_H
#define BERTLET_ADAMW_H

#include "base/arena.h"

typedef struct adamw {
  int32_t size, steps;
  float *mean, *square; /* [size]: moving averages of the gradient and of its square */
} adamw;

adamw adamw_alloc(arena *memory, int32_t size);

/* Back to the state before the first step. */
void adamw_reset(adamw *state);

/* What a step multiplies by, for step number 1 and on. Betas 0.9 and 0.999, epsilon 1e-8, as torch's defaults. */
typedef struct adamw_rates {
  float decay, step, unbias, keep1, keep2, take1, take2;
} adamw_rates;
adamw_rates adamw_rates_of(int32_t step, double learning_rate, double weight_decay);

/* One step of `count` numbers by their gradient times `scale`; the gradient becomes 0. */
void adamw_update(const adamw_rates *rates, size_t count, float scale, float *values, float *gradient, float *mean,
                  float *square);

/* One step: parameters [size] by their gradient [size], which becomes 0, in calls for begin .. end - 1, from 0 up to
 * `size`. */
void adamw_step(adamw *state, float *parameters, float *gradient, double learning_rate, double weight_decay,
                int32_t begin, int32_t end);

#endif
