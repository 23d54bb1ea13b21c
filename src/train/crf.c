/* Linear-chain conditional random fields: Lafferty, McCallum & Pereira 2001; forward-backward as in Sutton & McCallum
 * 2012, https://arxiv.org/abs/1011.4088, section 4.1, in logarithms. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "bertlet.h"

/* log sum_i e^(values[i] + other[i * stride]) */
static double log_sum_exp(const double *values, const float *other, int32_t stride, int32_t n) {
  double largest = -INFINITY, sum = 0;
  for (int32_t i = 0; i < n; i++) largest = fmax(largest, values[i] + (double)other[(size_t)i * stride]);
  if (largest == -INFINITY) return largest;
  for (int32_t i = 0; i < n; i++) sum += exp(values[i] + (double)other[(size_t)i * stride] - largest);
  return largest + log(sum);
}

size_t bertlet_crf_bytes(int32_t length, int32_t tags) {
  if (length < 1 || tags < 1) return 0;
  arena memory = {0};
  arena_alloc(&memory, saturating_mul((uint64_t)length, (uint64_t)tags), 2 * sizeof(double));
  return arena_bytes(&memory);
}

/* Of one sequence: returns factor * loss, and replaces emissions [length][tags] by its derivatives. */
static double sequence_loss(float *emissions, const int32_t *labels, int32_t length, int32_t tags,
                            const float *transitions, double factor, double *forward, float *gradient) {
  const float *begin = transitions + (size_t)tags * tags;
  float *begin_gradient = gradient + (size_t)tags * tags;
  double *backward = forward + (size_t)length * tags; /* both [length][tags] */

  double score = (double)begin[labels[0]];
  for (int32_t k = 0; k < tags; k++) forward[k] = (double)begin[k] + (double)emissions[k];
  for (int32_t t = 0; t < length; t++) {
    const float *emission = emissions + (size_t)t * tags;
    score += (double)emission[labels[t]];
    if (t == 0) continue;
    score += (double)transitions[(size_t)labels[t - 1] * tags + labels[t]];
    for (int32_t k = 0; k < tags; k++)
      forward[(size_t)t * tags + k] =
          log_sum_exp(forward + (size_t)(t - 1) * tags, transitions + k, tags, tags) + (double)emission[k];
  }
  const float zero = 0;
  const double total = log_sum_exp(forward + (size_t)(length - 1) * tags, &zero, 0, tags);

  /* backward[t][k]: log of the sum over all continuations after t, given tag k at t. `after`: that of t + 1, with the
   * emission of t + 1 added. */
  for (int32_t k = 0; k < tags; k++) backward[(size_t)(length - 1) * tags + k] = 0;
  for (int32_t t = length - 2; t >= 0; t--) {
    double *after = backward + (size_t)(t + 1) * tags, *here = backward + (size_t)t * tags;
    const double *before = forward + (size_t)t * tags;
    for (int32_t k = 0; k < tags; k++) after[k] += (double)emissions[(size_t)(t + 1) * tags + k];
    for (int32_t j = 0; j < tags; j++) here[j] = log_sum_exp(after, transitions + (size_t)j * tags, 1, tags);
    for (int32_t j = 0; j < tags; j++)
      for (int32_t k = 0; k < tags; k++) {
        const size_t pair = (size_t)j * tags + k;
        gradient[pair] += (float)(factor * exp(before[j] + (double)transitions[pair] + after[k] - total));
      }
    for (int32_t k = 0; k < tags; k++) after[k] -= (double)emissions[(size_t)(t + 1) * tags + k];
  }

  for (int32_t t = 0; t < length; t++) {
    float *emission = emissions + (size_t)t * tags;
    for (int32_t k = 0; k < tags; k++)
      emission[k] = (float)(factor * exp(forward[(size_t)t * tags + k] + backward[(size_t)t * tags + k] - total));
    if (t == 0)
      for (int32_t k = 0; k < tags; k++) begin_gradient[k] += emission[k];
    emission[labels[t]] -= (float)factor;
    if (t > 0) gradient[(size_t)labels[t - 1] * tags + labels[t]] -= (float)factor;
  }
  begin_gradient[labels[0]] -= (float)factor;
  return factor * (total - score);
}

double bertlet_crf_loss(float *emissions, const int32_t *labels, const int32_t *starts, int32_t sequences, int32_t tags,
                        const float *transitions, void *block, float *gradient) {
  const int32_t rows = starts[sequences];
  for (int32_t row = 0; row < rows; row++)
    if (labels[row] < 0 || labels[row] >= tags) return BERTLET_ERROR_ARGUMENT;
  double loss = 0;
  for (int32_t sequence = 0; sequence < sequences; sequence++) {
    const int32_t first = starts[sequence], length = starts[sequence + 1] - first;
    if (length > 0)
      loss += sequence_loss(emissions + (size_t)first * tags, labels + first, length, tags, transitions, 1.0 / rows,
                            block, gradient);
  }
  return isfinite(loss) ? loss : (double)BERTLET_ERROR_NUMERIC;
}
