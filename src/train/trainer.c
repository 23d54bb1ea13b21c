/* Passes of the encoder in training: embeddings, layers, pooling, and back. */
#include "train/trainer.h"

#include <string.h>

#include "base/threads.h"
#include "model/batch.h"
#include "model/embeddings.h"
#include "model/linear.h"
#include "model/norm.h"

static int32_t tokens_of(const bertlet_trainer *t) { return t->starts[t->sequences]; }

static token_rows all_tokens(const bertlet_trainer *t) { return (token_rows){tokens_of(t), t->numbers}; }

static layer_training layer_of(const bertlet_trainer *t, int32_t index) {
  return (layer_training){.model = &t->model,
                          .index = index,
                          .weights = &t->model.weights.layers[index],
                          .gradient = &t->gradients.layers[index],
                          .adapters = &t->adapters[index],
                          .adapter_gradient = &t->adapter_gradients[index],
                          .tape = &t->tapes[index],
                          .scratch = &t->scratch,
                          .dropout = &t->dropout,
                          .starts = t->starts,
                          .sequences = t->sequences,
                          .all = all_tokens(t),
                          .read = index == t->plan.end - 1 ? t->read : all_tokens(t)};
}

static bool keeps(const bertlet_trainer *t, int32_t index) { return index >= t->plan.end - t->plan.kept_layers; }

static void layer_forward_at(bertlet_trainer *t, int32_t index) {
  t->tapes[index].buffers.input = t->hidden[index];
  t->tapes[index].buffers.output = t->hidden[index + 1];
  layer_training of = layer_of(t, index);
  train_layer_forward(&of);
  if (!keeps(t, index)) t->recomputed = index;
}

/* ---- Embeddings -------------------------------------------------------------------------------------------------- */

/* The rows that are projected, or the hidden states themselves. */
static void embedding_rows(bertlet_trainer *t, float *rows) {
  normalized_embeddings(&t->model, t->ids, t->type_ids, t->starts, t->sequences, rows);
  drop_rows(&t->model, t->dropout.hidden, &t->dropout, -1, DROP_EMBEDDINGS, rows, all_tokens(t),
            t->model.weights.words.columns);
}

static void embeddings_forward_training(bertlet_trainer *t) {
  if (!projects_embeddings(&t->model)) {
    embedding_rows(t, t->hidden[0]);
    return;
  }
  embedding_rows(t, t->embedding_rows);
  linear_forward(&t->model, &t->model.weights.embedding_projection, EPILOGUE_NONE, t->embedding_rows, tokens_of(t),
                 t->hidden[0]);
}

/* The first layer's input, computed by the caller. The embeddings are the only ones to be dropped here: above layer 0,
 * what is given is taken as it is. */
static void take_hidden(bertlet_trainer *t, const float *hidden) {
  if (t->plan.begin > 0) {
    t->hidden[t->plan.begin] = (float *)hidden; /* it is not written to */
    return;
  }
  const int32_t n = t->model.config.hidden_size;
  memcpy(t->hidden[0], hidden, (size_t)tokens_of(t) * n * sizeof(float));
  drop_rows(&t->model, t->dropout.hidden, &t->dropout, -1, DROP_EMBEDDINGS, t->hidden[0], all_tokens(t), n);
}

/* Whether the embeddings are trained, or dropped before they are projected: then their sums are needed. */
static bool must_embed(const bertlet_trainer *t) {
  return t->plan.begin == 0 && (t->lowest < 0 || projects_embeddings(&t->model));
}

static void embeddings_backward_training(bertlet_trainer *t) {
  const bertlet_model *model = &t->model;
  const model_weights *weights = &model->weights;
  const int32_t tokens = tokens_of(t), columns = weights->words.columns;
  float *rows = t->flow;
  if (projects_embeddings(model)) {
    rows = t->embedding_gradient;
    embedding_rows(t, t->embedding_rows);
    linear_backward(model, &weights->embedding_projection, &t->gradients.embedding_projection, t->embedding_rows,
                    t->flow, tokens, t->scratch.transposed, t->scratch.zeros, rows);
  }
  drop_rows(model, t->dropout.hidden, &t->dropout, -1, DROP_EMBEDDINGS, rows, all_tokens(t), columns);
  if (has_norm(&weights->embedding_norm)) {
    sum_embeddings(model, t->ids, t->type_ids, t->starts, t->sequences, t->embedding_rows);
    norm_backward(model, &weights->embedding_norm, &t->gradients.embedding_norm, t->embedding_rows, tokens, columns,
                  t->scratch.moments, rows);
  }
  sum_embeddings_backward(model, &t->gradients, t->ids, t->type_ids, t->starts, t->sequences, rows);
}

/* ---- Features ---------------------------------------------------------------------------------------------------- */

/* Whether the model's final normalization belongs to what runs. */
static bool ends_with_norm(const bertlet_trainer *t) {
  return t->plan.end == t->model.config.num_hidden_layers && has_norm(&t->model.weights.final_norm);
}

static float *last_hidden(const bertlet_trainer *t) {
  return ends_with_norm(t) ? t->normalized : t->hidden[t->plan.end];
}

/* Of the output of the last layer, the rows that are read: of each text the first, where that is the pooling. */
static token_rows rows_that_are_read(const bertlet_trainer *t, const int32_t *rows, int32_t row_count) {
  if (t->plan.pooling == BERTLET_POOL_CLS) return (token_rows){t->sequences, t->starts};
  return rows ? (token_rows){row_count, rows} : all_tokens(t);
}

/* Where the rows of each text begin among those that are read. */
static const int32_t *row_starts(const bertlet_trainer *t) {
  return t->plan.pooling == BERTLET_POOL_CLS ? t->numbers : t->starts;
}

/* Drops elements of features, or of their gradient. The row of a text has the mask of its first token. */
static void drop_features(const bertlet_trainer *t, float *x) {
  const token_rows rows = t->plan.pooling < 0 ? t->read : (token_rows){t->sequences, t->starts};
  drop_rows(&t->model, t->dropout.features, &t->dropout, -1, DROP_FEATURES, x, rows, t->model.config.hidden_size);
}

static void features_forward(bertlet_trainer *t) {
  const int32_t n = t->model.config.hidden_size;
  const float *hidden = last_hidden(t);
  if (t->plan.pooling < 0) {
    memcpy(t->features, hidden, (size_t)t->read.count * n * sizeof(float));
  } else {
    bertlet_pool(hidden, row_starts(t), t->sequences, n, (bertlet_pooling)t->plan.pooling, t->plan.normalize,
                 t->features);
  }
  drop_features(t, t->features);
}

/* -> flow: the derivative by the last layer's output, [read.count][hidden]. */
static void features_backward(bertlet_trainer *t, float *gradient) {
  const int32_t n = t->model.config.hidden_size;
  drop_features(t, gradient);
  if (t->plan.pooling < 0) {
    memcpy(t->flow, gradient, (size_t)t->read.count * n * sizeof(float));
  } else {
    bertlet_pool_backward(last_hidden(t), row_starts(t), t->sequences, n, (bertlet_pooling)t->plan.pooling,
                          t->plan.normalize, t->features, gradient, t->flow);
  }
  if (ends_with_norm(t))
    norm_backward(&t->model, &t->model.weights.final_norm, &t->gradients.final_norm, t->hidden[t->plan.end],
                  t->read.count, n, t->scratch.moments, t->flow);
}

/* ---- Passes ------------------------------------------------------------------------------------------------------ */

/* Whether they are tokens of the batch, one at least, and ascend. */
static bool rows_are_valid(const int32_t *rows, int32_t count, int32_t tokens) {
  for (int32_t i = 0; i < count; i++)
    if (rows[i] < (i > 0 ? rows[i - 1] + 1 : 0) || rows[i] >= tokens) return false;
  return count > 0;
}

bertlet_status bertlet_trainer_forward(bertlet_trainer *t, const int32_t *ids, const int32_t *type_ids,
                                       const int32_t *starts, int32_t sequences, const float *hidden,
                                       const int32_t *rows, int32_t row_count, uint32_t key, int32_t first_token) {
  const bertlet_config *config = &t->model.config;
  const bertlet_training *plan = &t->plan;
  if (bertlet_model_first_missing_tensor(&t->model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  if (!starts_are_valid(config, starts, sequences) || starts[sequences] > plan->max_tokens || sequences < 1)
    return BERTLET_ERROR_ARGUMENT;
  if (hidden ? must_embed(t) : plan->begin > 0) return BERTLET_ERROR_ARGUMENT;
  if (!hidden && !ids_are_valid(config, ids, type_ids, starts[sequences])) return BERTLET_ERROR_ARGUMENT;
  if (rows && (plan->pooling >= 0 || !rows_are_valid(rows, row_count, starts[sequences])))
    return BERTLET_ERROR_ARGUMENT;

  t->ids = ids;
  t->type_ids = type_ids;
  t->starts = starts;
  t->sequences = sequences;
  t->read = rows_that_are_read(t, rows, row_count);
  t->dropout = (dropout_plan){.key = key, .first_token = (uint32_t)first_token};
  if (key) {
    t->dropout.hidden = plan->hidden_dropout;
    t->dropout.attention = plan->attention_dropout;
    t->dropout.adapter = plan->adapter_dropout;
    t->dropout.features = plan->feature_dropout;
  }
  if (hidden) {
    take_hidden(t, hidden);
  } else {
    embeddings_forward_training(t);
  }
  for (int32_t i = plan->begin; i < plan->end; i++) layer_forward_at(t, i);
  if (ends_with_norm(t))
    norm_forward(&t->model, &t->model.weights.final_norm, t->hidden[plan->end], NULL, t->read.count, t->normalized);
  features_forward(t);
  return check_hidden(config, t->read.count, last_hidden(t));
}

float *bertlet_trainer_features(const bertlet_trainer *t) { return t->features; }

void bertlet_trainer_backward(bertlet_trainer *t, float *feature_gradient) {
  if (t->lowest >= t->plan.end && !ends_with_norm(t)) return; /* the head alone is trained */
  features_backward(t, feature_gradient);
  const int32_t lowest = t->lowest < t->plan.begin ? t->plan.begin : t->lowest;
  for (int32_t i = t->plan.end - 1; i >= lowest; i--) {
    if (!keeps(t, i) && t->recomputed != i) layer_forward_at(t, i);
    layer_training of = layer_of(t, i);
    /* A normalization of the layer's input takes its own gradient from what flows to that. */
    const norm *first = &of.gradient->norm_before_attention;
    train_layer_backward(&of, i > t->lowest || first->gamma || first->beta, t->flow);
  }
  if (t->lowest < 0) embeddings_backward_training(t);
}

/* ---- Adapters ---------------------------------------------------------------------------------------------------- */

/* A tensor's part of the adapter of its linear layer. */
typedef struct adapter_part {
  const adapter *of; /* NULL: it has none */
  int32_t first;     /* row of A */
  float *b;
  int32_t rows, columns; /* of the tensor */
} adapter_part;

static adapter_part find_adapter(const bertlet_trainer *t, int32_t index) {
  if (index < 0 || index >= t->model.tensor_count) return (adapter_part){0};
  const tensor *of = &t->model.tensors[index];
  if (of->layer < 0 || of->entry->kind != TENSOR_WEIGHT) return (adapter_part){0};
  const adapter *by = adapter_at(&t->adapters[of->layer], of->entry->place);
  if (!by->b[of->entry->part]) return (adapter_part){0};
  return (adapter_part){by, first_row_of_a(by, of->entry->part), by->b[of->entry->part], of->rows, of->columns};
}

bertlet_status bertlet_trainer_read_adapter(const bertlet_trainer *t, int32_t index, float *a, float *b) {
  const adapter_part part = find_adapter(t, index);
  const int32_t rank = t->plan.rank;
  if (!part.of) return BERTLET_ERROR_ARGUMENT;
  for (int32_t i = 0; i < rank; i++) unpack_row(part.of->a, part.columns, part.first + i, a + (size_t)i * part.columns);
  for (int32_t row = 0; row < part.rows; row++) {
    const float *from = packed_row(part.b, part.of->rank, row);
    for (int32_t i = 0; i < rank; i++) b[(size_t)row * rank + i] = from[(size_t)i * PANEL];
  }
  return BERTLET_OK;
}

bertlet_status bertlet_trainer_write_adapter(bertlet_trainer *t, int32_t index, const float *a, const float *b) {
  const adapter_part part = find_adapter(t, index);
  const int32_t rank = t->plan.rank;
  if (!part.of) return BERTLET_ERROR_ARGUMENT;
  for (int32_t i = 0; i < rank; i++) pack_row(part.of->a, part.columns, part.first + i, a + (size_t)i * part.columns);
  for (int32_t row = 0; row < part.rows; row++) {
    float *to = packed_row(part.b, part.of->rank, row);
    for (int32_t i = 0; i < rank; i++) to[(size_t)i * PANEL] = b[(size_t)row * rank + i];
  }
  return BERTLET_OK;
}
