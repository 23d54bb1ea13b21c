/* What a head does for the trainer of an encoder: the derivative by its inputs, and which of its parameters decay. */
#include <string.h>

#include "train/mlp.h"

/* dx [inputs] = dy [outputs] . weight, of one row */
static void row_backward_inputs(const bertlet_mlp *mlp, const dense_layer *of, const float *dy, float *dx) {
  memset(dx, 0, (size_t)of->inputs * sizeof(float));
  for (int32_t k = 0; k < of->outputs; k++) {
    const float *weight = mlp->parameters + of->weight_at + (size_t)k * of->inputs;
    for (int32_t i = 0; i < of->inputs; i++) dx[i] += dy[k] * weight[i];
  }
}

void bertlet_mlp_backward_inputs(bertlet_mlp *mlp, const float *logit_gradient, float *feature_gradient) {
  const dense_layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  const int32_t inputs = mlp->has_hidden ? in->inputs : out->inputs;
  for (int32_t row = 0; row < mlp->count; row++) {
    const float *dz = logit_gradient + (size_t)row * out->outputs;
    float *dx = feature_gradient + (size_t)row * inputs;
    if (!mlp->has_hidden) {
      row_backward_inputs(mlp, out, dz, dx);
      continue;
    }
    const float *hidden = mlp->hidden + (size_t)row * in->outputs;
    float *dh = mlp->hidden_gradient;
    row_backward_inputs(mlp, out, dz, dh);
    for (int32_t i = 0; i < in->outputs; i++)
      if (!(hidden[i] > 0)) dh[i] = 0;
    row_backward_inputs(mlp, in, dh, dx);
  }
}

int32_t mlp_blocks(const bertlet_mlp *mlp, mlp_block blocks[MLP_BLOCKS]) {
  const dense_layer *in = &mlp->hidden_layer, *out = &mlp->output_layer;
  const int32_t size = mlp->optimizer.size, loss_at = out->bias_at + out->outputs;
  int32_t count = 0;
  if (mlp->has_hidden) {
    blocks[count++] = (mlp_block){in->weight_at, in->outputs * in->inputs, true};
    blocks[count++] = (mlp_block){in->bias_at, in->outputs, false};
  }
  blocks[count++] = (mlp_block){out->weight_at, out->outputs * out->inputs, true};
  blocks[count++] = (mlp_block){out->bias_at, out->outputs, false};
  if (size > loss_at) blocks[count++] = (mlp_block){loss_at, size - loss_at, false};
  return count;
}
