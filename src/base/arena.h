/* An arena: cuts pieces from one block of memory, one after the other. With a NULL base it only adds up their sizes: a
 * bertlet_X_bytes() and its bertlet_X_init() run the same code, one to measure and one to place. */
#ifndef BERTLET_ARENA_H
#define BERTLET_ARENA_H

#include <string.h>

#include "bertlet.h"

typedef struct arena {
  unsigned char *base;
  uint64_t used; /* in bytes; UINT64_MAX when the sizes overflow */
} arena;

static inline uint64_t saturating_add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static inline uint64_t saturating_mul(uint64_t a, uint64_t b) { return b && a > UINT64_MAX / b ? UINT64_MAX : a * b; }

/* The next piece, aligned, of `count` elements; NULL while measuring. The bytes between its end and the next piece are
 * zeroed, so that pieces that are stored together as an image hold no undefined byte. */
static inline void *arena_alloc(arena *memory, uint64_t count, uint64_t element_bytes) {
  unsigned char *piece = memory->base ? memory->base + memory->used : NULL;
  const uint64_t bytes = saturating_mul(count, element_bytes);
  const uint64_t padded = saturating_add(bytes, BERTLET_ALIGNMENT - 1) / BERTLET_ALIGNMENT * BERTLET_ALIGNMENT;
  if (piece) memset(piece + bytes, 0, (size_t)(padded - bytes));
  memory->used = saturating_add(memory->used, padded);
  return piece;
}

static inline float *arena_floats(arena *memory, int64_t rows, int64_t columns) {
  return arena_alloc(memory, (uint64_t)rows, (uint64_t)columns * sizeof(float));
}

/* Size of the block, or 0 when no block can be that large: what a bertlet_X_bytes() returns. */
static inline size_t arena_bytes(const arena *memory) {
  return memory->used <= SIZE_MAX - BERTLET_ALIGNMENT ? (size_t)memory->used : 0;
}

#endif
