/* Steps of all that a trainer trains. */
#include <math.h>
#include <string.h>

#include "base/tasks.h"
#include "base/threads.h"
#include "train/adamw.h"
#include "train/trainer.h"

typedef struct optimizer_step {
  bertlet_trainer *trainer;
  const parameter *of;
  const adamw_rates *rates;
  float scale;
  double *squares;
} optimizer_step;

static range chunk_of(const parameter *of, int32_t task) {
  return task_range((int32_t)of->count, OPTIMIZER_CHUNK, task);
}

static int32_t chunks_of(const parameter *of) { return task_count((int32_t)of->count, OPTIMIZER_CHUNK); }

static void sum_squares(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const optimizer_step *step = context;
  const range r = chunk_of(step->of, task);
  double sum[4] = {0};
  for (int32_t i = r.begin; i < r.end; i++) sum[i & 3] += (double)step->of->gradient[i] * (double)step->of->gradient[i];
  step->squares[task] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double gradient_norm(bertlet_trainer *t) {
  double *squares = t->partial_squares, sum = 0;
  for (int32_t i = 0; i < t->parameter_count; i++) {
    const parameter *of = &t->parameters[i];
    optimizer_step step = {.trainer = t, .of = of, .squares = squares};
    parallel_for(t->model.threads, chunks_of(of), sum_squares, &step);
    squares += chunks_of(of);
  }
  for (const double *square = t->partial_squares; square < squares; square++) sum += *square;
  return sqrt(sum);
}

static void update(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const optimizer_step *step = context;
  const parameter *of = step->of;
  const bertlet_trainer *t = step->trainer;
  const range r = chunk_of(of, task);
  adamw_update(step->rates, (size_t)(r.end - r.begin), step->scale, of->values + r.begin, of->gradient + r.begin,
               t->mean + of->at + r.begin, t->square + of->at + r.begin);
}

void bertlet_trainer_discard(bertlet_trainer *t) {
  for (int32_t i = 0; i < t->parameter_count; i++)
    memset(t->parameters[i].gradient, 0, t->parameters[i].count * sizeof(float));
  memset(t->gradient, 0, t->gradient_floats * sizeof(float));
}

double bertlet_trainer_step(bertlet_trainer *t, double learning_rate, double weight_decay, double max_norm) {
  const double norm = gradient_norm(t);
  if (!isfinite(norm)) {
    bertlet_trainer_discard(t);
    return BERTLET_ERROR_NUMERIC;
  }
  t->steps++;
  const double scale = max_norm > 0 ? fmin(1, max_norm / (norm + 1e-6)) : 1; /* 1e-6 as in clip_grad_norm_ */
  const adamw_rates decaying = adamw_rates_of(t->steps, learning_rate, weight_decay);
  const adamw_rates free = adamw_rates_of(t->steps, learning_rate, 0);
  for (int32_t i = 0; i < t->parameter_count; i++) {
    const parameter *of = &t->parameters[i];
    optimizer_step step = {.trainer = t, .of = of, .rates = of->decays ? &decaying : &free, .scale = (float)scale};
    parallel_for(t->model.threads, chunks_of(of), update, &step);
  }
  return norm;
}

size_t bertlet_trainer_floats(const bertlet_trainer *t) { return t->parameter_floats; }

void bertlet_trainer_read_state(const bertlet_trainer *t, float *state) {
  for (int32_t i = 0; i < t->parameter_count; i++)
    memcpy(state + t->parameters[i].at, t->parameters[i].values, t->parameters[i].count * sizeof(float));
  memcpy(state + t->parameter_floats, t->mean, t->parameter_floats * sizeof(float));
  memcpy(state + 2 * t->parameter_floats, t->square, t->parameter_floats * sizeof(float));
}

void bertlet_trainer_write_state(bertlet_trainer *t, const float *state, int32_t steps) {
  for (int32_t i = 0; i < t->parameter_count; i++)
    memcpy(t->parameters[i].values, state + t->parameters[i].at, t->parameters[i].count * sizeof(float));
  memcpy(t->mean, state + t->parameter_floats, t->parameter_floats * sizeof(float));
  memcpy(t->square, state + 2 * t->parameter_floats, t->parameter_floats * sizeof(float));
  t->steps = steps;
}
