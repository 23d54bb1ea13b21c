#include "train/encoder_layer.h"

#include <string.h>

#include "base/tasks.h"
#include "base/threads.h"
#include "model/attention.h"
#include "model/linear.h"
#include "model/norm.h"

/* ---- Elementwise steps, in parallel ------------------------------------------------------------------------------ */

enum { CHUNK = 4096 };

typedef struct elementwise {
  const float *x;
  float *y;
  size_t count;
  epilogue apply;
  void (*body)(const float *x, int32_t n, epilogue apply, float *y);
} elementwise;

static void chunk(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const elementwise *step = context;
  const size_t begin = (size_t)task * CHUNK, left = step->count - begin;
  step->body(step->x + begin, left < CHUNK ? (int32_t)left : CHUNK, step->apply, step->y + begin);
}

static void for_each(const layer_training *of, void (*body)(const float *, int32_t, epilogue, float *), const float *x,
                     int32_t rows, int32_t columns, float *y) {
  const size_t count = (size_t)rows * columns;
  elementwise step = {x, y, count, (epilogue)of->model->config.hidden_act, body};
  parallel_for(of->model->threads, (int32_t)((count + CHUNK - 1) / CHUNK), chunk, &step);
}

static void add_chunk(const float *x, int32_t n, epilogue apply, float *y) {
  (void)apply;
  for (int32_t i = 0; i < n; i++) y[i] += x[i];
}

static void activate_chunk(const float *x, int32_t n, epilogue apply, float *y) {
  memcpy(y, x, (size_t)n * sizeof(float));
  activate(y, n, apply);
}

/* ---- A linear layer with its adapter ----------------------------------------------------------------------------- */

/* The adapter's input: x, or a copy of it with dropout. */
static const float *adapter_input(const layer_training *of, const linear *l, dropout_place place, token_rows rows,
                                  const float *x) {
  if (of->dropout->adapter <= 0) return x;
  float *dropped = of->scratch->adapter_input;
  drop_copied_rows(of->model, of->dropout->adapter, of->dropout, of->index, place, x, rows, l->inputs, dropped);
  return dropped;
}

static void adapted_forward(const layer_training *of, const linear *l, const adapter *by, dropout_place place,
                            token_rows rows, const float *x, float *inner, float *y) {
  linear_forward(of->model, l, EPILOGUE_NONE, x, rows.count, y);
  if (by->adapted > 0)
    adapter_forward(of->model, l, by, adapter_input(of, l, place, rows, x), rows.count, of->scratch->zeros, inner, y);
}

/* dx = start + the derivative by x, or, where `start` is NULL, +=; unless dx is NULL. */
static void adapted_backward(const layer_training *of, const linear *l, const linear *gradient, const adapter *by,
                             const adapter *adapter_gradient, dropout_place place, token_rows rows, const float *x,
                             const float *inner, const float *dy, const float *start, float *dx) {
  const layer_scratch *s = of->scratch;
  linear_backward(of->model, l, gradient, x, dy, rows.count, s->transposed, start, dx);
  if (by->adapted == 0) return;
  const float *dropped = adapter_input(of, l, place, rows, x);
  const bool apart = dx && of->dropout->adapter > 0; /* the part of dx that goes back through the dropout */
  adapter_backward(of->model, l, by, adapter_gradient, dropped, inner, dy, rows.count, s->zeros, s->inner_gradient,
                   s->transposed, apart ? s->zeros : NULL, apart ? s->adapter_input_gradient : dx);
  if (apart)
    drop_and_add_rows(of->model, of->dropout->adapter, of->dropout, of->index, place, s->adapter_input_gradient, dx,
                      rows, l->inputs, dx);
}

/* ---- The layer --------------------------------------------------------------------------------------------------- */

/* x after a normalization, in `normalized`; x itself where there is no such normalization. */
static const float *norm_if_any(const layer_training *of, const norm *by, token_rows rows, const float *x,
                                float *normalized) {
  if (!has_norm(by)) return x;
  norm_forward(of->model, by, x, NULL, rows.count, normalized);
  return normalized;
}

/* Dropout of x [rows that are read][hidden], then + residual: in place. */
static void drop_and_add(const layer_training *of, dropout_place place, const float *residual, float *x) {
  drop_and_add_rows(of->model, of->dropout->hidden, of->dropout, of->index, place, x, residual, of->read,
                    of->model->config.hidden_size, x);
}

/* What the forward pass computes from what it has kept. */
static const float *attention_input(const layer_training *of) {
  return norm_if_any(of, &of->weights->norm_before_attention, of->all, of->tape->buffers.input,
                     of->scratch->attention_input);
}
static const float *attended(const layer_training *of) {
  return norm_if_any(of, &of->weights->norm_after_attention, of->read, of->tape->buffers.attention_output,
                     of->scratch->attended);
}
static const float *feed_forward_input(const layer_training *of, const float *from) {
  return norm_if_any(of, &of->weights->norm_before_feed_forward, of->read, from, of->scratch->feed_forward_input);
}

void train_layer_forward(const layer_training *of) {
  const layer *w = of->weights;
  const layer_buffers *b = &of->tape->buffers;
  const inner_buffers *inner = &of->tape->inner;
  const token_rows all = of->all, read = of->read;
  const int32_t n = of->model->config.hidden_size, intermediate_size = w->intermediate.outputs;

  adapted_forward(of, &w->qkv, &of->adapters->qkv, DROP_ADAPTER_QKV, all, attention_input(of), inner->qkv, b->qkv);
  attention_forward_training(of->model, of->starts, of->sequences, read, b->qkv, of->dropout, of->index, b->context);
  adapted_forward(of, &w->attention_output, &of->adapters->attention_output, DROP_ADAPTER_ATTENTION_OUTPUT, read,
                  b->context, inner->attention_output, b->attention_output);
  drop_and_add(of, DROP_ATTENTION_OUTPUT, gather_rows(b->input, read, all.count, n, of->scratch->side),
               b->attention_output);

  const float *residual = attended(of);
  adapted_forward(of, &w->intermediate, &of->adapters->intermediate, DROP_ADAPTER_INTERMEDIATE, read,
                  feed_forward_input(of, residual), inner->intermediate, b->intermediate);
  for_each(of, activate_chunk, b->intermediate, read.count, intermediate_size, of->scratch->activated);
  adapted_forward(of, &w->feed_forward_output, &of->adapters->feed_forward_output, DROP_ADAPTER_FEED_FORWARD_OUTPUT,
                  read, of->scratch->activated, inner->feed_forward_output, b->feed_forward_output);
  drop_and_add(of, DROP_FEED_FORWARD_OUTPUT, residual, b->feed_forward_output);
  if (has_norm(&w->norm_after_feed_forward)) {
    norm_forward(of->model, &w->norm_after_feed_forward, b->feed_forward_output, NULL, read.count, b->output);
  } else {
    memcpy(b->output, b->feed_forward_output, (size_t)read.count * n * sizeof(float));
  }
}

/* The derivative by what was dropped and added to a residual, of which `flow` is the derivative by the sum: flow
 * itself, or a copy with the same elements dropped. */
static const float *through_dropout(const layer_training *of, dropout_place place, const float *flow) {
  if (of->dropout->hidden <= 0) return flow;
  float *branch = of->scratch->branch;
  drop_copied_rows(of->model, of->dropout->hidden, of->dropout, of->index, place, flow, of->read,
                   of->model->config.hidden_size, branch);
  return branch;
}

static void norm_backward_if_any(const layer_training *of, const norm *by, const norm *gradient, token_rows rows,
                                 const float *x, float *dy) {
  if (!has_norm(by)) return;
  norm_backward(of->model, by, gradient, x, rows.count, of->model->config.hidden_size, of->scratch->moments, dy);
}

/* The backward pass of a linear layer that reads x after a normalization, or x: adds the derivative by x to flow. */
static void normed_linear_backward(const layer_training *of, const norm *by, const norm *norm_gradient, token_rows rows,
                                   const float *x, const float *normalized, const linear *l, const linear *gradient,
                                   const adapter *adapted, const adapter *adapter_gradient, dropout_place place,
                                   const float *inner, const float *dy, float *flow) {
  if (!flow || !has_norm(by)) {
    adapted_backward(of, l, gradient, adapted, adapter_gradient, place, rows, normalized, inner, dy, NULL, flow);
    return;
  }
  float *side = of->scratch->side;
  adapted_backward(of, l, gradient, adapted, adapter_gradient, place, rows, normalized, inner, dy, of->scratch->zeros,
                   side);
  norm_backward_if_any(of, by, norm_gradient, rows, x, side);
  for_each(of, add_chunk, side, rows.count, l->inputs, flow);
}

void train_layer_backward(const layer_training *of, bool to_input, float *flow) {
  const layer *w = of->weights, *g = of->gradient;
  const layer_adapters *a = of->adapters, *ag = of->adapter_gradient;
  const layer_buffers *b = &of->tape->buffers;
  const inner_buffers *inner = &of->tape->inner;
  const layer_scratch *s = of->scratch;
  const token_rows all = of->all, read = of->read;
  const int32_t n = of->model->config.hidden_size, intermediate_size = w->intermediate.outputs;

  /* The feed-forward network. */
  norm_backward_if_any(of, &w->norm_after_feed_forward, &g->norm_after_feed_forward, read, b->feed_forward_output,
                       flow);
  for_each(of, activate_chunk, b->intermediate, read.count, intermediate_size, s->activated);
  adapted_backward(of, &w->feed_forward_output, &g->feed_forward_output, &a->feed_forward_output,
                   &ag->feed_forward_output, DROP_ADAPTER_FEED_FORWARD_OUTPUT, read, s->activated,
                   inner->feed_forward_output, through_dropout(of, DROP_FEED_FORWARD_OUTPUT, flow), s->zeros,
                   s->intermediate_gradient);
  for_each(of, activate_backward, b->intermediate, read.count, intermediate_size, s->intermediate_gradient);
  const float *middle = attended(of);
  normed_linear_backward(of, &w->norm_before_feed_forward, &g->norm_before_feed_forward, read, middle,
                         feed_forward_input(of, middle), &w->intermediate, &g->intermediate, &a->intermediate,
                         &ag->intermediate, DROP_ADAPTER_INTERMEDIATE, inner->intermediate, s->intermediate_gradient,
                         flow);

  /* Attention. */
  norm_backward_if_any(of, &w->norm_after_attention, &g->norm_after_attention, read, b->attention_output, flow);
  adapted_backward(of, &w->attention_output, &g->attention_output, &a->attention_output, &ag->attention_output,
                   DROP_ADAPTER_ATTENTION_OUTPUT, read, b->context, inner->attention_output,
                   through_dropout(of, DROP_ATTENTION_OUTPUT, flow), s->zeros, s->side);
  attention_backward_training(of->model, of->starts, of->sequences, read, b->qkv, of->dropout, of->index, b->context,
                              s->side, s->qkv_gradient);
  scatter_rows(flow, read, all.count, n);
  normed_linear_backward(of, &w->norm_before_attention, &g->norm_before_attention, all, b->input, attention_input(of),
                         &w->qkv, &g->qkv, &a->qkv, &ag->qkv, DROP_ADAPTER_QKV, inner->qkv, s->qkv_gradient,
                         to_input ? flow : NULL);
}
