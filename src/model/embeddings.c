#include "model/embeddings.h"

#include <string.h>

#include "base/threads.h"
#include "model/linear.h"

const float *embedding_row(const embedding_table *table, int32_t index, float *buffer) {
  int32_t n = table->columns;
  if (table->values) return table->values + (size_t)index * n;
  dequantize_row(table->values_i8 + (size_t)index * n, n, table->scale_i8[index], table->zero_i8[index], buffer);
  return buffer;
}

typedef struct embedding_step {
  const bertlet_model *model;
  const int32_t *ids, *type_ids, *starts;
  float *rows; /* out: [tokens][columns of the tables] */
} embedding_step;

/* row [columns] += row `index` of a table, if there is such a table. */
static void add_row(const embedding_table *table, int32_t index, float *buffer, float *row) {
  if (table->rows == 0) return;
  const float *added = embedding_row(table, index, buffer);
  for (int32_t i = 0; i < table->columns; i++) row[i] += added[i];
}

/* One sequence, whose positions are 0, 1, 2, ... */
static void embed_sequence(void *context, int32_t sequence, int32_t thread) {
  const embedding_step *step = context;
  const bertlet_model *model = step->model;
  const model_weights *weights = &model->weights;
  int32_t n = weights->words.columns, begin = step->starts[sequence], end = step->starts[sequence + 1];
  float *buffer = scratch_of(model, thread);
  for (int32_t token = begin; token < end; token++) {
    float *row = step->rows + (size_t)token * n;
    const float *word = embedding_row(&weights->words, step->ids[token], row);
    if (row != word) memcpy(row, word, (size_t)n * sizeof(float));
    add_row(&weights->token_types, step->type_ids ? step->type_ids[token] : 0, buffer, row);
    add_row(&weights->positions, token - begin, buffer, row);
  }
  const norm *by = &weights->embedding_norm;
  float *rows = step->rows + (size_t)begin * n;
  if (has_norm(by)) layer_norm(rows, NULL, by->gamma, by->beta, model->config.layer_norm_eps, end - begin, n, rows);
}

void embeddings_forward(const bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                        int32_t sequences, float *hidden) {
  const linear *projection = &model->weights.embedding_projection;
  bool projected = projection->outputs > 0;
  float *rows = projected ? model->workspace.embeddings : hidden;
  embedding_step step = {model, ids, type_ids, starts, rows};
  parallel_for(model->threads, sequences, embed_sequence, &step);
  if (projected) linear_forward(model, projection, EPILOGUE_NONE, rows, starts[sequences], hidden);
}
