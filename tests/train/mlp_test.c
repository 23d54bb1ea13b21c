/* Heads by AdamW: against PyTorch (fixtures/train/mlp.safetensors), finite differences and their own definition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bertlet.h"
#include "model/support.h"

enum { ROWS = 150, STEPS = 10, SEQUENCES = 5, MOST = 150 * 128 };
static const int32_t starts[SEQUENCES + 1] = {0, 3, 20, 21, 51, 70};

typedef enum loss { SOFTMAX, SIGMOID, SPAN } loss;

typedef struct problem {
  const char *name;
  int32_t inputs, hidden, outputs;
  loss loss;
} problem;

static const problem problems[] = {{"linear", 19, 0, 5, SOFTMAX},
                                   {"hidden", 21, 13, 3, SOFTMAX},
                                   {"many", 16, 9, 70, SOFTMAX},
                                   {"labels", 16, 24, 6, SIGMOID},
                                   {"spans", 24, 0, 2, SPAN}};
enum { PROBLEMS = sizeof problems / sizeof *problems };

/* What a loss says of bad input. */
static bool refuses(double loss, bertlet_status status) { return loss == (double)status; }

static safetensors fixture;

static stored_tensor find(const problem *p, const char *part) {
  char name[64];
  snprintf(name, sizeof name, "%s.%s", p->name, part);
  return safetensors_find(&fixture, name);
}

static const void *data(const problem *p, const char *part) { return find(p, part).data; }

static int32_t batch_rows(const problem *p) { return (int32_t)(find(p, "rows").bytes / sizeof(int32_t) / STEPS); }

static bertlet_mlp *new_head(const problem *p) {
  const int32_t rows = batch_rows(p);
  void *block = allocate(bertlet_mlp_bytes(p->inputs, p->hidden, p->outputs, rows, 0));
  bertlet_mlp *head = bertlet_mlp_init(block, p->inputs, p->hidden, p->outputs, rows, 0);
  const stored_tensor start = find(p, "start");
  CHECK(start.bytes == sizeof(float) * bertlet_mlp_parameter_count(head));
  memcpy(bertlet_mlp_parameters(head), start.data, start.bytes);
  return head;
}

/* Budget of a slice, in multiplications. */
static double slice = INFINITY;

static void run(bertlet_mlp *mlp) {
  while (!bertlet_mlp_run(mlp, slice)) continue;
}

static bertlet_status forward(bertlet_mlp *mlp, const float *features, const int32_t *rows, int32_t count,
                              float *logits) {
  const bertlet_status status = bertlet_mlp_forward(mlp, features, rows, count, logits);
  run(mlp);
  return status;
}

static void backward(bertlet_mlp *mlp, const float *logit_gradient) {
  bertlet_mlp_backward(mlp, logit_gradient);
  run(mlp);
}

static void take_step(bertlet_mlp *mlp, double learning_rate, double weight_decay) {
  bertlet_mlp_step(mlp, learning_rate, weight_decay);
  run(mlp);
}

/* Loss of a batch; `logits` [rows][outputs] become its derivatives. */
static double loss_of(const problem *p, float *logits, const int32_t *rows, int32_t count) {
  if (p->loss == SPAN) return bertlet_span_loss(logits, starts, data(p, "spans"), SEQUENCES);
  int32_t labels[ROWS];
  float sample_weight[ROWS];
  uint8_t targets[ROWS * 128];
  for (int32_t i = 0; i < count; i++) {
    labels[i] = ((const int32_t *)data(p, "labels"))[rows[i]];
    sample_weight[i] = ((const float *)data(p, "sample_weight"))[rows[i]];
    memcpy(targets + i * p->outputs, (const uint8_t *)data(p, "targets") + rows[i] * p->outputs, p->outputs);
  }
  if (p->loss == SOFTMAX) return bertlet_softmax_loss(logits, labels, sample_weight, count, p->outputs);
  return bertlet_sigmoid_loss(logits, targets, data(p, "class_weight"), count, p->outputs);
}

static double largest_difference(const float *a, const float *b, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
  return largest;
}

/* Ten steps: each loss to 1e-5, the parameters after them to 1e-4 (each has moved by up to 0.2). */
static void steps_of_pytorch(const problem *p) {
  const int32_t count = batch_rows(p);
  const double *losses = data(p, "losses");
  const size_t size = find(p, "start").bytes / sizeof(float);
  bertlet_mlp *head = new_head(p);
  float logits[MOST];
  for (int32_t step = 0; step < STEPS; step++) {
    const int32_t *rows = (const int32_t *)data(p, "rows") + step * count;
    CHECK(forward(head, data(p, "features"), rows, count, logits) == BERTLET_OK);
    if (step == 0) CHECK(largest_difference(logits, data(p, "logits"), (size_t)count * p->outputs) <= 1e-5);
    CHECK(fabs(loss_of(p, logits, rows, count) - losses[step]) <= 1e-5 * losses[step]);
    backward(head, logits);
    if (step == 0) CHECK(largest_difference(bertlet_mlp_gradient(head), data(p, "gradient"), size) <= 1e-6);
    take_step(head, 0.02, 0.1);
  }
  /* The loss of spans doesn't change with its biases: their steps are rounding errors, scaled up. */
  const size_t meant = p->loss == SPAN ? size - (size_t)p->outputs : size;
  CHECK(largest_difference(bertlet_mlp_parameters(head), data(p, "end"), meant) <= 1e-4);
  free(head);
}

/* ---- The definition, in double --------------------------------------------------------------------------------- */

/* -log softmax of values 0, stride, 2 stride, ... at one of them. */
static double cross_entropy(const double *z, int32_t n, int32_t stride, int32_t label) {
  double sum = 0;
  for (int32_t i = 0; i < n; i++) sum += exp(z[i * stride] - z[label * stride]);
  return log(sum);
}

static double loss_by_definition(const problem *p, const double *parameters) {
  const int32_t count = batch_rows(p), *rows = data(p, "rows"), *labels = data(p, "labels");
  const double *w1 = parameters, *b1 = w1 + p->hidden * p->inputs, *w2 = b1 + p->hidden;
  const int32_t width = p->hidden ? p->hidden : p->inputs;
  const double *b2 = w2 + p->outputs * width;
  double z[MOST], loss = 0, total = 0;
  for (int32_t i = 0; i < count; i++) {
    const float *x = (const float *)data(p, "features") + rows[i] * p->inputs;
    double hidden[64];
    for (int32_t h = 0; h < width; h++) {
      hidden[h] = p->hidden ? b1[h] : (double)x[h];
      for (int32_t k = 0; p->hidden && k < p->inputs; k++) hidden[h] += w1[h * p->inputs + k] * (double)x[k];
      if (p->hidden && hidden[h] < 0) hidden[h] = 0;
    }
    for (int32_t k = 0; k < p->outputs; k++) {
      z[i * p->outputs + k] = b2[k];
      for (int32_t h = 0; h < width; h++) z[i * p->outputs + k] += w2[k * width + h] * hidden[h];
    }
    const double *logits = z + i * p->outputs;
    if (p->loss == SOFTMAX) {
      const double weight = (double)((const float *)data(p, "sample_weight"))[rows[i]];
      loss += weight * cross_entropy(logits, p->outputs, 1, labels[rows[i]]);
      total += weight;
    }
    for (int32_t k = 0; p->loss == SIGMOID && k < p->outputs; k++) {
      const bool is = ((const uint8_t *)data(p, "targets"))[rows[i] * p->outputs + k];
      const double weight = is ? (double)((const float *)data(p, "class_weight"))[k] : 1;
      loss += weight * log1p(exp(is ? -logits[k] : logits[k]));
      total += 1;
    }
  }
  for (int32_t i = 0; p->loss == SPAN && i < 2 * SEQUENCES; i++) {
    const int32_t first = starts[i / 2], length = starts[i / 2 + 1] - first;
    loss += cross_entropy(z + 2 * first + i % 2, length, 2, ((const int32_t *)data(p, "spans"))[i]);
    total += 1;
  }
  return loss / total;
}

/* The gradient is the derivative of the loss by every parameter. */
static void finite_differences(const problem *p) {
  const int32_t count = batch_rows(p);
  bertlet_mlp *head = new_head(p);
  const int32_t size = bertlet_mlp_parameter_count(head);
  float logits[MOST];
  double *parameters = allocate(sizeof(double) * size);
  for (int32_t i = 0; i < size; i++) parameters[i] = (double)bertlet_mlp_parameters(head)[i];
  forward(head, data(p, "features"), data(p, "rows"), count, logits);
  CHECK(fabs(loss_of(p, logits, data(p, "rows"), count) - loss_by_definition(p, parameters)) <= 1e-6);
  backward(head, logits);
  for (int32_t i = 0; i < size; i += 3) {
    const double here = parameters[i], step = 1e-6;
    parameters[i] = here + step;
    const double above = loss_by_definition(p, parameters);
    parameters[i] = here - step;
    const double slope = (above - loss_by_definition(p, parameters)) / (2 * step);
    parameters[i] = here;
    const double own = (double)bertlet_mlp_gradient(head)[i];
    if (!CHECK(fabs(own - slope) <= 1e-3 * fabs(slope) + 1e-7))
      printf("  %s: %d is %g, not %g\n", p->name, i, own, slope);
  }
  free(parameters);
  free(head);
}

/* The gradient by the features, in the rows of the batch and in no others, whatever was there. */
static void feature_gradients(const problem *p) {
  const int32_t count = batch_rows(p), *rows = data(p, "rows"), width = p->hidden ? p->hidden : p->inputs;
  bertlet_mlp *head = new_head(p);
  const float *w1 = bertlet_mlp_parameters(head), *b1 = w1 + p->hidden * p->inputs, *w2 = b1 + p->hidden;
  float logits[MOST];
  float *gradient = allocate((size_t)count * p->inputs * sizeof(float));
  forward(head, data(p, "features"), rows, count, logits);
  loss_of(p, logits, rows, count);
  bertlet_mlp_backward_inputs(head, logits, gradient);
  for (int32_t i = 0; i < count; i++) {
    const float *x = (const float *)data(p, "features") + rows[i] * p->inputs, *dz = logits + i * p->outputs;
    double dx[64] = {0};
    for (int32_t h = 0; h < width; h++) {
      double active = p->hidden ? (double)b1[h] : 1, dh = 0;
      for (int32_t k = 0; p->hidden && k < p->inputs; k++) active += (double)w1[h * p->inputs + k] * (double)x[k];
      for (int32_t k = 0; active > 0 && k < p->outputs; k++) dh += (double)dz[k] * (double)w2[k * width + h];
      if (!p->hidden) dx[h] = dh;
      for (int32_t k = 0; p->hidden && k < p->inputs; k++) dx[k] += dh * (double)w1[h * p->inputs + k];
    }
    for (int32_t k = 0; k < p->inputs; k++) CHECK(fabs((double)gradient[i * p->inputs + k] - dx[k]) <= 1e-6);
  }
  free(gradient);
  free(head);
}

/* Gradients of batches add up until a step; a reset head does what a new one does, bit by bit. */
static void sums_and_resets(const problem *p) {
  const int32_t count = batch_rows(p), *rows = data(p, "rows");
  const size_t size = find(p, "start").bytes;
  bertlet_mlp *head = new_head(p), *twice = new_head(p);
  float logits[MOST];
  for (int32_t time = 0; time < 2; time++) {
    forward(twice, data(p, "features"), rows, count, logits);
    loss_of(p, logits, rows, count);
    backward(twice, logits);
  }
  forward(head, data(p, "features"), rows, count, logits);
  loss_of(p, logits, rows, count);
  backward(head, logits);
  for (size_t i = 0; i < size / sizeof(float); i++)
    CHECK(fabsf(bertlet_mlp_gradient(twice)[i] - 2 * bertlet_mlp_gradient(head)[i]) <= 1e-6f);
  take_step(twice, 0.1, 0);
  bertlet_mlp_reset(twice);
  memcpy(bertlet_mlp_parameters(twice), data(p, "start"), size);
  forward(twice, data(p, "features"), rows, count, logits);
  loss_of(p, logits, rows, count);
  backward(twice, logits);
  CHECK(memcmp(bertlet_mlp_gradient(twice), bertlet_mlp_gradient(head), size) == 0);
  take_step(twice, 0.1, 0.1);
  take_step(head, 0.1, 0.1);
  CHECK(memcmp(bertlet_mlp_parameters(twice), bertlet_mlp_parameters(head), size) == 0);
  free(head);
  free(twice);
}

/* Steps in the smallest slices, or in odd ones, have the bits of steps in one; and one that was left half-way through
 * leaves nothing behind after a reset. */
static void in_slices(const problem *p) {
  const double slices[] = {1, 700, 20000};
  const int32_t count = batch_rows(p), *rows = data(p, "rows");
  bertlet_mlp *whole = new_head(p), *sliced = new_head(p);
  const size_t size = sizeof(float) * bertlet_mlp_parameter_count(whole);
  for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
    float logits[2][MOST];
    forward(whole, data(p, "features"), rows, count, logits[0]);
    loss_of(p, logits[0], rows, count);
    backward(whole, logits[0]);
    take_step(whole, 0.1, 0.1);

    slice = slices[i];
    forward(sliced, data(p, "features"), rows, count, logits[1]);
    loss_of(p, logits[1], rows, count);
    backward(sliced, logits[1]);
    take_step(sliced, 0.1, 0.1);
    slice = INFINITY;
    CHECK(memcmp(logits[0], logits[1], sizeof(float) * count * p->outputs) == 0);
    CHECK(memcmp(bertlet_mlp_parameters(whole), bertlet_mlp_parameters(sliced), size) == 0);

    bertlet_mlp_backward(sliced, logits[1]);
    CHECK(!bertlet_mlp_run(sliced, 1));
    for (bertlet_mlp *head = whole; head; head = head == whole ? sliced : NULL) {
      bertlet_mlp_reset(head);
      memcpy(bertlet_mlp_parameters(head), data(p, "start"), size);
    }
  }
  free(whole);
  free(sliced);
}

/* Logits so large that e^z overflows have finite losses; infinite ones are told. */
static void extreme_logits(void) {
  const int32_t label = 1, span[2] = {0, 1}, two[] = {0, 2};
  const uint8_t targets[2] = {0, 1};
  float z[4] = {500, -500, 0, 0};
  CHECK(fabs(bertlet_softmax_loss(z, &label, NULL, 1, 2) - 1000) <= 1e-3);
  CHECK(z[0] == 1 && z[1] == -1);
  float s[2] = {500, -500};
  CHECK(fabs(bertlet_sigmoid_loss(s, targets, NULL, 1, 2) - 500) <= 1e-3);
  CHECK(s[0] == 0.5f && s[1] == -0.5f);
  float q[4] = {500, 500, -500, -500};
  CHECK(fabs(bertlet_span_loss(q, two, span, 1) - 500) <= 1e-3);
  float bad[4] = {NAN, 0, INFINITY, 0};
  CHECK(refuses(bertlet_softmax_loss(bad, &label, NULL, 1, 2), BERTLET_ERROR_NUMERIC));
  bad[0] = NAN;
  CHECK(refuses(bertlet_sigmoid_loss(bad, targets, NULL, 1, 2), BERTLET_ERROR_NUMERIC));
}

static void bad_arguments(void) {
  CHECK(bertlet_mlp_bytes(0, 1, 1, 1, 0) == 0);
  CHECK(bertlet_mlp_bytes(1, -1, 1, 1, 0) == 0);
  CHECK(bertlet_mlp_bytes(1, 0, 0, 1, 0) == 0);
  CHECK(bertlet_mlp_bytes(1, 0, 1, 0, 0) == 0);
  CHECK(bertlet_mlp_bytes(1, 1, 1, 1, -1) == 0);
  CHECK(bertlet_mlp_bytes(1 << 20, 1 << 20, 1, 1, 0) == 0);
  void *block = allocate(bertlet_mlp_bytes(2, 0, 2, 1, 0));
  bertlet_mlp *head = bertlet_mlp_init(block, 2, 0, 2, 1, 0);
  const float features[4] = {1, 2, 3, 4};
  float logits[4] = {0};
  CHECK(bertlet_mlp_forward(head, features, NULL, 2, logits) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_mlp_forward(head, features, NULL, -1, logits) == BERTLET_ERROR_ARGUMENT);
  free(block);
  const int32_t labels[] = {2}, negative[] = {-1}, two[] = {0, 2}, outside[] = {0, 2};
  const float nothing[] = {0};
  CHECK(refuses(bertlet_softmax_loss(logits, labels, NULL, 1, 2), BERTLET_ERROR_ARGUMENT));
  CHECK(refuses(bertlet_softmax_loss(logits, negative, NULL, 1, 2), BERTLET_ERROR_ARGUMENT));
  CHECK(refuses(bertlet_softmax_loss(logits, two, nothing, 1, 2), BERTLET_ERROR_ARGUMENT));
  CHECK(refuses(bertlet_span_loss(logits, two, outside, 1), BERTLET_ERROR_ARGUMENT));
}

int main(void) {
  if (!CHECK(safetensors_open(&fixture, "tests/fixtures/train/mlp.safetensors"))) return report();
  for (const problem *p = problems; p < problems + PROBLEMS; p++) {
    steps_of_pytorch(p);
    finite_differences(p);
    feature_gradients(p);
    sums_and_resets(p);
    in_slices(p);
  }
  extreme_logits();
  bad_arguments();
  safetensors_close(&fixture);
  return report();
}
