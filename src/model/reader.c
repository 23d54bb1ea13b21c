/* Weights as a checkpoint stores them: what the writer did, undone. */
#include <string.h>

#include "model/embeddings.h"
#include "model/model.h"

static void read_row(const bertlet_model *model, const tensor *t, int32_t row, float *values) {
  const float *place = tensor_row(t, row);
  if (!place && t->entry->kind == TENSOR_TABLE) place = embedding_row(t->place, row, values);
  if (place == values) return;
  if (place) {
    memcpy(values, place, (size_t)t->columns * sizeof(float));
    return;
  }
  const linear *from = t->place;
  const int32_t output = t->entry->part * t->rows + row;
  if (from->weight) {
    unpack_row(from->weight, t->columns, output, values);
  } else {
    unpack_row_i8(model->path, &from->weight_i8, t->columns, output, values);
  }
}

void bertlet_tensor_read(const bertlet_model *model, int32_t index, float *values) {
  const tensor *t = &model->tensors[index];
  for (int32_t row = 0; row < t->rows; row++) read_row(model, t, row, values + (size_t)row * t->columns);
}

bertlet_status bertlet_model_copy(bertlet_model *model, bertlet_model *from) {
  if (bertlet_model_first_missing_tensor(from) >= 0) return BERTLET_ERROR_INCOMPLETE;
  if (model->tensor_count != from->tensor_count) return BERTLET_ERROR_ARGUMENT;
  float *row = from->writer.row;
  for (int32_t i = 0; i < model->tensor_count; i++) {
    const tensor *t = &from->tensors[i];
    if (t->rows != model->tensors[i].rows || t->columns != model->tensors[i].columns) return BERTLET_ERROR_ARGUMENT;
    bertlet_status status = bertlet_tensor_begin(model, i, BERTLET_F32);
    for (int32_t at = 0; at < t->rows && status == BERTLET_OK; at++) {
      read_row(from, t, at, row);
      status = bertlet_tensor_write(model, row, (size_t)t->columns * sizeof(float));
    }
    if (status != BERTLET_OK) return status;
  }
  return BERTLET_OK;
}
