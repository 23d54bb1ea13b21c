#ifndef BERTLET_LAYER_H
#define BERTLET_LAYER_H

#include "model/model.h"

/* One Transformer layer over a batch: buffers->input -> buffers->output. Both may be the same memory.
 *   inner  [tokens][columns of the widest A . x of the adapters]  scratch */
void layer_forward(const bertlet_model *model, const layer *weights, const layer_adapters *adapters, float *inner,
                   const layer_buffers *buffers, const int32_t *starts, int32_t sequences);

#endif
