/* Training beside weights in 8 bits. */
#ifndef BERTLET_TRANSPOSED_H
#define BERTLET_TRANSPOSED_H

#include "model/model.h"

/* Fills transposed_i8 of a linear layer of an int8 model. The backward pass then multiplies derivatives in 8 bits, as
 * the forward pass does its inputs, each row with a scale of its own: what Wortsman et al. 2023, "Stable and
 * low-precision training for large-scale vision-language models" (https://arxiv.org/abs/2304.13013), call SwitchBack.
 * The gradients of what is trained beside the weights stay in f32. weight  scratch, [outputs][inputs] row     scratch,
 * [outputs] */
void transpose_weights_i8(const bertlet_model *model, const linear *l, float *weight, float *row);

#endif
