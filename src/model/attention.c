#include "model/attention.h"

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

/* One head over one sequence. */
static void attend_head(void *context, int32_t task, int32_t thread) {
  const attention_step *step = context;
  const bertlet_model *model = step->model;
  int32_t n = model->config.hidden_size, heads = model->config.num_attention_heads, head_size = n / heads;
  int32_t sequence = task / heads, column = task % heads * head_size;
  int32_t begin = step->starts[sequence], length = step->starts[sequence + 1] - begin;
  const float *query = step->qkv + (size_t)begin * (3 * n) + column;
  float *scratch = scratch_of(model, thread);
  float *gathered = step->context + (size_t)begin * n + column;
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
  const float *qkv;
  const dropout_plan *plan;
  int32_t layer;
  float *context;
  const float *context_gradient; /* of the backward pass, and NULL in the forward one */
  float *qkv_gradient;
} training_step;

/* One head over one sequence, forward or backward. */
static void train_head(void *context, int32_t task, int32_t thread) {
  const training_step *step = context;
  const bertlet_model *model = step->model;
  int32_t n = model->config.hidden_size, heads = model->config.num_attention_heads, head_size = n / heads;
  int32_t sequence = task / heads, column = task % heads * head_size;
  int32_t begin = step->starts[sequence], length = step->starts[sequence + 1] - begin;
  const size_t qkv_at = (size_t)begin * (3 * n) + column, at = (size_t)begin * n + column;
  const float *query = step->qkv + qkv_at;
  float *scratch = scratch_of(model, thread);
  float rate = step->plan->attention;
  dropout drop = dropout_at(rate, step->plan, step->layer, DROP_ATTENTION_PROBABILITIES);
  /* A mask for each sequence, known by its first token, and head. */
  drop.key = dropout_hash(drop.key ^
                          ((step->plan->first_token + (uint32_t)begin) * (uint32_t)heads + (uint32_t)(task % heads)));
  const dropout *dropped = rate > 0 ? &drop : NULL;
  if (!step->context_gradient) {
    float *to = step->context + at;
    if (dropped) {
      attention_dropping(query, query + n, query + 2 * n, length, 3 * n, head_size, dropped, scratch, to, n);
    } else {
      attention_f32(query, query + n, query + 2 * n, length, 3 * n, head_size, 0, length, scratch, to, n);
    }
  } else {
    float *gradient = step->qkv_gradient + qkv_at;
    attention_backward(query, query + n, query + 2 * n, length, 3 * n, head_size, dropped, step->context + at,
                       step->context_gradient + at, n, scratch, gradient, gradient + n, gradient + 2 * n);
  }
}

void attention_forward_training(const bertlet_model *model, const int32_t *starts, int32_t sequences, const float *qkv,
                                const dropout_plan *plan, int32_t layer, float *context) {
  training_step step = {model, starts, qkv, plan, layer, context, NULL, NULL};
  parallel_for(model->threads, sequences * model->config.num_attention_heads, train_head, &step);
}

void attention_backward_training(const bertlet_model *model, const int32_t *starts, int32_t sequences, const float *qkv,
                                 const dropout_plan *plan, int32_t layer, const float *context,
                                 const float *context_gradient, float *qkv_gradient) {
  training_step step = {model, starts, qkv, plan, layer, (float *)context, context_gradient, qkv_gradient};
  parallel_for(model->threads, sequences * model->config.num_attention_heads, train_head, &step);
}
