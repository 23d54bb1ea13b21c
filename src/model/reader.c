/* Weights as a checkpoint stores them: what the writer did, undone. */
#include <string.h>

#include "model/model.h"

void bertlet_tensor_read(const bertlet_model *model, int32_t index, int32_t begin, int32_t end, float *values) {
  const tensor *t = &model->tensors[index];
  for (int32_t row = begin; row < end; row++, values += t->columns) {
    const float *place = tensor_row(t, row);
    if (place) {
      memcpy(values, place, (size_t)t->columns * sizeof(float));
    } else {
      unpack_row(((const linear *)t->place)->weight, t->columns, t->entry->part * t->rows + row, values);
    }
  }
}
