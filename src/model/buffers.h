/* What the encoder computes on the way. */
#ifndef BERTLET_BUFFERS_H
#define BERTLET_BUFFERS_H

#include "kernels/kernels.h"

/* The values between the steps of one layer, for all tokens of a batch, in the order in which they are computed. Each
 * step reads some of them and writes another. Several may lie in the same memory, where one is not read any more when
 * the next is written: so it is in inference, and a layer that is to be trained keeps them apart for its backward pass.
 * What follows a normalization that the layer has not got is not written: then it is `input`, or `attended`, itself. */
typedef struct layer_buffers {
  float *input;               /* [tokens][hidden]: the hidden states that the layer gets */
  float *attention_input;     /* [tokens][hidden]: after the normalization before attention */
  float *qkv;                 /* [tokens][3 * hidden]: queries, keys and values of all heads */
  float *context;             /* [tokens][hidden]: what attention gathers, the heads side by side */
  float *attention_output;    /* [tokens][hidden]: the context after its linear layer */
  float *attended;            /* [tokens][hidden]: input + attention_output, after the normalization there */
  float *feed_forward_input;  /* [tokens][hidden]: after the normalization before the feed-forward network */
  float *intermediate;        /* [tokens][intermediate]: after the activation */
  float *feed_forward_output; /* [tokens][hidden] */
  float *output;              /* [tokens][hidden]: attended + feed_forward_output, after the normalization there */
} layer_buffers;

/* Memory that the functions of a model use while they run, for max_batch_tokens tokens. */
typedef struct workspace {
  layer_buffers layer;   /* without input, attended and output: these are the caller's hidden states */
  float *embeddings;     /* [tokens][embedding]: those that a projection still follows */
  rows_i8 quantized;     /* int8: the input of a linear layer */
  float *scratch;        /* [threads][scratch_floats] */
  size_t scratch_floats; /* of one thread */
} workspace;

#endif
