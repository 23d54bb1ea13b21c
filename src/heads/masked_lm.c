/* The decoder of masked language modelling (Devlin et al. 2019, section 3.1): every word piece is scored by the scalar
 * product with its embedding. */
#include "base/finite.h"
#include "base/tasks.h"
#include "base/threads.h"
#include "bertlet.h"
#include "heads/dot.h"
#include "model/embeddings.h"

/* Words of a task. */
enum { TASK_WORDS = 256 };

typedef struct decoder_step {
  const bertlet_model *model;
  const float *features; /* [rows][embedding] */
  int32_t rows;
  const float *bias; /* [words] */
  float *logits;     /* out: [rows][words] */
} decoder_step;

static void score_words(void *context, int32_t task, int32_t thread) {
  const decoder_step *step = context;
  const embedding_table *table = &step->model->weights.words;
  range words = task_range(table->rows, TASK_WORDS, task);
  for (int32_t word = words.begin; word < words.end; word++) {
    const float *embedding = embedding_row(table, word, scratch_of(step->model, thread));
    for (int32_t row = 0; row < step->rows; row++)
      step->logits[(size_t)row * table->rows + word] =
          dot_product(step->features + (size_t)row * table->columns, embedding, table->columns) + step->bias[word];
  }
}

bertlet_status bertlet_word_logits(const bertlet_model *model, const float *features, int32_t rows, const float *bias,
                                   float *logits) {
  if (bertlet_model_first_missing_tensor(model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  int32_t words = model->weights.words.rows;
  decoder_step step = {model, features, rows, bias, logits};
  parallel_for(model->threads, task_count(words, TASK_WORDS), score_words, &step);
  return all_finite(logits, (size_t)rows * words) ? BERTLET_OK : BERTLET_ERROR_NUMERIC;
}
