/* How the parameters of a head lie, for whoever takes its steps in its place. */
#ifndef BERTLET_MLP_H
#define BERTLET_MLP_H

#include "bertlet.h"

/* A part of the parameters. */
typedef struct mlp_block {
  int32_t at, count;
  bool decays; /* it is a weight, not a bias or a parameter of the loss */
} mlp_block;

enum { MLP_BLOCKS = 5 };

/* Fills `blocks` with all of them in order, and returns how many there are. */
int32_t mlp_blocks(const bertlet_mlp *mlp, mlp_block blocks[MLP_BLOCKS]);

#endif
