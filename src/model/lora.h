/* Adapters beside a model's weights, in inference. */
#ifndef BERTLET_LORA_H
#define BERTLET_LORA_H

#include "model/model.h"

struct bertlet_lora {
  const bertlet_model *model;
  adapter projection;     /* of the embeddings, where they are projected */
  layer_adapters *layers; /* [num_hidden_layers] */
  float *inner;           /* [max_batch_tokens][columns of the widest A . x of a linear layer] */
};

/* The adapter, among those of a layer, of the linear layer at `place` of it. */
adapter *adapter_at(layer_adapters *adapters, uint16_t place);

#endif
