/* What fuzz targets share: numbers out of the input's bytes, and conditions that end the program. */
#ifndef BERTLET_TEST_FUZZ_H
#define BERTLET_TEST_FUZZ_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bertlet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                                 \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* The input; after its end come zeros. */
typedef struct input {
  const uint8_t *data;
  size_t left;
} input;

static inline uint8_t take_byte(input *in) {
  if (in->left == 0) return 0;
  in->left--;
  return *in->data++;
}

/* 0 .. limit - 1, for a limit of up to 65536. */
static inline int32_t take_below(input *in, int32_t limit) {
  int32_t number = take_byte(in);
  if (limit > 256) number |= take_byte(in) << 8;
  return number % limit;
}

/* Mostly one of 0 .. limit - 1, sometimes another number. */
static inline int32_t take_wild(input *in, int32_t limit) {
  static const int32_t strange[] = {-1, INT32_MIN, INT32_MAX, 1 << 24, 65536, 0};
  int32_t choice = take_below(in, 64);
  if (choice < 6) return strange[choice];
  return choice == 6 ? limit : take_below(in, limit);
}

/* Mostly small numbers, sometimes the largest and smallest, and with `wild` those that are none. */
static inline float take_float(input *in, bool wild) {
  static const float strange[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, 0.0f, -0.0f};
  int32_t choice = take_below(in, 256);
  if (wild && choice < 8) return strange[choice];
  return (float)(choice - 128) / 64;
}

/* A block aligned to BERTLET_ALIGNMENT, exactly as long as said, so that AddressSanitizer sees the first byte too many.
 * Full of noise. */
static inline void *block_of(size_t bytes) {
  void *block =
      aligned_alloc(BERTLET_ALIGNMENT, (bytes + BERTLET_ALIGNMENT - 1) / BERTLET_ALIGNMENT * BERTLET_ALIGNMENT);
  REQUIRE(block);
  memset(block, 0xa5, bytes);
  return block;
}

static inline float *floats_of(input *in, size_t count, bool wild) {
  float *values = malloc(count * sizeof *values + 1);
  REQUIRE(values);
  for (size_t i = 0; i < count; i++) values[i] = take_float(in, wild);
  return values;
}

#endif
