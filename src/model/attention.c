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
    attention_f32(query, query + n, query + 2 * n, length, 3 * n, head_size, 0, length, NULL, scratch, gathered, n);
  }
}

void attention_forward(const bertlet_model *model, const int32_t *starts, int32_t sequences, const float *qkv,
                       float *context) {
  attention_step step = {model, starts, qkv, context};
  parallel_for(model->threads, sequences * model->config.num_attention_heads, attend_head, &step);
}
