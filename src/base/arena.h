/* Lays pieces out in one block of memory. Without a base it only measures, so that the same code answers how large
 * the block must be and then builds in it. */
#ifndef BERTLET_ARENA_H
#define BERTLET_ARENA_H

#include <string.h>

#include "bertlet.h"

typedef struct arena {
  unsigned char *base;
  uint64_t used; /* UINT64_MAX when the pieces' sizes overflow */
} arena;

static inline uint64_t saturating_add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static inline uint64_t saturating_mul(uint64_t a, uint64_t b) { return b && a > UINT64_MAX / b ? UINT64_MAX : a * b; }

/* The next piece, aligned, of `count` elements; NULL while measuring. What fills it up to the next piece is zeroed, so
 * that memory kept as a whole has no byte of unknown value. */
static inline void *arena_alloc(arena *memory, uint64_t count, uint64_t element_bytes) {
  unsigned char *piece = memory->base ? memory->base + memory->used : NULL;
  const uint64_t bytes = saturating_mul(count, element_bytes);
  const uint64_t padded = saturating_add(bytes, BERTLET_ALIGNMENT - 1) / BERTLET_ALIGNMENT * BERTLET_ALIGNMENT;
  if (piece) memset(piece + bytes, 0, (size_t)(padded - bytes));
  memory->used = saturating_add(memory->used, padded);
  return piece;
}

/* What a bertlet_X_bytes() function returns: 0 when no block can be that large. */
static inline size_t arena_bytes(const arena *memory) {
  return memory->used <= SIZE_MAX - BERTLET_ALIGNMENT ? (size_t)memory->used : 0;
}

#endif
