/* Weights as a checkpoint stores them: what the writer did, undone. */
#include <string.h>

#include "model/embeddings.h"
#include "model/model.h"

static void read_row(const bertlet_model *model, const tensor *t, int32_t row, float *values) {
  const float *place = tensor_row(t, row);
  if (!place && t->entry->kind == TENSOR_TABLE) place = embedding_row(t->place, row, values);
  if (place) {
    if (place != values) memcpy(values, place, (size_t)t->columns * sizeof(float));
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

void bertlet_tensor_read(const bertlet_model *model, int32_t index, int32_t begin, int32_t end, float *values) {
  const tensor *t = &model->tensors[index];
  for (int32_t row = begin; row < end; row++, values += t->columns) read_row(model, t, row, values);
}
