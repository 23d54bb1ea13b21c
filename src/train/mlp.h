/* What a head holds while it is trained, also for whoever trains it along with an encoder. */
#ifndef BERTLET_MLP_H
#define BERTLET_MLP_H

#include "bertlet.h"
#include "train/adamw.h"

/* One dense layer of the head, weight [outputs][inputs] and bias [outputs] somewhere in a vector of parameters. */
typedef struct dense_layer {
  int32_t inputs, outputs, weight_at, bias_at;
} dense_layer;

/* What bertlet_mlp_run() does next. Forward and backward pass go through blocks of rows, and each stage of a block
 * through outputs or rows, in slices. */
typedef enum stage {
  DONE,
  FORWARD_HIDDEN, /* over the hidden layer's outputs */
  FORWARD_OUTPUT, /* over the output layer's outputs; then the next block */
  BACKWARD_OUTPUT,
  BACKWARD_INPUTS, /* over the rows of the block, once for every LOGREG_BLOCK logits */
  BACKWARD_HIDDEN, /* then the next block */
  STEP             /* over the parameters */
} stage;

struct bertlet_mlp {
  int32_t max_rows, count; /* most rows of a batch; rows of the last one */
  bool has_hidden;
  dense_layer hidden_layer, output_layer;
  float *parameters, *gradient; /* [parameter count] */
  adamw optimizer;

  const float **x; /* [max_rows]: the rows of the batch */
  float *hidden;   /* [max_rows][hidden_size]: after the ReLU */

  /* For LOGREG_BLOCK rows, each with 3 more floats, which logreg_gradient() may read. */
  float *logit_gradient;  /* [rows][outputs] */
  float *hidden_gradient; /* [rows][hidden_size] */
  float *transposed;      /* [LOGREG_BLOCK][rows]: of some of the outputs */

  /* What is being computed. */
  stage stage;
  int32_t at;     /* the slices of the stage so far have done 0 .. at - 1 */
  int32_t first;  /* the first row of the block */
  int32_t output; /* in BACKWARD_INPUTS: the first of the logits */
  float *logits;  /* the caller's; in the backward pass their gradient */
  const float *loss_gradient;
  double learning_rate, weight_decay;
};

/* A part of the parameters. */
typedef struct mlp_block {
  int32_t at, count;
  bool decays; /* it is a weight, not a bias or a parameter of the loss */
} mlp_block;

enum { MLP_BLOCKS = 5 };

/* Fills `blocks` with all of them in order, and returns how many there are. */
int32_t mlp_blocks(const bertlet_mlp *mlp, mlp_block blocks[MLP_BLOCKS]);

#endif
