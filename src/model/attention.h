#ifndef BERTLET_ATTENTION_H
#define BERTLET_ATTENTION_H

#include "model/dropout.h"
#include "model/model.h"

/* Self-attention within each sequence of a batch: qkv [tokens][3 * hidden] -> context [tokens][hidden]. */
void attention_forward(const bertlet_model *model, const int32_t *starts, int32_t sequences, const float *qkv,
                       float *context);

/* The same in f32, for some rows only, context [rows.count][hidden], with dropout of the probabilities at the plan's
 * rate. */
void attention_forward_training(const bertlet_model *model, const int32_t *starts, int32_t sequences, token_rows rows,
                                const float *qkv, const dropout_plan *plan, int32_t layer, float *context);

/* Its backward pass: from the derivative by the context to that by qkv, in qkv_gradient [tokens][3 * hidden]. */
void attention_backward_training(const bertlet_model *model, const int32_t *starts, int32_t sequences, token_rows rows,
                                 const float *qkv, const dropout_plan *plan, int32_t layer, const float *context,
                                 const float *context_gradient, float *qkv_gradient);

/* Floats that both need of a thread's scratch memory, for sequences of up to `length` tokens. */
size_t attention_training_scratch(int32_t length, int32_t head_size);

#endif
