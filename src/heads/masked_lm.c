/* The decoder of masked language modelling (Devlin et al. 2019, section 3.1): every word piece is scored by the scalar
 * product with its embedding. */
#include "base/finite.h"
#include "base/threads.h"
#include "bertlet.h"
#include "heads/dot.h"
#include "model/model.h"

/* Words of a task. */
enum { BLOCK = 256 };

typedef struct decoder_step {
  const bertlet_model *model;
  const float *features; /* [rows][columns] */
  int32_t rows, columns;
  const float *bias; /* [words] */
  float *logits;     /* out: [rows][words] */
} decoder_step;

static void score_words(void *context, int32_t task, int32_t thread) {
  const decoder_step *step = context;
  const bertlet_model *model = step->model;
  int32_t words = model->words.rows, n = step->columns, begin = task * BLOCK;
  int32_t end = words - begin < BLOCK ? words : begin + BLOCK;
  float *room = scratch_of(model, thread);
  for (int32_t word = begin; word < end; word++) {
    const float *embedding = embedding_row(&model->words, word, n, room);
    for (int32_t row = 0; row < step->rows; row++)
      bertlet_linear(step->features + (size_t)row * n, 1, n, embedding, step->bias + word, 1,
                     step->logits + (size_t)row * words + word);
  }
}

bertlet_status bertlet_word_logits(const bertlet_model *model, const float *features, int32_t rows, const float *bias,
                                   float *logits) {
  if (bertlet_model_missing(model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  decoder_step step = {model, features, rows, bertlet_tensor_columns(model, 0), bias, logits};
  parallel_for(model->threads, (model->words.rows + BLOCK - 1) / BLOCK, score_words, &step);
  return all_finite(logits, (size_t)rows * model->words.rows) ? BERTLET_OK : BERTLET_ERROR_NUMERIC;
}
