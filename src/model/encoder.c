/* The encoder over a ragged batch.
 *
 * Every step is a loop of independent tasks over rows, output channels or heads. No task's arithmetic depends on what
 * else is in the batch, which is why a sequence gives the same bits alone, in a batch, and on any number of threads. */
#include "model/batch.h"
#include "model/embeddings.h"
#include "model/layer.h"
#include "model/lora.h"
#include "model/norm.h"

/* Layers begin .. end - 1 over hidden [tokens][hidden], in place. */
static void layers_forward(const bertlet_model *model, const bertlet_lora *lora, const int32_t *starts,
                           int32_t sequences, int32_t begin, int32_t end, float *hidden) {
  static const layer_adapters none;
  const model_weights *weights = &model->weights;
  layer_buffers buffers = model->workspace.layer;
  buffers.input = buffers.attended = buffers.output = hidden;
  for (int32_t i = begin; i < end; i++)
    layer_forward(model, &weights->layers[i], lora ? &lora->layers[i] : &none, lora ? lora->inner : NULL, &buffers,
                  starts, sequences);
  bool with_last = begin < end && end == model->config.num_hidden_layers;
  if (with_last && has_norm(&weights->final_norm))
    norm_forward(model, &weights->final_norm, hidden, NULL, starts[sequences], hidden);
}

bertlet_status bertlet_embed(bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                             int32_t sequences, float *hidden, bertlet_lora *lora) {
  return bertlet_forward(model, ids, type_ids, starts, sequences, 0, hidden, lora);
}

bertlet_status bertlet_run_layers(bertlet_model *model, const int32_t *starts, int32_t sequences, int32_t begin,
                                  int32_t end, float *hidden, bertlet_lora *lora) {
  const bertlet_config *config = &model->config;
  if (bertlet_model_first_missing_tensor(model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  if (!layers_are_valid(config, begin, end)) return BERTLET_ERROR_ARGUMENT;
  if (!starts_are_valid(config, starts, sequences)) return BERTLET_ERROR_ARGUMENT;
  if (sequences > 0) layers_forward(model, lora, starts, sequences, begin, end, hidden);
  return check_hidden(config, starts[sequences], hidden);
}

bertlet_status bertlet_forward(bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                               int32_t sequences, int32_t layers, float *hidden, bertlet_lora *lora) {
  const bertlet_config *config = &model->config;
  if (bertlet_model_first_missing_tensor(model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  if (!layers_are_valid(config, 0, layers)) return BERTLET_ERROR_ARGUMENT;
  if (!starts_are_valid(config, starts, sequences)) return BERTLET_ERROR_ARGUMENT;
  if (!ids_are_valid(config, ids, type_ids, starts[sequences])) return BERTLET_ERROR_ARGUMENT;
  if (sequences > 0) {
    embeddings_forward(model, lora, ids, type_ids, starts, sequences, hidden);
    layers_forward(model, lora, starts, sequences, 0, layers, hidden);
  }
  return check_hidden(config, starts[sequences], hidden);
}
