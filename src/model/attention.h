#ifndef BERTLET_ATTENTION_H
#define BERTLET_ATTENTION_H

#include "model/model.h"

/* Self-attention within each sequence of a batch: qkv [tokens][3 * hidden] -> context [tokens][hidden]. */
void attention_forward(const bertlet_model *model, const int32_t *starts, int32_t sequences, const float *qkv,
                       float *context);

#endif
