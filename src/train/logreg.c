#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "bertlet.h"
#include "kernels/kernels.h"
#include "train/lbfgs.h"
#include "train/line_search.h"

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
  double objective, largest_gradient;
  float *parameters, *gradient;                   /* [size] */
  float *previous_parameters, *previous_gradient; /* [size]: before the present step */
  float *direction;                               /* [size] */
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

/* ---- Loss and residuals of one block --------------------------------------------------------------------------- */

/* The residual of a logit is the derivative of the row's weighted loss by it. In both functions below the sum of
 * exponentials is kept in two parts, the label's term and the rest: of a row that is classified well the rest is so
 * small that adding it to the label's term in f32 would lose it, and with it the loss and the residuals. */

/* z [rows] -> residuals, for two classes: loss log(1 + e^-m) with the margin m = z for class 1 and -z for class 0. */
static double binary_residuals(const bertlet_logreg *fit, const int32_t *used, const float *weight, int32_t rows,
                               float *z) {
  double loss = 0;
  float e[LOGREG_BLOCK];
  for (int32_t row = 0; row < rows; row++) e[row] = -fabsf(z[row]);
  exponential(e, rows);
  for (int32_t row = 0; row < rows; row++) {
    const float sign = fit->labels[used[row]] == 1 ? 1.0f : -1.0f;
    const double margin = (double)(sign * z[row]), small = (double)e[row];
    loss += (double)weight[row] * (log1p(small) + fmax(-margin, 0));
    z[row] = -sign * weight[row] * (margin > 0 ? e[row] : 1.0f) / (1.0f + e[row]);
  }
  return loss;
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

/* z [rows][outputs] -> residuals: loss log(sum_k e^z_k) - z_label. */
static double multinomial_residuals(const bertlet_logreg *fit, const int32_t *used, const float *weight, int32_t rows,
                                    float *z) {
  const int32_t outputs = fit->outputs;
  float largest[LOGREG_BLOCK];
  double loss = 0;
  for (int32_t row = 0; row < rows; row++) {
    float *logits = z + (size_t)row * outputs;
    largest[row] = largest_of(logits, outputs);
    loss += (double)weight[row] * ((double)largest[row] - (double)logits[fit->labels[used[row]]]);
    for (int32_t k = 0; k < outputs; k++) logits[k] -= largest[row];
  }
  exponential(z, rows * outputs);
  for (int32_t row = 0; row < rows; row++) {
    float *e = z + (size_t)row * outputs;
    float *label = e + fit->labels[used[row]];
    const double own = (double)*label;
    *label = 0;
    const double rest = (double)sum_of(e, outputs);
    loss += (double)weight[row] * log1p(rest + (own - 1));
    const float factor = (float)((double)weight[row] / (own + rest));
    for (int32_t k = 0; k < outputs; k++) e[k] *= factor;
    *label = -factor * (float)rest;
  }
  return loss;
}

/* ---- The objective --------------------------------------------------------------------------------------------- */

static float *bias_of(const bertlet_logreg *fit, float *vector) { return vector + fit->bias_at; }

/* Adds the gradient of the summed loss to `gradient` and returns the sum. The logits of only one block of rows exist at
 * a time: they stay in the cache, and memory does not grow with rows times classes. */
static double add_losses(bertlet_logreg *fit) {
  const int32_t outputs = fit->outputs, d = fit->feature_count;
  float *z = fit->block, *bias_gradient = bias_of(fit, fit->gradient);
  double loss = 0;
  for (int32_t first = 0; first < fit->used_rows; first += LOGREG_BLOCK) {
    const int32_t left = fit->used_rows - first, rows = left < LOGREG_BLOCK ? left : LOGREG_BLOCK;
    const int32_t *used = fit->used + first;
    const float *x[LOGREG_BLOCK];
    for (int32_t row = 0; row < rows; row++) x[row] = fit->features + (size_t)used[row] * d;
    logreg_logits(x, rows, d, fit->parameters, bias_of(fit, fit->parameters), outputs, z);
    loss += (outputs == 1 ? binary_residuals : multinomial_residuals)(fit, used, fit->row_weight + first, rows, z);
    logreg_gradient(x, rows, d, z, outputs, fit->gradient);
    for (int32_t row = 0; row < rows; row++)
      for (int32_t k = 0; k < outputs; k++) bias_gradient[k] += z[(size_t)row * outputs + k];
  }
  return loss;
}

/* Objective, gradient and its largest component at the present parameters. */
static void evaluate(bertlet_logreg *fit) {
  memset(fit->gradient, 0, (size_t)fit->size * sizeof(float));
  const double loss = add_losses(fit);
  const double squared_norm = vector_dot(fit->parameters, fit->parameters, fit->bias_at);
  fit->objective = loss / fit->weight_sum + fit->penalty / 2 * squared_norm;
  vector_scale(fit->gradient, 1 / fit->weight_sum, fit->size);
  vector_add(fit->gradient, fit->penalty, fit->parameters, fit->bias_at);

  float largest = 0;
  for (int32_t i = 0; i < fit->size; i++) largest = larger(largest, fabsf(fit->gradient[i]));
  fit->largest_gradient = (double)largest;
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

bertlet_status bertlet_logreg_start(bertlet_logreg *fit, const float *sample_weight, double c, double tolerance) {
  fit->state = BERTLET_ERROR_ARGUMENT;
  if (!(c > 0) || !(tolerance >= 0) || use_rows(fit, sample_weight) != BERTLET_OK) return BERTLET_ERROR_ARGUMENT;
  fit->penalty = 1 / (c * fit->weight_sum);
  fit->tolerance = tolerance;
  lbfgs_forget(&fit->memory);
  evaluate(fit);
  fit->lowest_objective = fit->objective;
  fit->smallest_gradient = fit->largest_gradient;
  fit->idle_steps = 0;
  const bool finite = isfinite(fit->objective) && isfinite(vector_dot(fit->gradient, fit->gradient, fit->size));
  if (!finite)
    fit->state = BERTLET_ERROR_NUMERIC;
  else
    fit->state = fit->largest_gradient <= tolerance ? BERTLET_FIT_CONVERGED : BERTLET_FIT_RUNNING;
  return finite ? BERTLET_OK : BERTLET_ERROR_NUMERIC;
}

/* A rounding error that the objective may carry, relative to itself. */
#define OBJECTIVE_NOISE 3e-8

/* Moves along the direction of descent to a point that satisfies the line search; false, and back, when it finds none.
 */
static bool move(bertlet_logreg *fit) {
  const size_t bytes = (size_t)fit->size * sizeof(float);
  memcpy(fit->previous_parameters, fit->parameters, bytes);
  memcpy(fit->previous_gradient, fit->gradient, bytes);
  const double objective = fit->objective, largest_gradient = fit->largest_gradient;

  lbfgs_direction(&fit->memory, fit->gradient, fit->direction);
  const double slope = vector_dot(fit->gradient, fit->direction, fit->size);
  line_search search;
  search_verdict verdict = SEARCH_FAILED;
  if (slope < 0) {
    /* A quasi-Newton direction comes with a step length, 1; steepest descent begins with a step as long as 1. */
    const double length = sqrt(vector_dot(fit->direction, fit->direction, fit->size));
    line_search_begin(&search, objective, slope, fit->memory.pairs ? 1 : 1 / length, OBJECTIVE_NOISE * objective);
    do {
      memcpy(fit->parameters, fit->previous_parameters, bytes);
      vector_add(fit->parameters, search.step, fit->direction, fit->size);
      evaluate(fit);
      verdict = line_search_next(&search, fit->objective, vector_dot(fit->gradient, fit->direction, fit->size));
    } while (verdict == SEARCH_GOES_ON);
  }
  if (verdict == SEARCH_FOUND) return true;

  memcpy(fit->parameters, fit->previous_parameters, bytes);
  memcpy(fit->gradient, fit->previous_gradient, bytes);
  fit->objective = objective;
  fit->largest_gradient = largest_gradient;
  return false;
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

int32_t bertlet_logreg_step(bertlet_logreg *fit) {
  if (fit->state != BERTLET_FIT_RUNNING) return fit->state;
  bool moved = move(fit);
  if (!moved && fit->memory.pairs > 0) {
    /* Rounding errors may have spoilt the pairs in memory: try steepest descent before giving up. */
    lbfgs_forget(&fit->memory);
    moved = move(fit);
  }
  if (moved)
    lbfgs_learn(&fit->memory, fit->previous_parameters, fit->parameters, fit->previous_gradient, fit->gradient);
  fit->idle_steps = progressed(fit) ? 0 : fit->idle_steps + 1;
  if (fit->largest_gradient <= fit->tolerance)
    fit->state = BERTLET_FIT_CONVERGED;
  else if (!moved || fit->idle_steps == PATIENCE)
    fit->state = BERTLET_FIT_STALLED;
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
