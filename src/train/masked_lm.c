/* The loss of masked words: logits over the whole vocabulary at masked places only, and back. */
#include "train/masked_lm.h"

#include <math.h>
#include <string.h>

#include "base/tasks.h"
#include "base/threads.h"
#include "model/linear.h"
#include "model/norm.h"
#include "train/trainer.h"

/* Rows of a task that works on rows by themselves. */
enum { TASK_ROWS = 4 };

void masked_lm_alloc(masked_lm *head, arena *memory, const bertlet_config *config, int32_t max_tokens) {
  const int32_t rows = max_tokens < MASKED_ROWS ? max_tokens : MASKED_ROWS;
  const int32_t embedding = size_of(config, SIZE_EMBEDDING);
  head->padded = whole_panels(config->vocab_size);
  head->transformed = arena_floats(memory, rows, embedding);
  head->activated = arena_floats(memory, rows, embedding);
  head->decoded = arena_floats(memory, rows, embedding);
  head->logits = arena_floats(memory, rows, head->padded);
  head->partial = arena_floats(memory, MASKED_PARTS * rows, embedding);
  head->flow = arena_floats(memory, rows, embedding);
  head->losses = arena_alloc(memory, (uint64_t)rows, sizeof(double));
  head->right = arena_alloc(memory, (uint64_t)rows, sizeof(int32_t));
}

size_t masked_lm_scratch(const bertlet_config *config) {
  const size_t embedding = (size_t)size_of(config, SIZE_EMBEDDING);
  size_t products = linear_scratch((int32_t)embedding), others = linear_scratch(MASKED_WORDS);
  if (others > products) products = others;
  others = weight_gradient_scratch(GRADIENT_INPUTS);
  if (others > products) products = others;
  return 2 * embedding * MASKED_WORDS + products;
}

/* Some of the masked words of a batch. */
typedef struct masked_step {
  const bertlet_trainer *trainer;
  const masked_lm *head;
  const float *features; /* [rows][hidden] */
  float *feature_gradient;
  const int32_t *labels; /* [rows] */
  int32_t rows;
  float factor; /* by which derivatives of a row's loss are multiplied */
} masked_step;

static const bertlet_model *model_of(const masked_step *step) { return &step->trainer->model; }

static int32_t columns_of(const masked_step *step) { return model_of(step)->weights.words.columns; }

static void for_rows(const masked_step *step, task_body *body) {
  parallel_for(model_of(step)->threads, task_count(step->rows, TASK_ROWS), body, (void *)step);
}

/* ---- Forward ----------------------------------------------------------------------------------------------------- */

static void activate_rows(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const masked_step *step = context;
  const masked_lm *head = step->head;
  const range rows = task_range(step->rows, TASK_ROWS, task);
  const int32_t n = columns_of(step), count = rows.end - rows.begin;
  const size_t at = (size_t)rows.begin * n;
  memcpy(head->activated + at, head->transformed + at, (size_t)count * n * sizeof(float));
  activate(head->activated + at, count * n, head->apply);
  layer_norm(head->activated + at, NULL, head->after.gamma, head->after.beta, model_of(step)->config.layer_norm_eps,
             count, n, head->decoded + at);
}

/* Embeddings of words -> panels [embedding / 8][width][8], which is their transpose [embedding][width], packed. Past
 * the vocabulary's end they are 0. */
static void gather_panels(const embedding_table *words, range of, int32_t width, float *panels) {
  for (int32_t panel = 0; panel < words->columns / PANEL; panel++) {
    float *to = panels + (size_t)panel * width * PANEL;
    const float *from = words->values + (size_t)of.begin * words->columns + panel * PANEL;
    for (int32_t word = of.begin; word < of.end; word++, to += PANEL, from += words->columns)
      memcpy(to, from, PANEL * sizeof(float));
    memset(to, 0, (size_t)(width - (of.end - of.begin)) * PANEL * sizeof(float));
  }
}

static void score_words(void *context, int32_t task, int32_t thread) {
  const masked_step *step = context;
  const masked_lm *head = step->head;
  const embedding_table *words = &model_of(step)->weights.words;
  const range of = task_range(words->rows, MASKED_WORDS, task);
  const int32_t n = words->columns, width = whole_panels(of.end - of.begin);
  float *panels = scratch_of(model_of(step), thread), *packed = panels + (size_t)n * MASKED_WORDS;
  gather_panels(words, of, width, panels);
  transpose_packed(panels, n, width, 0, width / PANEL, packed);
  linear_f32(head->decoded, n, step->rows, n, packed, head->bias + of.begin, 0, width / PANEL, EPILOGUE_NONE,
             packed + (size_t)n * MASKED_WORDS, head->logits + of.begin, head->padded);
}

/* The place of the largest of z [n], of equal ones the first. To look for its value first, in lanes that do not wait
 * for each other, and then for the place is far quicker than to keep a place while looking. */
static int32_t place_of_largest(const float *z, int32_t n) {
  float most[PANEL];
  int32_t i = 0;
  for (int32_t lane = 0; lane < PANEL; lane++) most[lane] = z[0];
  for (; i + PANEL <= n; i += PANEL)
    for (int32_t lane = 0; lane < PANEL; lane++) most[lane] = z[i + lane] > most[lane] ? z[i + lane] : most[lane];
  for (; i < n; i++) most[0] = z[i] > most[0] ? z[i] : most[0];
  for (int32_t lane = 1; lane < PANEL; lane++) most[0] = most[lane] > most[0] ? most[lane] : most[0];
  int32_t place = 0;
  while (place < n - 1 && z[place] != most[0]) place++; /* a NaN equals nothing */
  return place;
}

/* -log softmax(z)[label], and z becomes factor times its derivative. */
static double cross_entropy(float *z, int32_t words, int32_t label, float factor, int32_t *right) {
  const int32_t best = place_of_largest(z, words);
  const double below = (double)z[best] - (double)z[label];
  softmax(z, 1, words);
  const double loss = below - log((double)z[best]);
  *right = best == label;
  for (int32_t i = 0; i < words; i++) z[i] *= factor;
  z[label] -= factor;
  return loss;
}

static void loss_rows(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const masked_step *step = context;
  const masked_lm *head = step->head;
  const range rows = task_range(step->rows, TASK_ROWS, task);
  const int32_t words = model_of(step)->config.vocab_size;
  for (int32_t row = rows.begin; row < rows.end; row++) {
    float *z = head->logits + (size_t)row * head->padded;
    head->losses[row] = cross_entropy(z, words, step->labels[row], step->factor, &head->right[row]);
    for (int32_t i = words; i < head->padded; i++) z[i] = 0;
  }
}

static void forward(const masked_step *step) {
  const bertlet_model *model = model_of(step);
  const masked_lm *head = step->head;
  linear_forward(model, &head->transform, EPILOGUE_NONE, step->features, step->rows, head->transformed);
  for_rows(step, activate_rows);
  parallel_for(model->threads, task_count(model->config.vocab_size, MASKED_WORDS), score_words, (void *)step);
  for_rows(step, loss_rows);
}

/* ---- Backward ---------------------------------------------------------------------------------------------------- */

/* The words' own gradients += what panels [embedding / 8][width][8] hold. */
static void scatter_panels(const embedding_table *gradient, range of, int32_t width, int32_t columns,
                           const float *panels) {
  for (int32_t panel = 0; panel < columns / PANEL; panel++) {
    const float *from = panels + (size_t)panel * width * PANEL;
    float *to = gradient->values + (size_t)of.begin * columns + panel * PANEL;
    for (int32_t word = of.begin; word < of.end; word++, from += PANEL, to += columns)
      for (int32_t i = 0; i < PANEL; i++) to[i] += from[i];
  }
}

/* What some words add to the derivative by what the decoder reads, to their embeddings' gradients and to the bias's. */
static void words_backward(const masked_step *step, range of, float *scratch, float *partial) {
  const masked_lm *head = step->head;
  const embedding_table *gradient = &step->trainer->gradients.words;
  const int32_t n = columns_of(step), width = whole_panels(of.end - of.begin);
  const float *logits = head->logits + of.begin; /* their derivatives */
  float *panels = scratch, *rest = scratch + (size_t)n * MASKED_WORDS;
  gather_panels(&model_of(step)->weights.words, of, width, panels);
  linear_f32(logits, head->padded, step->rows, width, panels, NULL, 0, n / PANEL, EPILOGUE_NONE, rest, partial, n);
  for (int32_t row = 0; row < step->rows; row++)
    for (int32_t word = of.begin; word < of.end; word++)
      head->bias_gradient[word] += logits[(size_t)row * head->padded + word - of.begin];
  if (!gradient->values) return;
  memset(panels, 0, (size_t)n * width * sizeof(float));
  for (int32_t begin = 0; begin < width; begin += GRADIENT_INPUTS) {
    const int32_t end = width - begin < GRADIENT_INPUTS ? width : begin + GRADIENT_INPUTS;
    weight_gradient(logits, head->padded, head->decoded, n, step->rows, width, begin, end, 0, n / PANEL, rest, panels);
  }
  scatter_panels(gradient, of, width, n, panels);
}

static void part_backward(void *context, int32_t part, int32_t thread) {
  const masked_step *step = context;
  const int32_t words = model_of(step)->config.vocab_size, blocks = task_count(words, MASKED_WORDS);
  const range of = task_range(blocks, task_count(blocks, MASKED_PARTS), part);
  const size_t floats = (size_t)step->rows * columns_of(step);
  float *partial = step->head->partial + part * floats;
  memset(partial, 0, floats * sizeof(float));
  for (int32_t block = of.begin; block < of.end; block++)
    words_backward(step, task_range(words, MASKED_WORDS, block), scratch_of(model_of(step), thread), partial);
}

static void sum_parts(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const masked_step *step = context;
  const masked_lm *head = step->head;
  const range rows = task_range(step->rows, TASK_ROWS, task);
  const size_t n = (size_t)columns_of(step), floats = (size_t)step->rows * n;
  const size_t begin = (size_t)rows.begin * n, end = (size_t)rows.end * n;
  memcpy(head->flow + begin, head->partial + begin, (end - begin) * sizeof(float));
  for (int32_t part = 1; part < MASKED_PARTS; part++)
    for (size_t i = begin; i < end; i++) head->flow[i] += head->partial[part * floats + i];
}

static void activation_backward(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const masked_step *step = context;
  const masked_lm *head = step->head;
  const range rows = task_range(step->rows, TASK_ROWS, task);
  const int32_t n = columns_of(step);
  const size_t at = (size_t)rows.begin * n;
  activate_backward(head->transformed + at, (rows.end - rows.begin) * n, head->apply, head->flow + at);
}

static void backward(const masked_step *step) {
  const bertlet_model *model = model_of(step);
  const layer_scratch *scratch = &step->trainer->scratch;
  const masked_lm *head = step->head;
  parallel_for(model->threads, MASKED_PARTS, part_backward, (void *)step);
  for_rows(step, sum_parts);
  norm_backward(model, &head->after, &head->after_gradient, head->activated, step->rows, columns_of(step),
                scratch->moments, head->flow);
  for_rows(step, activation_backward);
  linear_backward(model, &head->transform, &head->transform_gradient, step->features, head->flow, step->rows,
                  scratch->transposed, scratch->zeros, step->feature_gradient);
}

/* ---- The loss ---------------------------------------------------------------------------------------------------- */

static bool are_below(const int32_t *values, int32_t count, int32_t end) {
  for (int32_t i = 0; i < count; i++)
    if (values[i] < 0 || values[i] >= end) return false;
  return true;
}

double bertlet_trainer_masked_loss(bertlet_trainer *t, const int32_t *labels, double share, float *feature_gradient,
                                   int32_t *right) {
  const int32_t n = t->model.config.hidden_size, count = t->read.count;
  if (!t->plan.masked_lm || !are_below(labels, count, t->model.config.vocab_size)) return BERTLET_ERROR_ARGUMENT;
  const masked_lm *head = &t->masked_lm;
  double loss = 0;
  *right = 0;
  for (int32_t first = 0; first < count; first += MASKED_ROWS) {
    const size_t at = (size_t)first * n;
    const masked_step step = {.trainer = t,
                              .head = head,
                              .features = t->features + at,
                              .feature_gradient = feature_gradient ? feature_gradient + at : NULL,
                              .labels = labels + first,
                              .rows = count - first < MASKED_ROWS ? count - first : MASKED_ROWS,
                              .factor = (float)(share / count)};
    forward(&step);
    for (int32_t i = 0; i < step.rows; i++) {
      loss += head->losses[i];
      *right += head->right[i];
    }
    if (feature_gradient) backward(&step);
  }
  return isfinite(loss) ? loss / count : (double)BERTLET_ERROR_NUMERIC;
}

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

bertlet_status bertlet_trainer_read_masked_lm(const bertlet_trainer *t, float *values) {
  if (!t->plan.masked_lm) return BERTLET_ERROR_ARGUMENT;
  const masked_lm *head = &t->masked_lm;
  const int32_t inputs = head->transform.inputs, outputs = head->transform.outputs;
  const float *const vectors[] = {head->transform.bias, head->after.gamma, head->after.beta};
  for (int32_t row = 0; row < outputs; row++, values += inputs) unpack_row(head->transform.weight, inputs, row, values);
  for (int32_t i = 0; i < 3; i++, values += outputs) memcpy(values, vectors[i], (size_t)outputs * sizeof(float));
  memcpy(values, head->bias, (size_t)t->model.config.vocab_size * sizeof(float));
  return BERTLET_OK;
}

bertlet_status bertlet_trainer_write_masked_lm(bertlet_trainer *t, const float *values) {
  if (!t->plan.masked_lm) return BERTLET_ERROR_ARGUMENT;
  const masked_lm *head = &t->masked_lm;
  const int32_t inputs = head->transform.inputs, outputs = head->transform.outputs;
  float *const vectors[] = {head->transform.bias, head->after.gamma, head->after.beta};
  for (int32_t row = 0; row < outputs; row++, values += inputs) pack_row(head->transform.weight, inputs, row, values);
  for (int32_t i = 0; i < 3; i++, values += outputs) memcpy(vectors[i], values, (size_t)outputs * sizeof(float));
  memcpy(head->bias, values, (size_t)t->model.config.vocab_size * sizeof(float));
  return BERTLET_OK;
}
