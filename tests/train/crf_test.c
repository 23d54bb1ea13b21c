/* Conditional random fields against their definition: all taggings of short sequences, one by one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bertlet.h"
#include "model/support.h"

enum { MOST_TAGS = 4, MOST_ROWS = 12, PARAMETERS = (MOST_TAGS + 1) * MOST_TAGS };

typedef struct problem {
  int32_t tags, sequences, starts[4], labels[MOST_ROWS];
  float emissions[MOST_ROWS * MOST_TAGS], transitions[PARAMETERS];
} problem;

static float uniform(uint32_t *state) { return (float)(random_number(state) % 2001) / 500 - 2; }

static problem random_problem(uint32_t seed) {
  const int32_t lengths[] = {1 + (int32_t)(seed % 5), 1, 6};
  problem p = {.tags = 2 + (int32_t)(seed % 3), .sequences = 3};
  uint32_t state = seed + 1;
  for (int32_t i = 0; i < p.sequences; i++) p.starts[i + 1] = p.starts[i] + lengths[i];
  for (int32_t i = 0; i < MOST_ROWS; i++) p.labels[i] = (int32_t)(random_number(&state) % (uint32_t)p.tags);
  for (int32_t i = 0; i < MOST_ROWS * MOST_TAGS; i++) p.emissions[i] = uniform(&state);
  for (int32_t i = 0; i < PARAMETERS; i++) p.transitions[i] = uniform(&state);
  return p;
}

static double score(const problem *p, int32_t sequence, const int32_t *labels) {
  double sum = 0;
  for (int32_t t = p->starts[sequence]; t < p->starts[sequence + 1]; t++) {
    const int32_t from = t == p->starts[sequence] ? p->tags : labels[t - 1];
    sum += (double)p->transitions[from * p->tags + labels[t]] + (double)p->emissions[t * p->tags + labels[t]];
  }
  return sum;
}

/* Counts through all taggings like an odometer. False after the last. */
static bool next_tagging(const problem *p, int32_t sequence, int32_t *labels) {
  for (int32_t t = p->starts[sequence]; t < p->starts[sequence + 1]; t++) {
    if (++labels[t] < p->tags) return true;
    labels[t] = 0;
  }
  return false;
}

static double loss_by_definition(const problem *p) {
  double loss = 0;
  for (int32_t sequence = 0; sequence < p->sequences; sequence++) {
    int32_t labels[MOST_ROWS] = {0};
    double sum = 0;
    do sum += exp(score(p, sequence, labels));
    while (next_tagging(p, sequence, labels));
    loss += log(sum) - score(p, sequence, p->labels);
  }
  return loss / p->starts[p->sequences];
}

/* In slices of so many multiplications. */
static double loss_in_slices(const problem *p, float *emissions, float *gradient, double multiplications) {
  bertlet_crf *crf = bertlet_crf_init(allocate(bertlet_crf_bytes(6, p->tags)), 6, p->tags);
  memcpy(emissions, p->emissions, sizeof p->emissions);
  const bertlet_status status =
      bertlet_crf_start(crf, emissions, p->labels, p->starts, p->sequences, p->transitions, gradient);
  double loss = (double)status;
  if (status == BERTLET_OK) {
    while (!bertlet_crf_run(crf, multiplications)) continue;
    loss = bertlet_crf_loss(crf);
  }
  free(crf);
  return loss;
}

static double loss_of(const problem *p, float *emissions, float *gradient) {
  return loss_in_slices(p, emissions, gradient, (double)INFINITY);
}

/* The slope of the definition's loss by one of its numbers, by finite differences. */
static double slope(problem *p, float *number) {
  const float here = *number;
  *number = here + 0.01f;
  const double above = loss_by_definition(p), high = (double)*number;
  *number = here - 0.01f;
  const double below = loss_by_definition(p), low = (double)*number;
  *number = here;
  return (above - below) / (high - low);
}

static void loss_and_gradient(uint32_t seed) {
  problem p = random_problem(seed);
  float emissions[MOST_ROWS * MOST_TAGS], gradient[PARAMETERS] = {0};
  CHECK(fabs(loss_of(&p, emissions, gradient) - loss_by_definition(&p)) <= 1e-6);
  for (int32_t i = 0; i < p.starts[p.sequences] * p.tags; i++)
    CHECK(fabs((double)emissions[i] - slope(&p, p.emissions + i)) <= 1e-5);
  for (int32_t i = 0; i < (p.tags + 1) * p.tags; i++)
    CHECK(fabs((double)gradient[i] - slope(&p, p.transitions + i)) <= 1e-5);
  /* It is added to what is there. */
  float twice[PARAMETERS];
  memcpy(twice, gradient, sizeof gradient);
  loss_of(&p, emissions, twice);
  for (int32_t i = 0; i < (p.tags + 1) * p.tags; i++) CHECK(fabsf(twice[i] - 2 * gradient[i]) <= 1e-6f);
}

/* In the smallest slices, or in odd ones: the same bits. */
static void in_slices(uint32_t seed) {
  problem p = random_problem(seed);
  const double slices[] = {1, 100, 1000};
  for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
    float emissions[2][MOST_ROWS * MOST_TAGS], gradient[2][PARAMETERS] = {{0}, {0}};
    CHECK(loss_of(&p, emissions[0], gradient[0]) == loss_in_slices(&p, emissions[1], gradient[1], slices[i]));
    CHECK(memcmp(emissions[0], emissions[1], sizeof emissions[0]) == 0);
    CHECK(memcmp(gradient[0], gradient[1], sizeof gradient[0]) == 0);
  }
}

/* Scores far beyond what e^z can hold, and transitions that are out of the question. */
static void extreme_scores(void) {
  problem p = random_problem(1);
  float emissions[MOST_ROWS * MOST_TAGS], gradient[PARAMETERS] = {0};
  for (int32_t i = 0; i < MOST_ROWS * MOST_TAGS; i++) p.emissions[i] *= 1000;
  for (int32_t t = 1; t < MOST_ROWS; t++) p.labels[t] = 1;
  p.transitions[0] = -1e4f;
  const double loss = loss_of(&p, emissions, gradient);
  CHECK(loss > 0 && isfinite(loss));
  for (int32_t i = 0; i < PARAMETERS; i++) CHECK(isfinite(gradient[i]));
}

static void bad_arguments(void) {
  CHECK(bertlet_crf_bytes(0, 2) == 0);
  CHECK(bertlet_crf_bytes(2, 0) == 0);
  problem p = random_problem(2);
  float emissions[MOST_ROWS * MOST_TAGS], gradient[PARAMETERS] = {0};
  p.labels[1] = p.tags;
  CHECK(loss_of(&p, emissions, gradient) == (double)BERTLET_ERROR_ARGUMENT);
  p.labels[1] = -1;
  CHECK(loss_of(&p, emissions, gradient) == (double)BERTLET_ERROR_ARGUMENT);
  p.labels[1] = 0;
  p.emissions[3] = NAN;
  CHECK(loss_of(&p, emissions, gradient) == (double)BERTLET_ERROR_NUMERIC);
}

int main(void) {
  for (uint32_t seed = 0; seed < 30; seed++) {
    loss_and_gradient(seed);
    in_slices(seed);
  }
  extreme_scores();
  bad_arguments();
  return report();
}
