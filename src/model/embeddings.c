#include "model/embeddings.h"

#include <string.h>

#include "base/tasks.h"
#include "base/threads.h"
#include "model/linear.h"
#include "model/lora.h"

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
static void sum_sequence(void *context, int32_t sequence, int32_t thread) {
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
}

static void embed_sequence(void *context, int32_t sequence, int32_t thread) {
  sum_sequence(context, sequence, thread);
  const embedding_step *step = context;
  const bertlet_model *model = step->model;
  const norm *by = &model->weights.embedding_norm;
  int32_t n = model->weights.words.columns, begin = step->starts[sequence], end = step->starts[sequence + 1];
  float *rows = step->rows + (size_t)begin * n;
  if (has_norm(by)) layer_norm(rows, NULL, by->gamma, by->beta, model->config.layer_norm_eps, end - begin, n, rows);
}

bool projects_embeddings(const bertlet_model *model) { return model->weights.embedding_projection.outputs > 0; }

void normalized_embeddings(const bertlet_model *model, const int32_t *ids, const int32_t *type_ids,
                           const int32_t *starts, int32_t sequences, float *rows) {
  embedding_step step = {model, ids, type_ids, starts, rows};
  parallel_for(model->threads, sequences, embed_sequence, &step);
}

void embeddings_forward(const bertlet_model *model, const bertlet_lora *lora, const int32_t *ids,
                        const int32_t *type_ids, const int32_t *starts, int32_t sequences, float *hidden) {
  bool projected = projects_embeddings(model);
  float *rows = projected ? model->workspace.embeddings : hidden;
  normalized_embeddings(model, ids, type_ids, starts, sequences, rows);
  if (projected)
    adapted_linear_forward(model, &model->weights.embedding_projection, lora ? &lora->projection : NULL,
                           lora ? lora->inner : NULL, EPILOGUE_NONE, rows, starts[sequences], hidden);
}

/* ---- Training ---------------------------------------------------------------------------------------------------- */

void sum_embeddings(const bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                    int32_t sequences, float *rows) {
  embedding_step step = {model, ids, type_ids, starts, rows};
  parallel_for(model->threads, sequences, sum_sequence, &step);
}

typedef struct scatter_step {
  const model_weights *gradient;
  const int32_t *ids, *type_ids, *starts;
  int32_t sequences, columns;
  const float *row_gradient; /* [tokens][columns] */
} scatter_step;

/* Columns of a task. All tokens are in one task, so that a row that several of them looked up is summed in one order.
 */
enum { SCATTER_COLUMNS = 32 };

static void scatter_columns(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const scatter_step *step = context;
  const model_weights *gradient = step->gradient;
  range columns = task_range(step->columns, SCATTER_COLUMNS, task);
  for (int32_t sequence = 0; sequence < step->sequences; sequence++)
    for (int32_t token = step->starts[sequence]; token < step->starts[sequence + 1]; token++) {
      const float *from = step->row_gradient + (size_t)token * step->columns;
      float *const tables[] = {gradient->words.values, gradient->token_types.values, gradient->positions.values};
      const int32_t rows[] = {step->ids[token], step->type_ids ? step->type_ids[token] : 0,
                              token - step->starts[sequence]};
      for (int32_t table = 0; table < 3; table++) {
        if (!tables[table]) continue;
        float *row = tables[table] + (size_t)rows[table] * step->columns;
        for (int32_t i = columns.begin; i < columns.end; i++) row[i] += from[i];
      }
    }
}

void sum_embeddings_backward(const bertlet_model *model, const model_weights *gradient, const int32_t *ids,
                             const int32_t *type_ids, const int32_t *starts, int32_t sequences,
                             const float *row_gradient) {
  int32_t columns = model->weights.words.columns;
  scatter_step step = {gradient, ids, type_ids, starts, sequences, columns, row_gradient};
  parallel_for(model->threads, task_count(columns, SCATTER_COLUMNS), scatter_columns, &step);
}
