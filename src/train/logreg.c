#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "bertlet.h"
#include "kernels/kernels.h"
#include "train/lbfgs.h"
#include "train/line_search.h"
#include "train/slices.h"

/* What a fit does next. A step goes through stages, and each stage through components, rows or outputs, in slices:
 * between any two of them it can be left and gone on with. The slices do not change a bit of the result. */
typedef enum stage {
  DESCEND,  /* computes the direction: over the components, once for each pass of lbfgs_direction() */
  SLOPE,    /* its slope and length: over the components */
  TRY,      /* moves to a trial's parameters and begins the objective there: over the components */
  LOGITS,   /* of a block of rows: over the outputs */
  SHIFT,    /* takes the largest logit from the others: over the rows of the block */
  RESIDUAL, /* makes residuals of the logits: over the rows of the block */
  GRADIENT, /* of the block: over the outputs; then LOGITS of the next one */
  MEAN,     /* makes means of sums, with the penalty: over the components */
  RETREAT,  /* goes back to where the line search began: over the components */
  LEARN     /* remembers the step: over the components */
} stage;

struct bertlet_logreg {
  const float *features; /* [rows][feature_count] */
  const int32_t *labels; /* [rows] */
  int32_t rows, feature_count, classes;
  int32_t outputs; /* rows of the weight matrix: one for two classes */
  /* A vector of parameters: weight [outputs][feature_count], from `bias_at` bias [outputs]; zeros fill both up to
   * whole LBFGS_ALIGN. */
  int32_t bias_at, size;

  /* The objective. */
  int32_t *used;     /* [rows]: the rows whose sample weight is not 0, `used_rows` of them */
  float *row_weight; /* [rows]: their sample weights */
  int32_t used_rows;
  double weight_sum; /* S */
  double penalty;    /* 1 / (C S) */
  double tolerance;

  /* Where the minimization stands. */
  int32_t state; /* bertlet_fit_state or bertlet_status */
  bool measured; /* whether the objective at the start is known */
  stage stage;
  int32_t at;            /* the slices of the stage so far have done 0 .. at - 1 */
  int32_t first;         /* the first row of the block, among the used ones */
  double loss;           /* of all blocks before */
  double block_loss;     /* of this one */
  double squared_norm;   /* of the weights */
  double slope, squared; /* scalar products of the gradient or direction */
  line_search search;
  double objective, largest_gradient;
  float *parameters, *gradient;                   /* [size] */
  float *previous_parameters, *previous_gradient; /* [size]: where the line search began */
  double previous_objective, previous_largest;
  float *direction; /* [size] */
  lbfgs memory;
  double lowest_objective, smallest_gradient; /* since the start */
  int32_t idle_steps;                         /* in a row that lowered neither of them */

  float *block; /* [LOGREG_BLOCK][outputs] and 3 more floats: the logits of a block of rows, then its residuals */
};

/* ---- The memory plan ------------------------------------------------------------------------------------------- */

static int64_t aligned(int64_t floats) { return (floats + LBFGS_ALIGN - 1) / LBFGS_ALIGN * LBFGS_ALIGN; }

/* Lays the fit out in `block`, or measures it when `block` is NULL. */
static size_t lay_out(bertlet_logreg *fit, void *block, int32_t rows, int32_t feature_count, int32_t classes) {
  if (rows < 1 || feature_count < 1 || classes < 2) return 0;
  const int32_t outputs = classes == 2 ? 1 : classes;
  const int64_t bias_at = aligned((int64_t)outputs * feature_count), size = bias_at + aligned(outputs);
  if (size > INT32_MAX) return 0;

  arena memory = {.base = block};
  arena_alloc(&memory, 1, sizeof *fit);
  *fit = (bertlet_logreg){.rows = rows,
                          .feature_count = feature_count,
                          .classes = classes,
                          .outputs = outputs,
                          .bias_at = (int32_t)bias_at,
                          .size = (int32_t)size};
  fit->used = arena_alloc(&memory, (uint64_t)rows, sizeof(int32_t));
  fit->row_weight = arena_alloc(&memory, (uint64_t)rows, sizeof(float));
  float **vectors[] = {&fit->parameters, &fit->gradient, &fit->previous_parameters, &fit->previous_gradient,
                       &fit->direction};
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    *vectors[i] = arena_alloc(&memory, (uint64_t)size, sizeof(float));
  fit->memory = lbfgs_alloc(&memory, fit->size);
  fit->block = arena_alloc(&memory, (uint64_t)LOGREG_BLOCK * outputs + 3, sizeof(float));
  return arena_bytes(&memory);
}

size_t bertlet_logreg_bytes(int32_t rows, int32_t feature_count, int32_t classes) {
  bertlet_logreg measured;
  return lay_out(&measured, NULL, rows, feature_count, classes);
}

bertlet_logreg *bertlet_logreg_init(void *block, const float *features, const int32_t *labels, int32_t rows,
                                    int32_t feature_count, int32_t classes) {
  for (int32_t row = 0; row < rows; row++)
    if (labels[row] < 0 || labels[row] >= classes) return NULL;
  bertlet_logreg *fit = block;
  const size_t bytes = lay_out(fit, block, rows, feature_count, classes);
  if (bytes == 0) return NULL;
  memset(fit->block, 0, ((size_t)LOGREG_BLOCK * fit->outputs + 3) * sizeof(float));
  fit->features = features;
  fit->labels = labels;
  fit->state = BERTLET_ERROR_ARGUMENT; /* not started */
  bertlet_logreg_reset(fit);
  return fit;
}

void bertlet_logreg_reset(bertlet_logreg *fit) { memset(fit->parameters, 0, (size_t)fit->size * sizeof(float)); }

static float *bias_of(const bertlet_logreg *fit, float *vector) { return vector + fit->bias_at; }

/* ---- Loss and residuals of one block --------------------------------------------------------------------------- */

/* The residual of a logit is the derivative of the row's weighted loss by it. In both functions below the sum of
 * exponentials is kept in two parts, the label's term and the rest: of a row that is classified well the rest is so
 * small that adding it to the label's term in f32 would lose it, and with it the loss and the residuals. */

/* z [rows] -> residuals, for two classes: loss log(1 + e^-m) with the margin m = z for class 1 and -z for class 0. The
 * loss is added to the block's. */
static void binary_residuals(bertlet_logreg *fit, const int32_t *used, const float *weight, int32_t rows, float *z) {
  float e[LOGREG_BLOCK];
  for (int32_t row = 0; row < rows; row++) e[row] = -fabsf(z[row]);
  exponential(e, rows);
  for (int32_t row = 0; row < rows; row++) {
    const float sign = fit->labels[used[row]] == 1 ? 1.0f : -1.0f;
    const double margin = (double)(sign * z[row]), small = (double)e[row];
    fit->block_loss += (double)weight[row] * (log1p(small) + fmax(-margin, 0));
    z[row] = -sign * weight[row] * (margin > 0 ? e[row] : 1.0f) / (1.0f + e[row]);
  }
}

/* Partial results side by side, which compilers turn into SIMD without changing the order of sums. */
enum { LANES = 8 };

static float larger(float a, float b) { return a < b ? b : a; }

static float largest_of(const float *values, int32_t n) {
  float lanes[LANES], largest = values[0];
  for (int32_t lane = 0; lane < LANES; lane++) lanes[lane] = values[0];
  const int32_t whole = n - n % LANES;
  for (int32_t i = 0; i < whole; i += LANES)
    for (int32_t lane = 0; lane < LANES; lane++) lanes[lane] = larger(lanes[lane], values[i + lane]);
  for (int32_t lane = 0; lane < LANES; lane++) largest = larger(largest, lanes[lane]);
  for (int32_t i = whole; i < n; i++) largest = larger(largest, values[i]);
  return largest;
}

static float sum_of(const float *values, int32_t n) {
  float lanes[LANES] = {0}, sum = 0;
  const int32_t whole = n - n % LANES;
  for (int32_t i = 0; i < whole; i += LANES)
    for (int32_t lane = 0; lane < LANES; lane++) lanes[lane] += values[i + lane];
  for (int32_t lane = 0; lane < LANES; lane++) sum += lanes[lane];
  for (int32_t i = whole; i < n; i++) sum += values[i];
  return sum;
}

/* z [rows][outputs] -> residuals: loss log(sum_k e^z_k) - z_label, in two steps. The first takes the largest logit of
 * each row from all of them, so that none overflows. */
static void shift_logits(bertlet_logreg *fit, const int32_t *used, const float *weight, int32_t rows, float *z) {
  const int32_t outputs = fit->outputs;
  for (int32_t row = 0; row < rows; row++) {
    float *logits = z + (size_t)row * outputs;
    const float largest = largest_of(logits, outputs);
    fit->block_loss += (double)weight[row] * ((double)largest - (double)logits[fit->labels[used[row]]]);
    for (int32_t k = 0; k < outputs; k++) logits[k] -= largest;
  }
}

static void multinomial_residuals(bertlet_logreg *fit, const int32_t *used, const float *weight, int32_t rows,
                                  float *z) {
  const int32_t outputs = fit->outputs;
  exponential(z, rows * outputs);
  for (int32_t row = 0; row < rows; row++) {
    float *e = z + (size_t)row * outputs;
    float *label = e + fit->labels[used[row]];
    const double own = (double)*label;
    *label = 0;
    const double rest = (double)sum_of(e, outputs);
    fit->block_loss += (double)weight[row] * log1p(rest + (own - 1));
    const float factor = (float)((double)weight[row] / (own + rest));
    for (int32_t k = 0; k < outputs; k++) e[k] *= factor;
    *label = -factor * (float)rest;
  }
}

/* ---- Minimization ---------------------------------------------------------------------------------------------- */

static bertlet_status use_rows(bertlet_logreg *fit, const float *sample_weight) {
  fit->used_rows = 0;
  fit->weight_sum = 0;
  for (int32_t row = 0; row < fit->rows; row++) {
    const float weight = sample_weight ? sample_weight[row] : 1;
    if (!(weight >= 0 && isfinite(weight))) return BERTLET_ERROR_ARGUMENT;
    if (weight == 0) continue;
    fit->used[fit->used_rows] = row;
    fit->row_weight[fit->used_rows++] = weight;
    fit->weight_sum += (double)weight;
  }
  return fit->used_rows > 0 ? BERTLET_OK : BERTLET_ERROR_ARGUMENT;
}

static void enter(bertlet_logreg *fit, stage next) {
  fit->stage = next;
  fit->at = 0;
  fit->slope = fit->squared = 0;
}

bertlet_status bertlet_logreg_start(bertlet_logreg *fit, const float *sample_weight, double c, double tolerance) {
  fit->state = BERTLET_ERROR_ARGUMENT;
  if (!(c > 0) || !(tolerance >= 0) || use_rows(fit, sample_weight) != BERTLET_OK) return BERTLET_ERROR_ARGUMENT;
  fit->penalty = 1 / (c * fit->weight_sum);
  fit->tolerance = tolerance;
  lbfgs_forget(&fit->memory);
  fit->measured = false;
  fit->idle_steps = 0;
  fit->state = BERTLET_FIT_RUNNING;
  enter(fit, TRY);
  return BERTLET_OK;
}

/* Whether the present point is the best so far by one of the two measures. */
static bool progressed(bertlet_logreg *fit) {
  const bool lower = fit->objective < fit->lowest_objective, flatter = fit->largest_gradient < fit->smallest_gradient;
  if (lower) fit->lowest_objective = fit->objective;
  if (flatter) fit->smallest_gradient = fit->largest_gradient;
  return lower || flatter;
}

/* After so many steps in a row without progress only rounding errors are left. */
enum { PATIENCE = 5 };

static void end_iteration(bertlet_logreg *fit, bool moved) {
  fit->idle_steps = progressed(fit) ? 0 : fit->idle_steps + 1;
  if (fit->largest_gradient <= fit->tolerance)
    fit->state = BERTLET_FIT_CONVERGED;
  else
    fit->state = !moved || fit->idle_steps == PATIENCE ? BERTLET_FIT_STALLED : BERTLET_FIT_RUNNING;
  enter(fit, DESCEND);
}

/* ---- The stages: each does begin .. end - 1, and enters the next one when it has come to its end ----------------- */

/* A rounding error that the objective may carry, relative to itself. */
#define OBJECTIVE_NOISE 3e-8

static void descend(bertlet_logreg *fit, int32_t begin, int32_t end) {
  if (fit->memory.pass == 0) {
    const size_t bytes = (size_t)(end - begin) * sizeof(float);
    memcpy(fit->previous_parameters + begin, fit->parameters + begin, bytes);
    memcpy(fit->previous_gradient + begin, fit->gradient + begin, bytes);
    fit->previous_objective = fit->objective;
    fit->previous_largest = fit->largest_gradient;
  }
  const bool done = lbfgs_direction(&fit->memory, fit->gradient, fit->direction, begin, end);
  if (end == fit->size) enter(fit, done ? SLOPE : DESCEND);
}

static void measure_slope(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const float *direction = fit->direction + begin;
  vector_add_dot(&fit->slope, fit->gradient + begin, direction, end - begin);
  vector_add_dot(&fit->squared, direction, direction, end - begin);
  if (end < fit->size) return;
  if (!(fit->slope < 0)) {
    enter(fit, RETREAT);
    return;
  }
  /* A quasi-Newton direction comes with a step length, 1; steepest descent begins with a step as long as 1. */
  line_search_begin(&fit->search, fit->objective, fit->slope, fit->memory.pairs ? 1 : 1 / sqrt(fit->squared),
                    OBJECTIVE_NOISE * fit->objective);
  enter(fit, TRY);
}

static void try_step(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const size_t bytes = (size_t)(end - begin) * sizeof(float);
  float *parameters = fit->parameters + begin;
  if (begin == 0) fit->squared_norm = fit->loss = fit->block_loss = 0;
  if (fit->measured) { /* else the objective is wanted where the fit starts */
    memcpy(parameters, fit->previous_parameters + begin, bytes);
    vector_add(parameters, fit->search.step, fit->direction + begin, end - begin);
  }
  memset(fit->gradient + begin, 0, bytes);
  const int32_t weights = (end < fit->bias_at ? end : fit->bias_at) - begin;
  if (weights > 0) vector_add_dot(&fit->squared_norm, parameters, parameters, weights);
  if (end < fit->size) return;
  fit->first = 0;
  enter(fit, LOGITS);
}

/* The logits of only one block of rows exist at a time: they stay in the cache, and memory does not grow with rows
 * times classes. */
static int32_t block_rows(const bertlet_logreg *fit) {
  const int32_t left = fit->used_rows - fit->first;
  return left < LOGREG_BLOCK ? left : LOGREG_BLOCK;
}

static void point_at_rows(const bertlet_logreg *fit, const float *x[LOGREG_BLOCK]) {
  for (int32_t row = 0; row < block_rows(fit); row++)
    x[row] = fit->features + (size_t)fit->used[fit->first + row] * fit->feature_count;
}

static void compute_logits(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const int32_t d = fit->feature_count;
  const float *x[LOGREG_BLOCK];
  point_at_rows(fit, x);
  logreg_logits(x, block_rows(fit), d, fit->parameters + (size_t)begin * d, bias_of(fit, fit->parameters) + begin,
                end - begin, fit->block + begin, fit->outputs);
  if (end == fit->outputs) enter(fit, fit->outputs == 1 ? RESIDUAL : SHIFT);
}

static void compute_residuals(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const int32_t from = fit->first + begin;
  float *z = fit->block + (size_t)begin * fit->outputs;
  const bool shifts = fit->stage == SHIFT;
  (shifts              ? shift_logits
   : fit->outputs == 1 ? binary_residuals
                       : multinomial_residuals)(fit, fit->used + from, fit->row_weight + from, end - begin, z);
  if (end == block_rows(fit)) enter(fit, shifts ? RESIDUAL : GRADIENT);
}

static void add_gradient(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const int32_t d = fit->feature_count, rows = block_rows(fit);
  float *bias_gradient = bias_of(fit, fit->gradient);
  const float *x[LOGREG_BLOCK];
  point_at_rows(fit, x);
  logreg_gradient(x, rows, d, fit->block + begin, fit->outputs, end - begin, fit->gradient + (size_t)begin * d);
  for (int32_t row = 0; row < rows; row++)
    for (int32_t k = begin; k < end; k++) bias_gradient[k] += fit->block[(size_t)row * fit->outputs + k];
  if (end < fit->outputs) return;
  fit->loss += fit->block_loss;
  fit->block_loss = 0;
  fit->first += rows;
  enter(fit, fit->first < fit->used_rows ? LOGITS : MEAN);
}

/* After the objective and the gradient where the fit starts. */
static void begin_iterations(bertlet_logreg *fit) {
  fit->measured = true;
  fit->lowest_objective = fit->objective;
  fit->smallest_gradient = fit->largest_gradient;
  if (!isfinite(fit->objective) || !isfinite(fit->squared))
    fit->state = BERTLET_ERROR_NUMERIC;
  else
    fit->state = fit->largest_gradient <= fit->tolerance ? BERTLET_FIT_CONVERGED : BERTLET_FIT_RUNNING;
  enter(fit, DESCEND);
}

static void take_means(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const int32_t n = end - begin, weights = (end < fit->bias_at ? end : fit->bias_at) - begin;
  float *gradient = fit->gradient + begin;
  vector_scale(gradient, 1 / fit->weight_sum, n);
  if (weights > 0) vector_add(gradient, fit->penalty, fit->parameters + begin, weights);
  float largest = begin == 0 ? 0 : (float)fit->largest_gradient;
  for (int32_t i = 0; i < n; i++) largest = larger(largest, fabsf(gradient[i]));
  fit->largest_gradient = (double)largest;
  if (fit->measured)
    vector_add_dot(&fit->slope, gradient, fit->direction + begin, n);
  else
    vector_add_dot(&fit->squared, gradient, gradient, n);
  if (end < fit->size) return;

  fit->objective = fit->loss / fit->weight_sum + fit->penalty / 2 * fit->squared_norm;
  if (!fit->measured) {
    begin_iterations(fit);
    return;
  }
  switch (line_search_next(&fit->search, fit->objective, fit->slope)) {
  case SEARCH_GOES_ON:
    enter(fit, TRY);
    break;
  case SEARCH_FOUND:
    enter(fit, LEARN);
    break;
  case SEARCH_FAILED:
    enter(fit, RETREAT);
    break;
  }
}

static void retreat(bertlet_logreg *fit, int32_t begin, int32_t end) {
  const size_t bytes = (size_t)(end - begin) * sizeof(float);
  memcpy(fit->parameters + begin, fit->previous_parameters + begin, bytes);
  memcpy(fit->gradient + begin, fit->previous_gradient + begin, bytes);
  if (end < fit->size) return;
  fit->objective = fit->previous_objective;
  fit->largest_gradient = fit->previous_largest;
  if (fit->memory.pairs == 0) {
    end_iteration(fit, false);
    return;
  }
  /* Rounding errors may have spoilt the pairs in memory: try steepest descent before giving up. */
  lbfgs_forget(&fit->memory);
  enter(fit, DESCEND);
}

static void learn(bertlet_logreg *fit, int32_t begin, int32_t end) {
  lbfgs_learn(&fit->memory, fit->previous_parameters, fit->parameters, fit->previous_gradient, fit->gradient, begin,
              end);
  if (end == fit->size) end_iteration(fit, true);
}

/* ---- Slices ------------------------------------------------------------------------------------------------------ */

/* A stage's function, and the loop that it runs a slice of. */
typedef struct work {
  void (*run)(bertlet_logreg *fit, int32_t begin, int32_t end);
  loop loop;
} work;

static work work_of(const bertlet_logreg *fit) {
  const loop components = {fit->size, VECTOR_RUN, 2};
  const loop outputs = {fit->outputs, 4, (double)block_rows(fit) * fit->feature_count};
  const loop rows = {block_rows(fit), fit->outputs == 1 ? LOGREG_BLOCK : 1, EXPONENTIAL_COST * fit->outputs};
  switch (fit->stage) {
  case DESCEND:
    return (work){descend, components};
  case SLOPE:
    return (work){measure_slope, components};
  case TRY:
    return (work){try_step, components};
  case LOGITS:
    return (work){compute_logits, outputs};
  case SHIFT:
  case RESIDUAL:
    return (work){compute_residuals, rows};
  case GRADIENT:
    return (work){add_gradient, outputs};
  case MEAN:
    return (work){take_means, components};
  case RETREAT:
    return (work){retreat, components};
  case LEARN:
    break;
  }
  return (work){learn, components};
}

int32_t bertlet_logreg_step(bertlet_logreg *fit, double multiplications) {
  if (fit->state != BERTLET_FIT_RUNNING && fit->state != BERTLET_FIT_UNFINISHED) return fit->state;
  fit->state = BERTLET_FIT_UNFINISHED;
  while (fit->state == BERTLET_FIT_UNFINISHED && multiplications > 0) {
    const work next = work_of(fit);
    const int32_t begin = fit->at;
    fit->at = slice_end(&next.loop, begin, &multiplications);
    next.run(fit, begin, fit->at);
  }
  return fit->state;
}

double bertlet_logreg_objective(const bertlet_logreg *fit) { return fit->objective; }

double bertlet_logreg_max_gradient(const bertlet_logreg *fit) { return fit->largest_gradient; }

void bertlet_logreg_weights(const bertlet_logreg *fit, float *weight, float *bias) {
  const int32_t outputs = fit->outputs, d = fit->feature_count;
  const float *own_bias = bias_of(fit, fit->parameters);
  if (outputs > 1) {
    memcpy(weight, fit->parameters, (size_t)outputs * d * sizeof(float));
    memcpy(bias, own_bias, (size_t)outputs * sizeof(float));
    return;
  }
  for (int32_t i = 0; i < d; i++) {
    weight[i] = -fit->parameters[i] / 2;
    weight[d + i] = fit->parameters[i] / 2;
  }
  bias[0] = -own_bias[0] / 2;
  bias[1] = own_bias[0] / 2;
}
