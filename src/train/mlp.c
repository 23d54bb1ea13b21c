#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "bertlet.h"
#include "kernels/kernels.h"
#include "train/mlp.h"
#include "train/slices.h"

/* ---- The memory plan ------------------------------------------------------------------------------------------- */

static float *alloc_block(arena *memory, int32_t columns) {
  return arena_alloc(memory, (uint64_t)LOGREG_BLOCK * columns + 3, sizeof(float));
}

/* Lays the head out in `block`, or measures it when `block` is NULL. */
static size_t lay_out(bertlet_mlp *mlp, void *block, int32_t inputs, int32_t hidden_size, int32_t outputs,
                      int32_t max_rows, int32_t extra) {
  if (inputs < 1 || hidden_size < 0 || outputs < 1 || max_rows < 1 || extra < 0) return 0;
  const int64_t first = (int64_t)hidden_size * inputs + hidden_size, last_inputs = hidden_size ? hidden_size : inputs;
  const int64_t size = first + last_inputs * outputs + outputs + extra;
  if (size > INT32_MAX) return 0;

  arena memory = {.base = block};
  arena_alloc(&memory, 1, sizeof *mlp);
  *mlp = (bertlet_mlp){.max_rows = max_rows, .has_hidden = hidden_size > 0};
  mlp->hidden_layer = (dense_layer){inputs, hidden_size, 0, hidden_size * inputs};
  mlp->output_layer =
      (dense_layer){(int32_t)last_inputs, outputs, (int32_t)first, (int32_t)(first + last_inputs * outputs)};
  mlp->parameters = arena_alloc(&memory, (uint64_t)size, sizeof(float));
  mlp->gradient = arena_alloc(&memory, (uint64_t)size, sizeof(float));
  mlp->optimizer = adamw_alloc(&memory, (int32_t)size);
  mlp->x = arena_alloc(&memory, (uint64_t)max_rows, sizeof *mlp->x);
  mlp->hidden = arena_alloc(&memory, (uint64_t)max_rows * (uint64_t)hidden_size, sizeof(float));
  mlp->logit_gradient = alloc_block(&memory, outputs);
  mlp->hidden_gradient = alloc_block(&memory, hidden_size);
  mlp->transposed = alloc_block(&memory, LOGREG_BLOCK);
  return arena_bytes(&memory);
}

size_t bertlet_mlp_bytes(int32_t inputs, int32_t hidden_size, int32_t outputs, int32_t max_rows, int32_t extra) {
  bertlet_mlp measured;
  return lay_out(&measured, NULL, inputs, hidden_size, outputs, max_rows, extra);
}

bertlet_mlp *bertlet_mlp_init(void *block, int32_t inputs, int32_t hidden_size, int32_t outputs, int32_t max_rows,
                              int32_t extra) {
  bertlet_mlp *mlp = block;
  if (lay_out(mlp, block, inputs, hidden_size, outputs, max_rows, extra) == 0) return NULL;
  bertlet_mlp_reset(mlp);
  return mlp;
}

void bertlet_mlp_reset(bertlet_mlp *mlp) {
  const size_t bytes = (size_t)mlp->optimizer.size * sizeof(float);
  memset(mlp->parameters, 0, bytes);
  memset(mlp->gradient, 0, bytes);
  memset(mlp->logit_gradient, 0, ((size_t)LOGREG_BLOCK * mlp->output_layer.outputs + 3) * sizeof(float));
  memset(mlp->hidden_gradient, 0, ((size_t)LOGREG_BLOCK * mlp->hidden_layer.outputs + 3) * sizeof(float));
  memset(mlp->transposed, 0, ((size_t)LOGREG_BLOCK * LOGREG_BLOCK + 3) * sizeof(float));
  adamw_reset(&mlp->optimizer);
  mlp->count = 0;
  mlp->stage = DONE;
}

int32_t bertlet_mlp_parameter_count(const bertlet_mlp *mlp) { return mlp->optimizer.size; }

float *bertlet_mlp_parameters(bertlet_mlp *mlp) { return mlp->parameters; }

float *bertlet_mlp_gradient(bertlet_mlp *mlp) { return mlp->gradient; }

/* ---- One dense layer ------------------------------------------------------------------------------------------- */

/* Outputs begin .. end - 1 of y [rows][outputs] = x . weight^T + bias, for x[row] [inputs] */
static void dense_forward(const bertlet_mlp *mlp, const dense_layer *of, const float *const *x, int32_t rows, float *y,
                          int32_t begin, int32_t end) {
  const float *weight = mlp->parameters + of->weight_at + (size_t)begin * of->inputs;
  logreg_logits(x, rows, of->inputs, weight, mlp->parameters + of->bias_at + begin, end - begin, y + begin,
                of->outputs);
}

/* Adds to the gradients of weight and bias of outputs begin .. end - 1, for dy [rows][outputs]. */
static void dense_backward(bertlet_mlp *mlp, const dense_layer *of, const float *const *x, int32_t rows,
                           const float *dy, int32_t begin, int32_t end) {
  float *bias_gradient = mlp->gradient + of->bias_at;
  logreg_gradient(x, rows, of->inputs, dy + begin, of->outputs, end - begin,
                  mlp->gradient + of->weight_at + (size_t)begin * of->inputs);
  for (int32_t row = 0; row < rows; row++)
    for (int32_t k = begin; k < end; k++) bias_gradient[k] += dy[(size_t)row * of->outputs + k];
}

/* Rows begin .. end - 1 of dx [rows][inputs] += dy [rows][outputs first .. first + LOGREG_BLOCK - 1] . weight, computed
 * as logreg_gradient() of dy^T with the rows of the weight as its x. */
static void dense_backward_inputs(bertlet_mlp *mlp, const dense_layer *of, int32_t rows, const float *dy, float *dx,
                                  int32_t first, int32_t begin, int32_t end) {
  const int32_t left = of->outputs - first, outputs = left < LOGREG_BLOCK ? left : LOGREG_BLOCK;
  const float *weight[LOGREG_BLOCK];
  for (int32_t k = 0; k < outputs; k++) {
    weight[k] = mlp->parameters + of->weight_at + (size_t)(first + k) * of->inputs;
    for (int32_t row = 0; row < rows; row++)
      mlp->transposed[(size_t)k * rows + row] = dy[(size_t)row * of->outputs + first + k];
  }
  if (first == 0) memset(dx + (size_t)begin * of->inputs, 0, (size_t)(end - begin) * of->inputs * sizeof(float));
  logreg_gradient(weight, outputs, of->inputs, mlp->transposed + begin, rows, end - begin,
                  dx + (size_t)begin * of->inputs);
}

/* Pointers to the rows of an array [rows][columns]. */
static void point_at_rows(const float **rows_of, const float *array, int32_t rows, int32_t columns) {
  for (int32_t row = 0; row < rows; row++) rows_of[row] = array + (size_t)row * columns;
}

/* ---- The head: relu(x W1^T + b1) W2^T + b2, in blocks of rows ---------------------------------------------------- */

static int32_t block_rows(const bertlet_mlp *mlp) {
  const int32_t left = mlp->count - mlp->first;
  return left < LOGREG_BLOCK ? left : LOGREG_BLOCK;
}

static void enter(bertlet_mlp *mlp, stage next) {
  mlp->stage = next;
  mlp->at = 0;
}

/* Begins the pass over the block from row `first` on, if there is one. */
static void enter_block(bertlet_mlp *mlp, int32_t first, stage next) {
  mlp->first = first;
  enter(mlp, first < mlp->count ? next : DONE);
}

bertlet_status bertlet_mlp_forward(bertlet_mlp *mlp, const float *features, const int32_t *rows, int32_t count,
                                   float *logits) {
  if (count < 0 || count > mlp->max_rows) return BERTLET_ERROR_ARGUMENT;
  mlp->count = count;
  mlp->logits = logits;
  for (int32_t i = 0; i < count; i++) mlp->x[i] = features + (size_t)(rows ? rows[i] : i) * mlp->hidden_layer.inputs;
  enter_block(mlp, 0, mlp->has_hidden ? FORWARD_HIDDEN : FORWARD_OUTPUT);
  return BERTLET_OK;
}

void bertlet_mlp_backward(bertlet_mlp *mlp, const float *logit_gradient) {
  mlp->loss_gradient = logit_gradient;
  enter_block(mlp, 0, BACKWARD_OUTPUT);
}

void bertlet_mlp_step(bertlet_mlp *mlp, double learning_rate, double weight_decay) {
  mlp->learning_rate = learning_rate;
  mlp->weight_decay = weight_decay;
  enter(mlp, STEP);
}

/* Each of these does begin .. end - 1, and enters the next stage when it has come to its end. */

static void forward_hidden(bertlet_mlp *mlp, int32_t begin, int32_t end) {
  const dense_layer *in = &mlp->hidden_layer;
  const int32_t n = block_rows(mlp);
  float *hidden = mlp->hidden + (size_t)mlp->first * in->outputs;
  dense_forward(mlp, in, mlp->x + mlp->first, n, hidden, begin, end);
  if (end < in->outputs) return;
  activate(hidden, n * in->outputs, EPILOGUE_RELU);
  enter(mlp, FORWARD_OUTPUT);
}

/* What the output layer reads for the block; `hidden_rows` is for pointers to it. */
static const float *const *output_inputs(const bertlet_mlp *mlp, const float *hidden_rows[LOGREG_BLOCK]) {
  if (!mlp->has_hidden) return mlp->x + mlp->first;
  const int32_t width = mlp->hidden_layer.outputs;
  point_at_rows(hidden_rows, mlp->hidden + (size_t)mlp->first * width, block_rows(mlp), width);
  return hidden_rows;
}

static void forward_output(bertlet_mlp *mlp, int32_t begin, int32_t end) {
  const dense_layer *out = &mlp->output_layer;
  const float *hidden_rows[LOGREG_BLOCK];
  dense_forward(mlp, out, output_inputs(mlp, hidden_rows), block_rows(mlp),
                mlp->logits + (size_t)mlp->first * out->outputs, begin, end);
  if (end == out->outputs)
    enter_block(mlp, mlp->first + LOGREG_BLOCK, mlp->has_hidden ? FORWARD_HIDDEN : FORWARD_OUTPUT);
}

static void backward_output(bertlet_mlp *mlp, int32_t begin, int32_t end) {
  const dense_layer *out = &mlp->output_layer;
  const int32_t n = block_rows(mlp);
  const float *hidden_rows[LOGREG_BLOCK];
  if (begin == 0)
    memcpy(mlp->logit_gradient, mlp->loss_gradient + (size_t)mlp->first * out->outputs,
           (size_t)n * out->outputs * sizeof(float));
  dense_backward(mlp, out, output_inputs(mlp, hidden_rows), n, mlp->logit_gradient, begin, end);
  if (end < out->outputs) return;
  mlp->output = 0;
  if (mlp->has_hidden)
    enter(mlp, BACKWARD_INPUTS);
  else
    enter_block(mlp, mlp->first + LOGREG_BLOCK, BACKWARD_OUTPUT);
}

static void backward_inputs(bertlet_mlp *mlp, int32_t begin, int32_t end) {
  const dense_layer *out = &mlp->output_layer;
  const int32_t n = block_rows(mlp);
  float *dh = mlp->hidden_gradient;
  dense_backward_inputs(mlp, out, n, mlp->logit_gradient, dh, mlp->output, begin, end);
  if (end < n) return;
  mlp->output += LOGREG_BLOCK;
  enter(mlp, mlp->output < out->outputs ? BACKWARD_INPUTS : BACKWARD_HIDDEN);
  if (mlp->stage == BACKWARD_INPUTS) return;
  const float *hidden = mlp->hidden + (size_t)mlp->first * out->inputs;
  for (int32_t i = 0; i < n * out->inputs; i++)
    if (!(hidden[i] > 0)) dh[i] = 0;
}

static void backward_hidden(bertlet_mlp *mlp, int32_t begin, int32_t end) {
  const dense_layer *in = &mlp->hidden_layer;
  dense_backward(mlp, in, mlp->x + mlp->first, block_rows(mlp), mlp->hidden_gradient, begin, end);
  if (end == in->outputs) enter_block(mlp, mlp->first + LOGREG_BLOCK, BACKWARD_OUTPUT);
}

static void step(bertlet_mlp *mlp, int32_t begin, int32_t end) {
  adamw_step(&mlp->optimizer, mlp->parameters, mlp->gradient, mlp->learning_rate, mlp->weight_decay, begin, end);
  if (end == mlp->optimizer.size) enter(mlp, DONE);
}

/* ---- Slices ------------------------------------------------------------------------------------------------------ */

/* A stage's function, and the loop that it runs a slice of. */
typedef struct work {
  void (*run)(bertlet_mlp *mlp, int32_t begin, int32_t end);
  loop loop;
} work;

static work work_of(const bertlet_mlp *mlp) {
  const dense_layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  const double rows = block_rows(mlp);
  const loop hidden = {in->outputs, 4, rows * in->inputs}, outputs = {out->outputs, 4, rows * out->inputs};
  switch (mlp->stage) {
  case FORWARD_HIDDEN:
    return (work){forward_hidden, hidden};
  case FORWARD_OUTPUT:
    return (work){forward_output, outputs};
  case BACKWARD_OUTPUT:
    return (work){backward_output, outputs};
  case BACKWARD_INPUTS:
    return (work){backward_inputs, {block_rows(mlp), 4, (double)LOGREG_BLOCK * out->inputs}};
  case BACKWARD_HIDDEN:
    return (work){backward_hidden, hidden};
  case DONE:
  case STEP:
    break;
  }
  return (work){step, {mlp->optimizer.size, 4, EXPONENTIAL_COST}};
}

bool bertlet_mlp_run(bertlet_mlp *mlp, double multiplications) {
  while (mlp->stage != DONE && multiplications > 0) {
    const work next = work_of(mlp);
    const int32_t begin = mlp->at;
    mlp->at = slice_end(&next.loop, begin, &multiplications);
    next.run(mlp, begin, mlp->at);
  }
  return mlp->stage == DONE;
}
