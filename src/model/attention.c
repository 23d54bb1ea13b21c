#include "model/attention.h"

#include <string.h>

#include "base/threads.h"

/* Shortest sequence whose attention is computed in 8 bits: in a shorter one rounding takes longer than it saves
 * (docs/decisions/0007-attention-in-eight-bits.md). */
enum { I8_ATTENTION_LENGTH = 16 };

typedef struct attention_step {
  const bertlet_model *model;
  const int32_t *starts;
  const float *qkv; /* [tokens][3 * hidden] */
  float *context;   /* out: [tokens][hidden] */
} attention_step;

/* 8 bits gain only where one instruction sums four products. */
static bool attends_in_i8(const bertlet_model *model, int32_t length, int32_t head_size) {
  return model->config.weights == BERTLET_WEIGHTS_INT8 && length >= I8_ATTENTION_LENGTH && head_size % 16 == 0 &&
         (model->path == INT8_DOT_UNSIGNED || model->path == INT8_DOT_SIGNED);
}

/* Where the work of a task is: one head over one sequence. */
typedef struct head_place {
  int32_t head, size;        /* its number and its columns */
  int32_t begin, length;     /* the sequence's first token, and how many it has */
  size_t in_qkv, in_context; /* where its first number is */
} head_place;

static head_place place_of_head(const bertlet_model *model, const int32_t *starts, int32_t task) {
  const int32_t n = model->config.hidden_size, heads = model->config.num_attention_heads, size = n / heads;
  const int32_t sequence = task / heads, head = task % heads, begin = starts[sequence];
  const size_t column = (size_t)head * (size_t)size, row = (size_t)begin * (size_t)n;
  return (head_place){head, size, begin, starts[sequence + 1] - begin, 3 * row + column, row + column};
}

static void attend_head(void *context, int32_t task, int32_t thread) {
  const attention_step *step = context;
  const bertlet_model *model = step->model;
  const head_place at = place_of_head(model, step->starts, task);
  const int32_t n = model->config.hidden_size, length = at.length, head_size = at.size;
  const float *query = step->qkv + at.in_qkv;
  float *scratch = scratch_of(model, thread), *gathered = step->context + at.in_context;
  if (attends_in_i8(model, length, head_size)) {
    attention_i8(model->path, query, query + n, query + 2 * n, length, 3 * n, head_size, 0, length, scratch, gathered,
                 n);
  } else {
    attention_f32(query, query + n, query + 2 * n, length, 3 * n, head_size, 0, length, scratch, gathered, n);
  }
}

void attention_forward(const bertlet_model *model, const int32_t *starts, int32_t sequences, const float *qkv,
                       float *context) {
  attention_step step = {model, starts, qkv, context};
  parallel_for(model->threads, sequences * model->config.num_attention_heads, attend_head, &step);
}

/* ---- Training ---------------------------------------------------------------------------------------------------- */

typedef struct training_step {
  const bertlet_model *model;
  const int32_t *starts;
  token_rows rows;
  const float *qkv;
  const dropout_plan *plan;
  int32_t layer;
  float *context;
  const float *context_gradient; /* of the backward pass, and NULL in the forward one */
  float *qkv_gradient;
} training_step;

/* The mask of one head over one sequence, which is known by its first token, for probabilities that are numbered by the
 * token of the query, counted from the batch's first one. */
static dropout dropout_of_head(const training_step *step, const head_place *of) {
  const uint32_t heads = (uint32_t)step->model->config.num_attention_heads;
  const uint32_t sequence = step->plan->first_token + (uint32_t)of->begin;
  dropout drop = dropout_at(step->plan->attention, step->plan, step->layer, DROP_ATTENTION_PROBABILITIES);
  drop.key = dropout_hash(drop.key ^ (sequence * heads + (uint32_t)of->head));
  drop.key -= (uint32_t)of->begin * (uint32_t)of->length; /* the number of the sequence's first probability */
  return drop;
}

/* One head over one sequence, forward or backward. */
static void train_head(void *context, int32_t task, int32_t thread) {
  const training_step *step = context;
  const bertlet_model *model = step->model;
  const head_place place = place_of_head(model, step->starts, task);
  const int32_t n = model->config.hidden_size, length = place.length, size = place.size;
  const float *qkv = step->qkv + place.in_qkv;
  const dropout drop = dropout_of_head(step, &place), *dropped = step->plan->attention > 0 ? &drop : NULL;
  const range rows = rows_between(step->rows, place.begin, place.begin + length);
  const int32_t count = rows.end - rows.begin, *tokens = step->rows.tokens + rows.begin;
  const size_t at = (size_t)rows.begin * n + (size_t)place.head * size;

  float *queries = scratch_of(model, thread), *scratch = queries + (size_t)length * size; /* [count][size] */
  for (int32_t i = 0; i < count; i++)
    memcpy(queries + (size_t)i * size, qkv + (size_t)(tokens[i] - place.begin) * 3 * n, (size_t)size * sizeof(float));
  if (!step->context_gradient) {
    attention_training(queries, size, tokens, count, qkv + n, qkv + 2 * n, length, 3 * n, size, dropped, scratch,
                       step->context + at, n);
    return;
  }
  float *gradient = step->qkv_gradient + place.in_qkv;
  float *query_gradients = scratch; /* [count][size] */
  scratch += (size_t)length * size;
  attention_backward(queries, size, tokens, count, qkv + n, qkv + 2 * n, length, 3 * n, size, dropped,
                     step->context + at, step->context_gradient + at, n, scratch, query_gradients, gradient + n,
                     gradient + 2 * n);
  for (int32_t row = 0; row < length; row++) memset(gradient + (size_t)row * 3 * n, 0, (size_t)size * sizeof(float));
  for (int32_t i = 0; i < count; i++)
    memcpy(gradient + (size_t)(tokens[i] - place.begin) * 3 * n, query_gradients + (size_t)i * size,
           (size_t)size * sizeof(float));
}

size_t attention_training_scratch(int32_t length, int32_t head_size) {
  const size_t forward = attention_scratch(length, head_size), backward = attention_backward_scratch(length, head_size);
  return 2 * (size_t)length * (size_t)head_size + (forward > backward ? forward : backward);
}

void attention_forward_training(const bertlet_model *model, const int32_t *starts, int32_t sequences, token_rows rows,
                                const float *qkv, const dropout_plan *plan, int32_t layer, float *context) {
  training_step step = {model, starts, rows, qkv, plan, layer, context, NULL, NULL};
  parallel_for(model->threads, sequences * model->config.num_attention_heads, train_head, &step);
}

void attention_backward_training(const bertlet_model *model, const int32_t *starts, int32_t sequences, token_rows rows,
                                 const float *qkv, const dropout_plan *plan, int32_t layer, const float *context,
                                 const float *context_gradient, float *qkv_gradient) {
  training_step step = {model, starts, rows, qkv, plan, layer, (float *)context, context_gradient, qkv_gradient};
  parallel_for(model->threads, sequences * model->config.num_attention_heads, train_head, &step);
}
