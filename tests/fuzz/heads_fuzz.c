/* Fuzz target: what heads compute, for any sizes and any numbers, NaN and infinity included: within their arrays, and
 * for ordinary numbers near the definition in double. */
#include "models.h"

static void check_linear(input *in, bool wild) {
  int32_t rows = take_below(in, 9), inputs = 1 + take_below(in, 70), outputs = 1 + take_below(in, 20);
  float *x = floats_of(in, (size_t)rows * (size_t)inputs, wild),
        *w = floats_of(in, (size_t)outputs * (size_t)inputs, wild);
  float *bias = floats_of(in, (size_t)outputs, wild), *logits = floats_of(in, (size_t)rows * (size_t)outputs, false);
  bertlet_linear(x, rows, inputs, w, bias, outputs, logits);
  for (int32_t row = 0; row < rows && !wild; row++)
    for (int32_t k = 0; k < outputs; k++) {
      double sum = bias[k];
      for (int32_t i = 0; i < inputs; i++) sum += (double)x[row * inputs + i] * w[k * inputs + i];
      REQUIRE(fabs(logits[row * outputs + k] - sum) < 1e-3);
    }
  bertlet_softmax(logits, rows, outputs);
  for (int32_t row = 0; row < rows && !wild; row++) {
    double sum = 0;
    for (int32_t k = 0; k < outputs; k++) sum += logits[row * outputs + k];
    REQUIRE(fabs(sum - 1) < 1e-4);
  }
  free(logits), free(bias), free(w), free(x);
}

static void check_pooling(input *in, bool wild) {
  int32_t starts[6] = {0}, sequences = take_below(in, 6), size = 1 + take_below(in, 40);
  for (int32_t i = 0; i < sequences; i++) starts[i + 1] = starts[i] + 1 + take_below(in, 6);
  float *hidden = floats_of(in, (size_t)starts[sequences] * (size_t)size, wild);
  float *pooled = floats_of(in, (size_t)sequences * (size_t)size, false);
  bertlet_pooling pooling = take_below(in, 3);
  bool normalize = take_below(in, 2);
  bertlet_pool(hidden, starts, sequences, size, pooling, normalize, pooled);
  for (int32_t i = 0; i < sequences && !wild; i++) {
    double length = 0;
    for (int32_t k = 0; k < size; k++) {
      float value = pooled[i * size + k];
      length += (double)value * value;
      if (!normalize && pooling == BERTLET_POOL_CLS) REQUIRE(value == hidden[starts[i] * size + k]);
    }
    if (normalize) REQUIRE(length < 1e-6 || fabs(length - 1) < 1e-4);
  }
  free(pooled), free(hidden);
}

static void check_rows(input *in, bool wild) {
  int32_t rows = take_below(in, 6), columns = 1 + take_below(in, 70);
  size_t count = (size_t)rows * (size_t)columns;
  float *values = floats_of(in, count, wild), *gamma = floats_of(in, (size_t)columns, wild),
        *beta = floats_of(in, (size_t)columns, wild);
  bertlet_activate(values, (int32_t)count, take_below(in, 4));
  for (size_t i = 0; i < count && !wild; i++) REQUIRE(isfinite(values[i]));
  bertlet_layer_norm(values, rows, columns, gamma, beta, 1e-5f);
  for (size_t i = 0; i < count && !wild; i++) REQUIRE(isfinite(values[i]));
  free(beta), free(gamma), free(values);
}

static void check_word_logits(input *in, bool wild) {
  bertlet_config config = take_config(in);
  bertlet_model *model = make_model(&config);
  if (!model) return;
  fill(model, 1);
  int32_t rows = take_below(in, 6), size = config.embedding_size ? config.embedding_size : config.hidden_size;
  size_t count = (size_t)rows * (size_t)config.vocab_size;
  float *features = floats_of(in, (size_t)rows * (size_t)size, wild),
        *bias = floats_of(in, (size_t)config.vocab_size, wild);
  float *logits = floats_of(in, count, false);
  bertlet_status status = bertlet_word_logits(model, features, rows, bias, logits);
  REQUIRE(status == BERTLET_OK || (wild && status == BERTLET_ERROR_NUMERIC));
  for (size_t i = 0; i < count && status == BERTLET_OK; i++) REQUIRE(isfinite(logits[i]));
  free(logits), free(bias), free(features), free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  bool wild = take_below(&in, 2);
  check_linear(&in, wild);
  check_pooling(&in, wild);
  check_rows(&in, wild);
  check_word_logits(&in, wild);
  return 0;
}
