/* The arena: pieces that are aligned, do not overlap and end in zeros; sizes beyond all memory are noticed. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { PIECES = 8 };

static const struct {
  uint64_t count, bytes, size; /* `size`: rounded up to a multiple of BERTLET_ALIGNMENT */
} pieces[PIECES] = {{0, 4, 0},    {1, 1, 64},  {63, 1, 64},   {64, 1, 64},
                    {65, 1, 128}, {16, 4, 64}, {129, 1, 192}, {17, 8, 192}};

static uint64_t place_all(arena *memory, unsigned char *places[PIECES]) {
  for (int i = 0; i < PIECES; i++) places[i] = arena_alloc(memory, pieces[i].count, pieces[i].bytes);
  return memory->used;
}

static void test_pieces(void) {
  arena measured = {0};
  unsigned char *places[PIECES];
  const uint64_t bytes = place_all(&measured, places);
  CHECK(bytes == 64 + 64 + 64 + 128 + 64 + 192 + 192);
  CHECK(arena_bytes(&measured) == bytes);
  for (int i = 0; i < PIECES; i++) CHECK(places[i] == NULL);

  unsigned char *block = allocate(bytes);
  memset(block, 0xff, bytes);
  arena memory = {.base = block};
  CHECK(place_all(&memory, places) == bytes);
  const unsigned char *next = block;
  for (int i = 0; i < PIECES; i++) {
    CHECK(places[i] == next);
    for (uint64_t at = 0; at < pieces[i].size; at++)
      CHECK(next[at] == (at < pieces[i].count * pieces[i].bytes ? 0xff : 0));
    next += pieces[i].size;
  }
  free(block);
}

/* While measuring, with sizes that only the running program knows. */
static void test_too_much(void) {
  static volatile uint64_t sizes[][2] = {{UINT64_MAX, 1}, {UINT64_MAX / 4, 8}, {UINT64_MAX - 62, 1}, {1, UINT64_MAX}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    arena memory = {0};
    arena_alloc(&memory, 1, 64);
    CHECK(arena_alloc(&memory, sizes[i][0], sizes[i][1]) == NULL);
    arena_alloc(&memory, 1, 64);
    CHECK(arena_bytes(&memory) == 0);
  }
}

int main(void) {
  test_pieces();
  test_too_much();
  return report();
}
