/* An adapter (weights.h) in training. That of inference is model/lora.h. */
#ifndef BERTLET_ADAPTER_H
#define BERTLET_ADAPTER_H

#include "model/model.h"

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
