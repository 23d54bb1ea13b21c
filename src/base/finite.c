#include "base/finite.h"

#include <stdint.h>
#include <string.h>

/* The largest magnitude, as the bits of a float: NaN lies above infinity, and that above whatever is finite. */
static uint32_t largest_bits(const float *values, size_t count) {
  uint32_t max = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], 4);
    bits &= 0x7fffffffu;
    max = bits > max ? bits : max;
  }
  return max;
}

bool all_finite(const float *values, size_t count) { return largest_bits(values, count) < 0x7f800000u; }

bool all_plausible(const float *weights, size_t count) {
  return largest_bits(weights, count) <= 0x49800000u; /* 2^20 */
}
