#include "base/finite.h"

#include <stdint.h>
#include <string.h>

bool all_finite(const float *values, size_t count) {
  const uint32_t infinity = 0x7f800000u; /* NaN lies above, whatever is finite below */
  uint32_t max = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], 4);
    bits &= 0x7fffffffu;
    max = bits > max ? bits : max;
  }
  return max < infinity;
}
