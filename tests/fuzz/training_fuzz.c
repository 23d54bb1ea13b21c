/* Fuzz target: trainers of heads and their losses, for any sizes, labels and numbers: they refuse by a status, or give
 * finite weights. */
#include "fuzz.h"

static bool all_finite(const float *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i])) return false;
  return true;
}

static bool is_status(double loss) {
  return loss == (double)BERTLET_ERROR_ARGUMENT || loss == (double)BERTLET_ERROR_NUMERIC;
}

static int32_t *labels_of(input *in, int32_t count, int32_t classes) {
  int32_t *labels = malloc((size_t)count * sizeof *labels + 1);
  bool wild = take_below(in, 8) == 0;
  for (int32_t i = 0; i < count; i++) labels[i] = wild ? take_wild(in, classes) : take_below(in, classes);
  return labels;
}

/* How many multiplications a call is to do: few, which makes many slices, or all. */
static double slice_of(input *in) { return take_below(in, 2) ? 1 + take_below(in, 200) : INFINITY; }

static void run_mlp(input *in, bertlet_mlp *mlp) {
  while (!bertlet_mlp_run(mlp, slice_of(in))) continue;
}

static void check_logreg(input *in, bool wild) {
  int32_t rows = take_wild(in, 20), features = take_wild(in, 12), classes = take_wild(in, 5);
  size_t bytes = bertlet_logreg_bytes(rows, features, classes);
  REQUIRE((bytes > 0) || rows < 1 || features < 1 || classes < 2 || classes * ((int64_t)features + 1) > INT32_MAX / 2 ||
          rows > 1000);
  if (bytes == 0 || rows > 100 || features > 100 || classes > 100) return;
  float *x = floats_of(in, (size_t)rows * (size_t)features, wild), *sample_weight = floats_of(in, (size_t)rows, wild);
  int32_t *labels = labels_of(in, rows, classes);
  void *block = block_of(bytes);
  bertlet_logreg *fit = bertlet_logreg_init(block, x, labels, rows, features, classes);
  if (fit) {
    static const double strengths[] = {1, 1e-3, 1e6, INFINITY, 0, -1, NAN};
    double c = strengths[take_below(in, 7)];
    int32_t state =
        bertlet_logreg_start(fit, take_below(in, 2) ? sample_weight : NULL, c, take_below(in, 2) ? 1e-4 : 0);
    REQUIRE(state == BERTLET_OK || is_status(state));
    REQUIRE(c > 0 || state == BERTLET_ERROR_ARGUMENT);
    for (int32_t step = 0; step < 30 && state == BERTLET_FIT_RUNNING; step++) {
      do state = bertlet_logreg_step(fit, slice_of(in));
      while (state == BERTLET_FIT_UNFINISHED);
    }
    if (state >= 0) {
      float *weight = floats_of(in, (size_t)classes * (size_t)features, false),
            *bias = floats_of(in, (size_t)classes, false);
      bertlet_logreg_weights(fit, weight, bias);
      REQUIRE(all_finite(weight, (size_t)classes * (size_t)features) && all_finite(bias, (size_t)classes));
      free(bias), free(weight);
    }
  }
  free(block);
  free(labels), free(sample_weight), free(x);
}

static void check_mlp(input *in, bool wild) {
  int32_t inputs = take_wild(in, 12), hidden = take_wild(in, 6), outputs = take_wild(in, 5), most = take_wild(in, 9);
  size_t bytes = bertlet_mlp_bytes(inputs, hidden, outputs, most, 0);
  if (bytes == 0 || bytes > (1u << 20)) return;
  bertlet_mlp *mlp = bertlet_mlp_init(block_of(bytes), inputs, hidden, outputs, most, 0);
  REQUIRE(mlp);
  float *parameters = bertlet_mlp_parameters(mlp);
  for (int32_t i = 0; i < bertlet_mlp_parameter_count(mlp); i++) parameters[i] = take_float(in, false);
  for (int32_t step = 0; step < 3; step++) {
    int32_t count = take_below(in, most + 1);
    float *x = floats_of(in, (size_t)count * (size_t)inputs, wild),
          *logits = floats_of(in, (size_t)count * (size_t)outputs, false);
    int32_t *labels = labels_of(in, count, outputs);
    REQUIRE(bertlet_mlp_forward(mlp, x, NULL, count, logits) == BERTLET_OK);
    run_mlp(in, mlp);
    double loss = count > 0 ? bertlet_softmax_loss(logits, labels, NULL, count, outputs) : 0;
    REQUIRE(isfinite(loss) && (loss >= 0 || is_status(loss)));
    if (count > 0 && loss >= 0) {
      REQUIRE(all_finite(logits, (size_t)count * (size_t)outputs));
      bertlet_mlp_backward(mlp, logits);
      run_mlp(in, mlp);
      bertlet_mlp_step(mlp, 1e-3, 0.01);
      run_mlp(in, mlp);
    }
    free(labels), free(logits), free(x);
  }
  REQUIRE(bertlet_mlp_forward(mlp, parameters, NULL, most + 1, parameters) == BERTLET_ERROR_ARGUMENT);
  if (!wild) REQUIRE(all_finite(parameters, (size_t)bertlet_mlp_parameter_count(mlp)));
  free(mlp);
}

static void check_losses(input *in, bool wild) {
  int32_t starts[5] = {0}, spans[8], sequences = 1 + take_below(in, 4), longest = 0, tags = 1 + take_below(in, 6);
  for (int32_t i = 0; i < sequences; i++) {
    int32_t length = 1 + take_below(in, 7);
    if (length > longest) longest = length;
    starts[i + 1] = starts[i] + length;
    for (int32_t k = 0; k < 2; k++)
      spans[2 * i + k] = take_below(in, 16) ? take_below(in, length) : take_wild(in, length);
  }
  int32_t tokens = starts[sequences];
  float *logits = floats_of(in, 2 * (size_t)tokens, wild),
        *emissions = floats_of(in, (size_t)tokens * (size_t)tags, wild);
  float *transitions = floats_of(in, (size_t)(tags + 1) * (size_t)tags, wild);
  float *gradient = calloc((size_t)(tags + 1) * (size_t)tags, sizeof *gradient);
  int32_t *labels = labels_of(in, tokens, tags);
  void *block = block_of(bertlet_crf_bytes(longest, tags));
  uint8_t *targets = malloc((size_t)tokens * (size_t)tags);
  for (int32_t i = 0; i < tokens * tags; i++) targets[i] = (uint8_t)take_below(in, 2);

  bertlet_crf *crf = bertlet_crf_init(block, longest, tags);
  double loss = bertlet_crf_start(crf, emissions, labels, starts, sequences, transitions, gradient);
  if (loss >= 0) {
    while (!bertlet_crf_run(crf, slice_of(in))) continue;
    loss = bertlet_crf_loss(crf);
  }
  REQUIRE(is_status(loss) || (loss > -1e-3 && isfinite(loss)));
  if (!is_status(loss) && !wild) REQUIRE(all_finite(emissions, (size_t)tokens * (size_t)tags));
  loss = bertlet_span_loss(logits, starts, spans, sequences);
  REQUIRE(is_status(loss) || (loss >= 0 && isfinite(loss)));
  free(emissions);
  emissions = floats_of(in, (size_t)tokens * (size_t)tags, wild);
  loss = bertlet_sigmoid_loss(emissions, targets, NULL, tokens, tags);
  REQUIRE(is_status(loss) || (loss >= 0 && isfinite(loss)));
  free(targets), free(block), free(labels), free(gradient), free(transitions), free(emissions), free(logits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  bool wild = take_below(&in, 2);
  check_logreg(&in, wild);
  check_mlp(&in, wild);
  check_losses(&in, wild);
  return 0;
}
