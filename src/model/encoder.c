/* The forward pass of BERT (Devlin et al. 2019, https://arxiv.org/abs/1810.04805) over a ragged batch.
 *
 * Every step is a loop of independent tasks over rows, output channels or heads. No task's arithmetic depends on what
 * else is in the batch, which is why a sequence gives the same bits alone, in a batch, and on any number of threads. */
#include <string.h>

#include "base/finite.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "model/model.h"

/* Rows of a task. The inputs of as many in a linear layer fit into the second-level cache. */
enum { LINEAR_ROWS = 64, NORM_ROWS = 16 };

/* Shortest sequence whose attention is computed in 8 bits. */
enum { I8_ATTENTION_LENGTH = 16 };

/* Tasks that a loop should have for each thread, so that the threads end at about the same time. */
enum { TASKS_PER_THREAD = 3 };

typedef struct range {
  int32_t begin, end;
} range;

/* Part `index` of 0 .. count - 1 in parts of `size`. */
static range part(int32_t count, int32_t size, int32_t index) {
  int32_t begin = index * size;
  return (range){begin, count - begin < size ? count : begin + size};
}

static int32_t parts(int32_t count, int32_t size) { return (count + size - 1) / size; }

/* ---- Embeddings: word + type + position, normalized ---------------------------------------------------------- */

typedef struct embedding_step {
  const bertlet_model *model;
  const int32_t *ids, *type_ids, *starts;
  int32_t columns;
  float *rows; /* out: [tokens][columns] */
} embedding_step;

/* One sequence, whose positions are 0, 1, 2, ... */
static void embed_sequence(void *context, int32_t sequence, int32_t thread) {
  const embedding_step *step = context;
  const bertlet_model *model = step->model;
  int32_t n = step->columns, begin = step->starts[sequence], end = step->starts[sequence + 1];
  float *room = scratch_of(model, thread);
  for (int32_t token = begin; token < end; token++) {
    float *row = step->rows + (size_t)token * n;
    const float *word = embedding_row(&model->words, step->ids[token], n, row);
    if (row != word) memcpy(row, word, (size_t)n * sizeof(float));
    if (model->types.rows > 0) {
      const float *type = embedding_row(&model->types, step->type_ids ? step->type_ids[token] : 0, n, room);
      for (int32_t i = 0; i < n; i++) row[i] += type[i];
    }
    const float *position = embedding_row(&model->positions, token - begin, n, room);
    for (int32_t i = 0; i < n; i++) row[i] += position[i];
  }
  float *rows = step->rows + (size_t)begin * n;
  layer_norm(rows, NULL, model->embedding_norm.gamma, model->embedding_norm.beta, model->config.layer_norm_eps,
             end - begin, n, rows);
}

/* ---- Linear layers ------------------------------------------------------------------------------------------- */

typedef struct linear_step {
  const bertlet_model *model;
  const linear *layer;
  epilogue apply;
  int32_t rows;
  int32_t across, panels; /* tiles side by side, and the width of one */
  const float *x;         /* [rows][inputs] */
  float *y;               /* out: [rows][outputs] */
} linear_step;

/* The input of an int8 layer is quantized once, before any of its tiles needs it. */
static void quantize_input(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const linear_step *step = context;
  const bertlet_model *model = step->model;
  range rows = part(step->rows, NORM_ROWS, task);
  quantize_rows(model->path, step->x, rows.begin, rows.end, step->layer->inputs, &model->quantized);
}

static void linear_tile(void *context, int32_t tile, int32_t thread) {
  const linear_step *step = context;
  const bertlet_model *model = step->model;
  const linear *l = step->layer;
  range rows = part(step->rows, LINEAR_ROWS, tile / step->across);
  range panels = part(l->outputs / PANEL, step->panels, tile % step->across);
  if (l->weight) {
    linear_f32(step->x + (size_t)rows.begin * l->inputs, rows.end - rows.begin, l->inputs, l->weight, l->bias,
               panels.begin, panels.end, step->apply, scratch_of(model, thread),
               step->y + (size_t)rows.begin * l->outputs, l->outputs);
  } else {
    linear_i8(model->path, &model->quantized, rows.begin, rows.end, l->inputs, &l->weight_i8, l->bias, panels.begin,
              panels.end, step->apply, step->y, l->outputs);
  }
}

/* y = apply(l(x)), in tiles of LINEAR_ROWS rows. They are as wide as the layer when there are rows enough for all
 * threads (the f32 kernel rearranges the rows of each tile anew), and narrower when there are not. */
static void run_linear(bertlet_model *model, const linear *l, epilogue apply, const float *x, int32_t rows, float *y) {
  int32_t threads = threads_count(model->threads), down = parts(rows, LINEAR_ROWS), panels = l->outputs / PANEL;
  int32_t wanted = threads == 1 ? 1 : parts(threads * TASKS_PER_THREAD, down);
  int32_t width = parts(panels, wanted), across = parts(panels, width);
  linear_step step = {model, l, apply, rows, across, width, x, y};
  if (!l->weight) parallel_for(model->threads, parts(rows, NORM_ROWS), quantize_input, &step);
  parallel_for(model->threads, down * across, linear_tile, &step);
}

/* ---- Self-attention ------------------------------------------------------------------------------------------ */

typedef struct attention_step {
  const bertlet_model *model;
  const int32_t *starts;
} attention_step;

/* In a short sequence rounding takes longer than it saves; and sums of four products are needed to gain at all. */
static bool attends_in_i8(const bertlet_model *model, int32_t length, int32_t head_size) {
  return model->config.weights == BERTLET_WEIGHTS_INT8 && length >= I8_ATTENTION_LENGTH && head_size % 16 == 0 &&
         (model->path == INT8_DOT_UNSIGNED || model->path == INT8_DOT_SIGNED);
}

/* One head over one sequence: model->wide [tokens][query, key, value] -> model->context [tokens][hidden]. */
static void attend_head(void *context, int32_t task, int32_t thread) {
  const attention_step *step = context;
  const bertlet_model *model = step->model;
  int32_t n = model->config.hidden_size, heads = model->config.num_attention_heads, head_size = n / heads;
  int32_t sequence = task / heads, column = task % heads * head_size;
  int32_t begin = step->starts[sequence], length = step->starts[sequence + 1] - begin;
  const float *query = model->wide + (size_t)begin * (3 * n) + column;
  float *scratch = scratch_of(model, thread);
  float *gathered = model->context + (size_t)begin * n + column;
  if (attends_in_i8(model, length, head_size)) {
    attention_i8(model->path, query, query + n, query + 2 * n, length, 3 * n, head_size, 0, length, scratch, gathered,
                 n);
  } else {
    attention_f32(query, query + n, query + 2 * n, length, 3 * n, head_size, 0, length, scratch, gathered, n);
  }
}

/* ---- Residual connections ------------------------------------------------------------------------------------ */

typedef struct norm_step {
  const bertlet_model *model;
  const norm *by;
  int32_t rows;
  float *hidden; /* [rows][hidden], in and out */
} norm_step;

static void add_and_normalize_rows(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const norm_step *step = context;
  const bertlet_model *model = step->model;
  int32_t n = model->config.hidden_size;
  range rows = part(step->rows, NORM_ROWS, task);
  float *hidden = step->hidden + (size_t)rows.begin * n;
  layer_norm(hidden, model->projected + (size_t)rows.begin * n, step->by->gamma, step->by->beta,
             model->config.layer_norm_eps, rows.end - rows.begin, n, hidden);
}

/* hidden = by(hidden + model->projected) */
static void add_and_normalize(bertlet_model *model, const norm *by, int32_t rows, float *hidden) {
  norm_step step = {model, by, rows, hidden};
  parallel_for(model->threads, parts(rows, NORM_ROWS), add_and_normalize_rows, &step);
}

/* ---- The whole ----------------------------------------------------------------------------------------------- */

static void run_layer(bertlet_model *model, const layer *l, const int32_t *starts, int32_t sequences, float *hidden) {
  int32_t tokens = starts[sequences];

  run_linear(model, &l->qkv, EPILOGUE_NONE, hidden, tokens, model->wide);
  parallel_for(model->threads, sequences * model->config.num_attention_heads, attend_head,
               &(attention_step){model, starts});
  run_linear(model, &l->attention_output, EPILOGUE_NONE, model->context, tokens, model->projected);
  add_and_normalize(model, &l->attention_norm, tokens, hidden);

  run_linear(model, &l->intermediate, (epilogue)model->config.hidden_act, hidden, tokens, model->wide);
  run_linear(model, &l->output, EPILOGUE_NONE, model->wide, tokens, model->projected);
  add_and_normalize(model, &l->output_norm, tokens, hidden);
}

static bool all_in_range(const int32_t *numbers, int32_t count, int32_t end) {
  for (int32_t i = 0; i < count; i++)
    if (numbers[i] < 0 || numbers[i] >= end) return false;
  return true;
}

static bool batch_is_valid(const bertlet_config *config, const int32_t *ids, const int32_t *type_ids,
                           const int32_t *starts, int32_t sequences) {
  if (sequences < 0 || starts[0] != 0) return false;
  for (int32_t i = 0; i < sequences; i++) {
    /* The first test keeps the difference of the second from overflowing. */
    if (starts[i + 1] <= starts[i] || starts[i + 1] > config->max_batch_tokens) return false;
    if (starts[i + 1] - starts[i] > config->max_position_embeddings) return false;
  }
  int32_t tokens = starts[sequences];
  return all_in_range(ids, tokens, config->vocab_size) &&
         (!type_ids || config->type_vocab_size == 0 || all_in_range(type_ids, tokens, config->type_vocab_size));
}

bertlet_status bertlet_forward(bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                               int32_t sequences, int32_t layers, float *hidden) {
  const bertlet_config *config = &model->config;
  if (bertlet_model_missing(model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  if (layers < 0 || layers > config->num_hidden_layers) return BERTLET_ERROR_ARGUMENT;
  if (!batch_is_valid(config, ids, type_ids, starts, sequences)) return BERTLET_ERROR_ARGUMENT;
  if (sequences == 0) return BERTLET_OK;

  const linear *projection = &model->embedding_projection;
  bool projected = projection->bias != NULL;
  embedding_step embedding = {model,
                              ids,
                              type_ids,
                              starts,
                              projected ? projection->inputs : config->hidden_size,
                              projected ? model->wide : hidden};
  parallel_for(model->threads, sequences, embed_sequence, &embedding);
  if (projected) run_linear(model, projection, EPILOGUE_NONE, model->wide, starts[sequences], hidden);
  for (int32_t i = 0; i < layers; i++) run_layer(model, &model->layers[i], starts, sequences, hidden);

  return all_finite(hidden, (size_t)starts[sequences] * config->hidden_size) ? BERTLET_OK : BERTLET_ERROR_NUMERIC;
}
