/* A low-rank adapter beside a linear layer, y += scale . B (A x): LoRA, Hu et al. 2021,
 * https://arxiv.org/abs/2106.09685.
 *
 * The layer's outputs are `parts` equal ones (those of the query, key and value projections lie in one layer), of which
 * any may be adapted. They share one input, and so one product: the A's of the adapted parts stand below each other. */
#ifndef BERTLET_ADAPTER_H
#define BERTLET_ADAPTER_H

#include "model/model.h"

enum { ADAPTER_PARTS = 3 };

typedef struct adapter {
  int32_t rank;         /* of one part, rounded up to a multiple of PANEL; the rows and columns beyond it are 0 */
  int32_t adapted;      /* how many parts are; 0: there is no adapter */
  int32_t part_outputs; /* outputs of one part */
  float scale;
  float *a;                /* [adapted * rank][inputs], packed */
  float *b[ADAPTER_PARTS]; /* of each part [part_outputs][rank], packed; NULL for one that is not adapted */
} adapter;

/* Adds what the adapter of layer `l` gives for x [rows][inputs] to y [rows][outputs].
 *   zeros  [adapted * rank]
 *   inner  [rows][adapted * rank]  out: scale . A x, which adapter_backward() wants */
void adapter_forward(const bertlet_model *model, const linear *l, const adapter *by, const float *x, int32_t rows,
                     const float *zeros, float *inner, float *y);

/* The backward pass: adds to the gradients of A and B, and puts start [inputs] + the derivative by x into
 * dx [rows][inputs] (where `start` is NULL, adds it), unless dx is NULL.
 *   inner_gradient  [rows][adapted * rank]  scratch
 *   transposed      room for A and for each B */
void adapter_backward(const bertlet_model *model, const linear *l, const adapter *by, const adapter *gradient,
                      const float *x, const float *inner, const float *dy, int32_t rows, const float *zeros,
                      float *inner_gradient, float *transposed, const float *start, float *dx);

#endif
