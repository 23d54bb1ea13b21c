/* One layer of the encoder while it is trained: a forward pass that keeps what the backward pass needs, and that. */
#ifndef BERTLET_ENCODER_LAYER_H
#define BERTLET_ENCODER_LAYER_H

#include "model/adapter.h"
#include "model/dropout.h"
#include "model/model.h"

/* What the adapters computed inside: see adapter_forward(). NULL where a layer has none. */
typedef struct inner_buffers {
  float *qkv, *attention_output, *intermediate, *feed_forward_output;
} inner_buffers;

/* What a layer's forward pass keeps: of the buffers, `input`, `qkv`, `context` and
 *   attention_output     the sum with the residual, before the normalization
 *   intermediate         before the activation
 *   feed_forward_output  the sum with the residual, before the normalization
 * The others can be computed again from these at little cost, and lie in memory that all layers share. */
typedef struct layer_tape {
  layer_buffers buffers;
  inner_buffers inner;
} layer_tape;

/* Memory that the passes of one layer after the other share, for the tokens of a batch. Where a normalization or an
 * adapter is absent, so are its arrays. */
typedef struct layer_scratch {
  float *attention_input, *attended, *feed_forward_input; /* [tokens][hidden] */
  float *activated;                                       /* [tokens][intermediate] */
  float *branch, *side;                                   /* [tokens][hidden] */
  float *qkv_gradient;                                    /* [tokens][3 * hidden] */
  float *intermediate_gradient;                           /* [tokens][intermediate] */
  float *adapter_input, *adapter_input_gradient;          /* [tokens][the most inputs of an adapted layer] */
  float *inner_gradient;                                  /* [tokens][the most inner columns of an adapted layer] */
  const float *zeros;                                     /* [the most inputs or inner columns of a layer] */
  float *transposed;                                      /* the weights of the largest linear layer */
  float *moments;                                         /* [tokens][2] */
} layer_scratch;

/* What a layer is, and where it works. */
typedef struct layer_training {
  const bertlet_model *model;
  int32_t index;
  const layer *weights, *gradient; /* of the gradient the arrays that are wanted; NULL elsewhere */
  const layer_adapters *adapters, *adapter_gradient;
  const layer_tape *tape;
  const layer_scratch *scratch;
  const dropout_plan *dropout;
  const int32_t *starts;
  int32_t sequences;
  token_rows all;  /* every token of the batch */
  token_rows read; /* those whose output is read: past the keys and values, which all tokens have, only these are
                      computed. `context` and all buffers behind it have as many rows */
} layer_training;

/* tape->buffers.input [tokens][hidden] -> tape->buffers.output [rows that are read][hidden]. */
void train_layer_forward(const layer_training *of);

/* `flow`, with room for [tokens][hidden]: the derivative by the layer's output becomes that by its input, unless
 * `to_input` is false: then it is left as it is in between, since no layer below wants it. Adds to the gradients. */
void train_layer_backward(const layer_training *of, bool to_input, float *flow);

#endif
