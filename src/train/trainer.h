/* What a trainer holds. trainer_plan.c lays it out, trainer.c runs its passes, optimizer.c takes its steps. */
#ifndef BERTLET_TRAINER_H
#define BERTLET_TRAINER_H

#include "model/lora.h"
#include "train/encoder_layer.h"
#include "train/masked_lm.h"

/* A vector of numbers that are trained, and where its gradient is. */
typedef struct parameter {
  float *values, *gradient;
  size_t count, at; /* `at`: where it begins among all parameters */
  bool decays;      /* weight decay applies: to weights and embeddings, not to biases and normalizations */
} parameter;

struct bertlet_trainer {
  bertlet_model model; /* the caller's, with a workspace for training */
  bertlet_training plan;
  dropout_plan dropout;

  parameter *parameters; /* [parameter_count] */
  int32_t parameter_count;
  size_t parameter_floats; /* of all parameters */
  float *mean, *square;    /* [parameter_floats]: AdamW's moving averages */
  float *gradient;         /* [gradient_floats]: of all parameters but the head's, which has its own */
  size_t gradient_floats;
  int32_t steps;
  double *partial_squares; /* of the gradient, a sum for each chunk of it */

  model_weights gradients;                      /* of the model's weights that are trained */
  layer_adapters *adapters, *adapter_gradients; /* [num_hidden_layers] */
  int32_t lowest;                               /* layer with something to train, or -1 for the embeddings */
  masked_lm masked_lm;                          /* where the plan has one */

  /* Of the batch of the last forward pass. */
  const int32_t *ids, *type_ids, *starts;
  int32_t sequences;
  token_rows read;   /* the tokens whose output of the last layer is pooled, or read by the head: others have none */
  float **hidden;    /* [layers + 1]: the input of each layer, then the output of the last, [read.count][hidden] */
  float *normalized; /* [read.count][hidden]: that after the model's final normalization, where it has one */
  float *features;   /* [rows][hidden]: what a head reads */
  float *flow;       /* [tokens][hidden] */
  int32_t *numbers;  /* [max_tokens + 1]: 0, 1, 2, ... */

  layer_tape *tapes;  /* [num_hidden_layers] */
  int32_t recomputed; /* the layer whose values are in the memory that layers which keep nothing share; -1: none */
  layer_scratch scratch;
  float *embedding_rows, *embedding_gradient; /* [tokens][embedding]; where embeddings are trained or projected */
};

/* AdamW and the norm of the gradient need this for each parameter. */
enum { OPTIMIZER_CHUNK = 16384 };

#endif
