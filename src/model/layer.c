#include "model/layer.h"

#include "model/attention.h"
#include "model/linear.h"
#include "model/norm.h"

/* Normalizes x into `normalized`. Returns that, or x where there is no such normalization. */
static const float *norm_if_any(const bertlet_model *model, const norm *by, const float *x, int32_t rows,
                                float *normalized) {
  if (!has_norm(by)) return x;
  norm_forward(model, by, x, NULL, rows, normalized);
  return normalized;
}

void layer_forward(const bertlet_model *model, const layer *weights, const layer_adapters *adapters, float *inner,
                   const layer_buffers *buffers, const int32_t *starts, int32_t sequences) {
  const layer *w = weights;
  const layer_adapters *a = adapters;
  const layer_buffers *b = buffers;
  int32_t tokens = starts[sequences];
  epilogue activation = (epilogue)model->config.hidden_act, none = EPILOGUE_NONE;

  const float *x = norm_if_any(model, &w->norm_before_attention, b->input, tokens, b->attention_input);
  adapted_linear_forward(model, &w->qkv, &a->qkv, inner, none, x, tokens, b->qkv);
  attention_forward(model, starts, sequences, b->qkv, b->context);
  adapted_linear_forward(model, &w->attention_output, &a->attention_output, inner, none, b->context, tokens,
                         b->attention_output);
  norm_forward(model, &w->norm_after_attention, b->input, b->attention_output, tokens, b->attended);

  x = norm_if_any(model, &w->norm_before_feed_forward, b->attended, tokens, b->feed_forward_input);
  adapted_linear_forward(model, &w->intermediate, &a->intermediate, inner, activation, x, tokens, b->intermediate);
  adapted_linear_forward(model, &w->feed_forward_output, &a->feed_forward_output, inner, none, b->intermediate, tokens,
                         b->feed_forward_output);
  norm_forward(model, &w->norm_after_feed_forward, b->attended, b->feed_forward_output, tokens, b->output);
}
