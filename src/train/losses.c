/* Losses of a head's logits. Each returns the mean loss and replaces every logit by the derivative of that mean by it.
 */
#include <math.h>

#include "bertlet.h"
#include "kernels/kernels.h"

/* What a loss function returns for this loss. */
static double checked(double loss) { return isfinite(loss) ? loss : (double)BERTLET_ERROR_NUMERIC; }

/* factor * cross entropy, which is -log softmax(z)[label], of the n logits z[0], z[stride], z[2 stride], ...; they are
 * replaced by its derivatives. */
static double cross_entropy(float *z, int32_t n, int32_t stride, int32_t label, double factor) {
  float largest = z[0];
  for (int32_t i = 1; i < n; i++) largest = fmaxf(largest, z[(size_t)i * stride]);
  const double own = (double)(z[(size_t)label * stride] - largest);
  double sum = 0;
  for (int32_t i = 0; i < n; i++) {
    float *value = z + (size_t)i * stride;
    *value = expf(*value - largest);
    sum += (double)*value;
  }
  const float scale = (float)(factor / sum);
  for (int32_t i = 0; i < n; i++) z[(size_t)i * stride] *= scale;
  z[(size_t)label * stride] -= (float)factor;
  return factor * (log(sum) - own);
}

double bertlet_softmax_loss(float *logits, const int32_t *labels, const float *sample_weight, int32_t rows,
                            int32_t classes) {
  double total = 0, loss = 0;
  for (int32_t row = 0; row < rows; row++) {
    if (labels[row] < 0 || labels[row] >= classes) return BERTLET_ERROR_ARGUMENT;
    total += sample_weight ? (double)sample_weight[row] : 1;
  }
  if (!(total > 0)) return BERTLET_ERROR_ARGUMENT;
  for (int32_t row = 0; row < rows; row++) {
    const double factor = (sample_weight ? (double)sample_weight[row] : 1) / total;
    loss += cross_entropy(logits + (size_t)row * classes, classes, 1, labels[row], factor);
  }
  return checked(loss);
}

double bertlet_sigmoid_loss(float *logits, const uint8_t *targets, const float *class_weight, int32_t rows,
                            int32_t classes) {
  const double share = 1 / ((double)rows * classes);
  double loss = 0;
  for (int32_t row = 0; row < rows; row++)
    for (int32_t k = 0; k < classes; k++) {
      float *z = logits + (size_t)row * classes + k;
      const bool is = targets[(size_t)row * classes + k];
      const double factor = is && class_weight ? share * (double)class_weight[k] : share;
      const double margin = (double)(is ? *z : -*z), small = exp(-fabs(margin));
      loss += factor * (log1p(small) + fmax(-margin, 0));
      const double residual = factor * (margin > 0 ? small : 1) / (1 + small);
      *z = (float)(is ? -residual : residual);
    }
  return checked(loss);
}

double bertlet_span_loss(float *logits, const int32_t *starts, const int32_t *spans, int32_t sequences) {
  double loss = 0;
  for (int32_t sequence = 0; sequence < sequences; sequence++) {
    const int32_t length = starts[sequence + 1] - starts[sequence];
    for (int32_t end = 0; end < 2; end++) {
      const int32_t position = spans[2 * sequence + end];
      if (position < 0 || position >= length) return BERTLET_ERROR_ARGUMENT;
      loss += cross_entropy(logits + (size_t)2 * starts[sequence] + end, length, 2, position, 0.5 / sequences);
    }
  }
  return checked(loss);
}
