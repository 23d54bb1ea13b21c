/* How much scratch memory the kernels need; the scalar ones need less. */
#include "kernels/kernels.h"

/* The rows and inputs that linear_f32() rearranges at a time. */
size_t linear_scratch(int32_t k) { return (size_t)BLOCK_ROWS_F32 * (size_t)(k < BLOCK_K_F32 ? k : BLOCK_K_F32); }

/* In f32: packed keys and values, whose rows and columns are rounded up to whole tiles of 4, eight queries and their
 * scores. In 8 bits keys and values take a quarter of that, but there are scales, start values of sums and the dither
 * too, and each array begins on a boundary of 4 floats. */
size_t attention_scratch(int32_t length, int32_t head_size) {
  const size_t padded_length = ((size_t)length + 3) / 4 * 4, padded_head = ((size_t)head_size + 3) / 4 * 4;
  const size_t f32 = 2 * padded_length * padded_head + 8 * (padded_length + padded_head);
  const size_t i8 = padded_length * padded_head / 2 + 10 * padded_length + 4 * padded_head + 40;
  return f32 > i8 ? f32 : i8;
}

size_t weight_gradient_scratch(int32_t inputs) { return (size_t)WEIGHT_GRADIENT_ROWS * ((size_t)inputs + PANEL); }

/* Packed for products: queries, keys (twice), values and the context's gradient; sums for dk and dv; of a block of
 * queries the probabilities and their gradient, each in two orders. */
size_t attention_backward_scratch(int32_t length, int32_t head_size) {
  const size_t padded_length = ((size_t)length + 3) / 4 * 4, padded_head = ((size_t)head_size + 7) / 8 * 8;
  const size_t queries = ATTENTION_BACKWARD_QUERIES;
  const size_t heads = 5 * padded_length * padded_head, of_block = 2 * queries * padded_head;
  return heads + of_block + 2 * PANEL * padded_head + 2 * (PANEL + queries) * padded_length;
}
