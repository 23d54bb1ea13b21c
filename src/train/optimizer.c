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
  const float *gradient = step->of->gradient;
  double sum[4] = {0};
  int32_t i = r.begin;
  for (; i + 4 <= r.end; i += 4)
    for (int32_t j = 0; j < 4; j++) sum[j] += (double)gradient[i + j] * (double)gradient[i + j];
  for (; i < r.end; i++) sum[i & 3] += (double)gradient[i] * (double)gradient[i];
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

/* Number `at` of the state, and how many of the numbers from there on lie together. */
static float *state_from(const bertlet_trainer *t, size_t at, size_t *together) {
  const size_t floats = t->parameter_floats;
  if (at >= floats) {
    const size_t column = at % floats;
    *together = floats - column;
    return (at < 2 * floats ? t->mean : t->square) + column;
  }
  const parameter *of = t->parameters;
  while (at >= of->at + of->count) of++;
  *together = of->at + of->count - at;
  return of->values + (at - of->at);
}

void bertlet_trainer_read_state(const bertlet_trainer *t, size_t begin, size_t count, float *state) {
  for (size_t together; count > 0; begin += together, state += together, count -= together) {
    const float *from = state_from(t, begin, &together);
    if (together > count) together = count;
    memcpy(state, from, together * sizeof(float));
  }
}

void bertlet_trainer_write_state(bertlet_trainer *t, size_t begin, size_t count, const float *state) {
  for (size_t together; count > 0; begin += together, state += together, count -= together) {
    float *to = state_from(t, begin, &together);
    if (together > count) together = count;
    memcpy(to, state, together * sizeof(float));
  }
}

void bertlet_trainer_set_steps(bertlet_trainer *t, int32_t steps) { t->steps = steps; }
