/* Room for numbers of 8 bits. */
#ifndef BERTLET_MEMORY_PLAN_H
#define BERTLET_MEMORY_PLAN_H

#include "base/arena.h"
#include "kernels/kernels.h"

/* For the weights [outputs][inputs] of a linear layer. */
weights_i8 alloc_weights_i8(arena *memory, int32_t outputs, int32_t inputs);

/* For rows of up to `columns` inputs of linear layers, on any int8_path. */
rows_i8 alloc_rows_i8(arena *memory, int32_t rows, int32_t columns);

#endif
