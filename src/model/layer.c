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

void layer_forward(const bertlet_model *model, const layer *weights, const layer_buffers *buffers,
                   const int32_t *starts, int32_t sequences) {
  const layer *w = weights;
  const layer_buffers *b = buffers;
  int32_t tokens = starts[sequences];
  epilogue activation = (epilogue)model->config.hidden_act;

  const float *x = norm_if_any(model, &w->norm_before_attention, b->input, tokens, b->attention_input);
  linear_forward(model, &w->qkv, EPILOGUE_NONE, x, tokens, b->qkv);
  attention_forward(model, starts, sequences, b->qkv, b->context);
  linear_forward(model, &w->attention_output, EPILOGUE_NONE, b->context, tokens, b->attention_output);
  norm_forward(model, &w->norm_after_attention, b->input, b->attention_output, tokens, b->attended);

  x = norm_if_any(model, &w->norm_before_feed_forward, b->attended, tokens, b->feed_forward_input);
  linear_forward(model, &w->intermediate, activation, x, tokens, b->intermediate);
  linear_forward(model, &w->feed_forward_output, EPILOGUE_NONE, b->intermediate, tokens, b->feed_forward_output);
  norm_forward(model, &w->norm_after_feed_forward, b->attended, b->feed_forward_output, tokens, b->output);
}
