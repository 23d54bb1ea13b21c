/* The table of a model's tensors: what bertlet_tensor_begin() and its companions number. */
#ifndef BERTLET_TENSORS_H
#define BERTLET_TENSORS_H

#include "model/architecture.h"

typedef struct tensor {
  const tensor_entry *entry;
  int32_t layer; /* which one's, or -1 */
  int32_t rows, columns;
  void *place; /* the embedding_table, linear or norm that `entry` says */
  int32_t rows_written;
} tensor;

/* How many tensors a model has. */
int32_t count_tensors(const bertlet_config *config);

/* What tensor number `index` is, and whose: the number of a layer, or -1 for the model. */
const tensor_entry *tensor_entry_of(const bertlet_config *config, int32_t index, int32_t *layer);

/* Fills tensors [count_tensors(config)], with none of their rows written. */
void list_tensors(const bertlet_config *config, model_weights *weights, tensor *tensors);

/* Where a row of a tensor stays as f32, or NULL when it is packed or quantized. */
float *tensor_row(const tensor *t, int32_t row);

#endif
