#include "train/transposed.h"

void transpose_weights_i8(const bertlet_model *model, const linear *l, float *weight, float *row) {
  for (int32_t output = 0; output < l->outputs; output++)
    unpack_row_i8(model->path, &l->weight_i8, l->inputs, output, weight + (size_t)output * l->inputs);
  for (int32_t input = 0; input < l->inputs; input++) {
    for (int32_t output = 0; output < l->outputs; output++) row[output] = weight[(size_t)output * l->inputs + input];
    pack_row_i8(model->path, &l->transposed_i8, l->outputs, input, row);
  }
}
