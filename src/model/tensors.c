#include "model/tensors.h"

#include <string.h>

#include "base/hash.h"
#include "model/model.h"

int32_t count_tensors(const bertlet_config *config) {
  const architecture *of = find_architecture(config->architecture);
  int32_t count = of->layer_tensor_count * config->num_hidden_layers;
  for (int32_t i = 0; i < of->model_tensor_count; i++) count += has_tensor(config, &of->model_tensors[i]);
  return count;
}

const tensor_entry *tensor_entry_of(const bertlet_config *config, int32_t index, int32_t *layer) {
  const architecture *of = find_architecture(config->architecture);
  for (int32_t i = 0; i < of->model_tensor_count; i++)
    if (has_tensor(config, &of->model_tensors[i]) && index-- == 0) {
      *layer = -1;
      return &of->model_tensors[i];
    }
  *layer = index / of->layer_tensor_count;
  return &of->layer_tensors[index % of->layer_tensor_count];
}

void list_tensors(const bertlet_config *config, model_weights *weights, tensor *tensors) {
  const int32_t count = count_tensors(config);
  for (int32_t i = 0; i < count; i++) {
    int32_t layer;
    const tensor_entry *entry = tensor_entry_of(config, i, &layer);
    char *owner = layer < 0 ? (char *)weights : (char *)&weights->layers[layer];
    tensors[i] = (tensor){.entry = entry,
                          .layer = layer,
                          .rows = size_of(config, entry->rows),
                          .columns = size_of(config, entry->columns),
                          .place = owner + entry->place};
  }
}

float *tensor_row(const tensor *t, int32_t row) {
  switch (t->entry->kind) {
  case TENSOR_TABLE: {
    const embedding_table *table = t->place;
    return table->values ? table->values + (size_t)row * t->columns : NULL;
  }
  case TENSOR_BIAS:
    return ((const linear *)t->place)->bias + (size_t)t->entry->part * t->columns;
  case TENSOR_GAMMA:
    return ((const norm *)t->place)->gamma;
  case TENSOR_BETA:
    return ((const norm *)t->place)->beta;
  default:
    return NULL;
  }
}

int32_t bertlet_tensor_count(const bertlet_model *model) { return model->tensor_count; }

static char *append(char *end, const char *text) {
  size_t length = strlen(text);
  memcpy(end, text, length + 1);
  return end + length;
}

static char *append_number(char *end, int32_t number) {
  char digits[12], *first = digits + sizeof digits - 1;
  *first = '\0';
  do *--first = (char)('0' + number % 10);
  while (number /= 10);
  return append(end, first);
}

int32_t bertlet_tensor_name(const bertlet_model *model, int32_t index, char *name) {
  const tensor *t = &model->tensors[index];
  bool is_bias = t->entry->kind == TENSOR_BIAS || t->entry->kind == TENSOR_BETA;
  char *end = name;
  if (t->layer >= 0) end = append(append_number(append(end, "encoder.layer."), t->layer), ".");
  end = append(append(end, t->entry->module), is_bias ? ".bias" : ".weight");
  return (int32_t)(end - name);
}

int32_t bertlet_tensor_rows(const bertlet_model *model, int32_t index) { return model->tensors[index].rows; }

int32_t bertlet_tensor_columns(const bertlet_model *model, int32_t index) { return model->tensors[index].columns; }

int32_t bertlet_model_first_missing_tensor(const bertlet_model *model) {
  for (int32_t i = 0; i < model->tensor_count; i++)
    if (model->tensors[i].rows_written < model->tensors[i].rows) return i;
  return -1;
}

uint64_t bertlet_model_fingerprint(const bertlet_model *model) {
  uint64_t sum = 0;
  for (int32_t i = 0; i < model->tensor_count; i++) sum += mix(model->hashes[i] + (uint64_t)i);
  return sum;
}

int32_t bertlet_model_weight_bits(const bertlet_model *model) {
  if (model->config.weights == BERTLET_WEIGHTS_F32) return 32;
  return model->path == INT8_PAIRS ? 7 : 8;
}
