/* Linear-chain conditional random fields: Lafferty, McCallum & Pereira 2001; forward-backward as in Sutton & McCallum
 * 2012, https://arxiv.org/abs/1011.4088, section 4.1, in logarithms. */
#include <math.h>

#include "base/arena.h"
#include "bertlet.h"
#include "train/slices.h"

/* log sum_i e^(values[i] + other[i * stride]) */
static double log_sum_exp(const double *values, const float *other, int32_t stride, int32_t n) {
  double largest = -INFINITY, sum = 0;
  for (int32_t i = 0; i < n; i++) largest = fmax(largest, values[i] + (double)other[(size_t)i * stride]);
  if (largest == -INFINITY) return largest;
  for (int32_t i = 0; i < n; i++) sum += exp(values[i] + (double)other[(size_t)i * stride] - largest);
  return largest + log(sum);
}

/* What bertlet_crf_run() does next, for each sequence: in slices over places (tokens times tags) or over tokens. */
typedef enum stage { DONE, FORWARD, BACKWARD, MARGINALS } stage;

struct bertlet_crf {
  float *emissions; /* [tokens][tags]; replaced by the derivatives */
  const int32_t *labels, *starts;
  int32_t sequences, tags;
  const float *transitions;
  float *gradient;

  double *forward, *backward; /* [length of a sequence][tags] */

  double loss; /* of the sequences so far */
  stage stage;
  int32_t at;       /* the slices of the stage so far have done 0 .. at - 1 */
  int32_t sequence; /* at which it is */
  double score;     /* of its tags; `total`: log of the sum over all tags */
  double total;
};

/* Lays it out in `block`, or measures it when `block` is NULL. */
static size_t lay_out(bertlet_crf *crf, void *block, int32_t length, int32_t tags) {
  if (length < 1 || tags < 1) return 0;
  const uint64_t places = saturating_mul((uint64_t)length, (uint64_t)tags);
  arena memory = {.base = block};
  arena_alloc(&memory, 1, sizeof *crf);
  *crf = (bertlet_crf){.tags = tags, .stage = DONE};
  crf->forward = arena_alloc(&memory, places, sizeof(double));
  crf->backward = arena_alloc(&memory, places, sizeof(double));
  return places <= INT32_MAX ? arena_bytes(&memory) : 0;
}

size_t bertlet_crf_bytes(int32_t length, int32_t tags) {
  bertlet_crf measured;
  return lay_out(&measured, NULL, length, tags);
}

bertlet_crf *bertlet_crf_init(void *block, int32_t length, int32_t tags) {
  bertlet_crf *crf = block;
  return lay_out(crf, block, length, tags) > 0 ? crf : NULL;
}

static int32_t length_of(const bertlet_crf *crf) { return crf->starts[crf->sequence + 1] - crf->starts[crf->sequence]; }

/* Begins with the next sequence that is not empty. */
static void enter_sequence(bertlet_crf *crf, int32_t sequence) {
  for (crf->sequence = sequence; crf->sequence < crf->sequences && length_of(crf) == 0;) crf->sequence++;
  crf->stage = crf->sequence < crf->sequences ? FORWARD : DONE;
  crf->at = 0;
}

bertlet_status bertlet_crf_start(bertlet_crf *crf, float *emissions, const int32_t *labels, const int32_t *starts,
                                 int32_t sequences, const float *transitions, float *gradient) {
  crf->stage = DONE;
  for (int32_t row = 0; row < starts[sequences]; row++)
    if (labels[row] < 0 || labels[row] >= crf->tags) return BERTLET_ERROR_ARGUMENT;
  crf->emissions = emissions;
  crf->labels = labels;
  crf->starts = starts;
  crf->sequences = sequences;
  crf->transitions = transitions;
  crf->gradient = gradient;
  crf->loss = 0;
  enter_sequence(crf, 0);
  return BERTLET_OK;
}

/* ---- One sequence ------------------------------------------------------------------------------------------------ */

static float *emissions_of(const bertlet_crf *crf, int32_t t) {
  return crf->emissions + (size_t)(crf->starts[crf->sequence] + t) * crf->tags;
}

static const int32_t *labels_of(const bertlet_crf *crf) { return crf->labels + crf->starts[crf->sequence]; }

/* forward[t][k]: log of the sum over all tags before t, given tag k at t. */
static void forward(bertlet_crf *crf, int32_t from, int32_t to) {
  const int32_t tags = crf->tags, *labels = labels_of(crf);
  const float *transitions = crf->transitions, *first = transitions + (size_t)tags * tags;
  if (from == 0) crf->score = (double)first[labels[0]];
  for (int32_t place = from; place < to; place++) {
    const int32_t t = place / tags, k = place % tags;
    const float *emission = emissions_of(crf, t);
    if (k == 0) crf->score += (double)emission[labels[t]];
    if (k == 0 && t > 0) crf->score += (double)transitions[(size_t)labels[t - 1] * tags + labels[t]];
    const double before =
        t == 0 ? (double)first[k] : log_sum_exp(crf->forward + (size_t)(t - 1) * tags, transitions + k, tags, tags);
    crf->forward[place] = before + (double)emission[k];
  }
  const int32_t length = length_of(crf);
  if (to < length * tags) return;
  const float zero = 0;
  crf->total = log_sum_exp(crf->forward + (size_t)(length - 1) * tags, &zero, 0, tags);
  for (int32_t k = 0; k < tags; k++) crf->backward[(size_t)(length - 1) * tags + k] = 0;
  crf->stage = length > 1 ? BACKWARD : MARGINALS;
  crf->at = 0;
}

/* backward[t][j]: log of the sum over all continuations after t, given tag j at t. `after`: that of t + 1, with the
 * emission of t + 1 added. From the last token to the first. */
static void backward(bertlet_crf *crf, double factor, int32_t from, int32_t to) {
  const int32_t tags = crf->tags, last = length_of(crf) - 1;
  for (int32_t place = from; place < to; place++) {
    const int32_t t = last - 1 - place / tags, j = place % tags;
    const float *transitions = crf->transitions + (size_t)j * tags, *emission = emissions_of(crf, t + 1);
    double *after = crf->backward + (size_t)(t + 1) * tags;
    const double before = crf->forward[(size_t)t * tags + j];
    float *gradient = crf->gradient + (size_t)j * tags;
    if (j == 0)
      for (int32_t k = 0; k < tags; k++) after[k] += (double)emission[k];
    crf->backward[(size_t)t * tags + j] = log_sum_exp(after, transitions, 1, tags);
    for (int32_t k = 0; k < tags; k++)
      gradient[k] += (float)(factor * exp(before + (double)transitions[k] + after[k] - crf->total));
    if (j == tags - 1)
      for (int32_t k = 0; k < tags; k++) after[k] -= (double)emission[k];
  }
  if (to < last * tags) return;
  crf->stage = MARGINALS;
  crf->at = 0;
}

/* Makes derivatives of the emissions. */
static void marginals(bertlet_crf *crf, double factor, int32_t from, int32_t to) {
  const int32_t tags = crf->tags, *labels = labels_of(crf);
  float *gradient = crf->gradient, *first = gradient + (size_t)tags * tags;
  for (int32_t t = from; t < to; t++) {
    float *emission = emissions_of(crf, t);
    const double *before = crf->forward + (size_t)t * tags, *after = crf->backward + (size_t)t * tags;
    for (int32_t k = 0; k < tags; k++) emission[k] = (float)(factor * exp(before[k] + after[k] - crf->total));
    if (t == 0)
      for (int32_t k = 0; k < tags; k++) first[k] += emission[k];
    emission[labels[t]] -= (float)factor;
    if (t > 0) gradient[(size_t)labels[t - 1] * tags + labels[t]] -= (float)factor;
  }
  if (to < length_of(crf)) return;
  first[labels[0]] -= (float)factor;
  crf->loss += factor * (crf->total - crf->score);
  enter_sequence(crf, crf->sequence + 1);
}

/* ---- Slices ------------------------------------------------------------------------------------------------------ */

bool bertlet_crf_run(bertlet_crf *crf, double multiplications) {
  const double factor = 1.0 / crf->starts[crf->sequences], tags = crf->tags;
  while (crf->stage != DONE && multiplications > 0) {
    const int32_t length = length_of(crf), from = crf->at;
    const bool is_forward = crf->stage == FORWARD;
    const loop places = {is_forward ? length * crf->tags : (length - 1) * crf->tags, 1,
                         (is_forward ? 2 : 4) * EXPONENTIAL_COST * tags}; /* in double, twice as long */
    const loop tokens = {length, 1, 2 * EXPONENTIAL_COST * tags};
    const int32_t to = crf->at = slice_end(crf->stage == MARGINALS ? &tokens : &places, from, &multiplications);
    if (is_forward)
      forward(crf, from, to);
    else
      (crf->stage == BACKWARD ? backward : marginals)(crf, factor, from, to);
  }
  return crf->stage == DONE;
}

double bertlet_crf_loss(const bertlet_crf *crf) {
  return isfinite(crf->loss) ? crf->loss : (double)BERTLET_ERROR_NUMERIC;
}
