#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "bertlet.h"
#include "kernels/kernels.h"
#include "train/adamw.h"
#include "train/mlp.h"

/* One dense layer of the head, weight [outputs][inputs] and bias [outputs] somewhere in a vector of parameters. */
typedef struct layer {
  int32_t inputs, outputs, weight_at, bias_at;
} layer;

struct bertlet_mlp {
  int32_t max_rows, count; /* most rows of a batch; rows of the last one */
  bool has_hidden;
  layer hidden_layer, output_layer;
  float *parameters, *gradient; /* [parameter count] */
  adamw optimizer;

  const float **x; /* [max_rows]: the rows of the batch */
  float *hidden;   /* [max_rows][hidden_size]: after the ReLU */

  /* For LOGREG_BLOCK rows, each with 3 more floats, which logreg_gradient() may read. */
  float *logit_gradient;  /* [rows][outputs] */
  float *hidden_gradient; /* [rows][hidden_size] */
  float *transposed;      /* [outputs][rows] */
};

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
  mlp->hidden_layer = (layer){inputs, hidden_size, 0, hidden_size * inputs};
  mlp->output_layer = (layer){(int32_t)last_inputs, outputs, (int32_t)first, (int32_t)(first + last_inputs * outputs)};
  mlp->parameters = arena_alloc(&memory, (uint64_t)size, sizeof(float));
  mlp->gradient = arena_alloc(&memory, (uint64_t)size, sizeof(float));
  mlp->optimizer = adamw_alloc(&memory, (int32_t)size);
  mlp->x = arena_alloc(&memory, (uint64_t)max_rows, sizeof *mlp->x);
  mlp->hidden = arena_alloc(&memory, (uint64_t)max_rows * (uint64_t)hidden_size, sizeof(float));
  mlp->logit_gradient = alloc_block(&memory, outputs);
  mlp->hidden_gradient = alloc_block(&memory, hidden_size);
  mlp->transposed = alloc_block(&memory, outputs);
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
  memset(mlp->transposed, 0, ((size_t)LOGREG_BLOCK * mlp->output_layer.outputs + 3) * sizeof(float));
  adamw_reset(&mlp->optimizer);
  mlp->count = 0;
}

int32_t bertlet_mlp_parameter_count(const bertlet_mlp *mlp) { return mlp->optimizer.size; }

float *bertlet_mlp_parameters(bertlet_mlp *mlp) { return mlp->parameters; }

float *bertlet_mlp_gradient(bertlet_mlp *mlp) { return mlp->gradient; }

/* ---- One dense layer ------------------------------------------------------------------------------------------- */

/* y [rows][outputs] = x . weight^T + bias, for x[row] [inputs] */
static void dense_forward(const bertlet_mlp *mlp, const layer *of, const float *const *x, int32_t rows, float *y) {
  logreg_logits(x, rows, of->inputs, mlp->parameters + of->weight_at, mlp->parameters + of->bias_at, of->outputs, y);
}

/* Adds to the gradients of weight and bias, for dy [rows][outputs]. */
static void dense_backward(bertlet_mlp *mlp, const layer *of, const float *const *x, int32_t rows, const float *dy) {
  float *bias_gradient = mlp->gradient + of->bias_at;
  logreg_gradient(x, rows, of->inputs, dy, of->outputs, mlp->gradient + of->weight_at);
  for (int32_t row = 0; row < rows; row++)
    for (int32_t k = 0; k < of->outputs; k++) bias_gradient[k] += dy[(size_t)row * of->outputs + k];
}

/* dx [rows][inputs] = dy [rows][outputs] . weight, computed as logreg_gradient() of dy^T with the rows of the weight as
 * its x. */
static void dense_backward_inputs(bertlet_mlp *mlp, const layer *of, int32_t rows, const float *dy, float *dx) {
  memset(dx, 0, (size_t)rows * of->inputs * sizeof(float));
  for (int32_t first = 0; first < of->outputs; first += LOGREG_BLOCK) {
    const int32_t left = of->outputs - first, outputs = left < LOGREG_BLOCK ? left : LOGREG_BLOCK;
    const float *weight[LOGREG_BLOCK];
    for (int32_t k = 0; k < outputs; k++) {
      weight[k] = mlp->parameters + of->weight_at + (size_t)(first + k) * of->inputs;
      for (int32_t row = 0; row < rows; row++)
        mlp->transposed[(size_t)k * rows + row] = dy[(size_t)row * of->outputs + first + k];
    }
    logreg_gradient(weight, outputs, of->inputs, mlp->transposed, rows, dx);
  }
}

/* Pointers to the rows of an array [rows][columns]. */
static void point_at_rows(const float **rows_of, const float *array, int32_t rows, int32_t columns) {
  for (int32_t row = 0; row < rows; row++) rows_of[row] = array + (size_t)row * columns;
}

/* ---- The head: relu(x W1^T + b1) W2^T + b2, in blocks of rows ---------------------------------------------------- */

static int32_t block_rows(const bertlet_mlp *mlp, int32_t first) {
  const int32_t left = mlp->count - first;
  return left < LOGREG_BLOCK ? left : LOGREG_BLOCK;
}

bertlet_status bertlet_mlp_forward(bertlet_mlp *mlp, const float *features, const int32_t *rows, int32_t count,
                                   float *logits) {
  if (count < 0 || count > mlp->max_rows) return BERTLET_ERROR_ARGUMENT;
  const layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  mlp->count = count;
  for (int32_t i = 0; i < count; i++) mlp->x[i] = features + (size_t)(rows ? rows[i] : i) * in->inputs;
  for (int32_t first = 0; first < count; first += LOGREG_BLOCK) {
    const int32_t n = block_rows(mlp, first);
    const float *hidden_rows[LOGREG_BLOCK], *const *inputs = mlp->x + first;
    if (mlp->has_hidden) {
      float *hidden = mlp->hidden + (size_t)first * in->outputs;
      dense_forward(mlp, in, inputs, n, hidden);
      activate(hidden, n * in->outputs, EPILOGUE_RELU);
      point_at_rows(hidden_rows, hidden, n, in->outputs);
      inputs = hidden_rows;
    }
    dense_forward(mlp, out, inputs, n, logits + (size_t)first * out->outputs);
  }
  return BERTLET_OK;
}

void bertlet_mlp_backward(bertlet_mlp *mlp, const float *logit_gradient) {
  const layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  for (int32_t first = 0; first < mlp->count; first += LOGREG_BLOCK) {
    const int32_t n = block_rows(mlp, first);
    float *dz = mlp->logit_gradient, *dh = mlp->hidden_gradient;
    memcpy(dz, logit_gradient + (size_t)first * out->outputs, (size_t)n * out->outputs * sizeof(float));
    if (!mlp->has_hidden) {
      dense_backward(mlp, out, mlp->x + first, n, dz);
      continue;
    }
    const float *hidden = mlp->hidden + (size_t)first * in->outputs, *hidden_rows[LOGREG_BLOCK];
    point_at_rows(hidden_rows, hidden, n, in->outputs);
    dense_backward(mlp, out, hidden_rows, n, dz);
    dense_backward_inputs(mlp, out, n, dz, dh);
    for (int32_t i = 0; i < n * in->outputs; i++)
      if (!(hidden[i] > 0)) dh[i] = 0;
    dense_backward(mlp, in, mlp->x + first, n, dh);
  }
}

void bertlet_mlp_backward_inputs(bertlet_mlp *mlp, const float *logit_gradient, const int32_t *rows,
                                 float *feature_gradient) {
  const layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  const int32_t inputs = mlp->has_hidden ? in->inputs : out->inputs;
  for (int32_t row = 0; row < mlp->count; row++) {
    const float *dz = logit_gradient + (size_t)row * out->outputs;
    float *dx = feature_gradient + (size_t)(rows ? rows[row] : row) * inputs;
    if (!mlp->has_hidden) {
      dense_backward_inputs(mlp, out, 1, dz, dx);
      continue;
    }
    const float *hidden = mlp->hidden + (size_t)row * in->outputs;
    float *dh = mlp->hidden_gradient;
    dense_backward_inputs(mlp, out, 1, dz, dh);
    for (int32_t i = 0; i < in->outputs; i++)
      if (!(hidden[i] > 0)) dh[i] = 0;
    dense_backward_inputs(mlp, in, 1, dh, dx);
  }
}

int32_t mlp_blocks(const bertlet_mlp *mlp, mlp_block blocks[MLP_BLOCKS]) {
  const layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  const int32_t size = mlp->optimizer.size, loss_at = out->bias_at + out->outputs;
  int32_t count = 0;
  if (mlp->has_hidden) {
    blocks[count++] = (mlp_block){in->weight_at, in->outputs * in->inputs, true};
    blocks[count++] = (mlp_block){in->bias_at, in->outputs, false};
  }
  blocks[count++] = (mlp_block){out->weight_at, out->outputs * out->inputs, true};
  blocks[count++] = (mlp_block){out->bias_at, out->outputs, false};
  if (size > loss_at) blocks[count++] = (mlp_block){loss_at, size - loss_at, false};
  return count;
}

void bertlet_mlp_step(bertlet_mlp *mlp, double learning_rate, double weight_decay) {
  adamw_step(&mlp->optimizer, mlp->parameters, mlp->gradient, learning_rate, weight_decay);
}
