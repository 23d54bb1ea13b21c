#include "heads/dot.h"

/* Eight partial sums, so that compilers may use SIMD without reordering anything. */
float dot_product(const float *a, const float *b, int32_t n) {
  enum { LANES = 8 };
  float lanes[LANES] = {0}, sum = 0;
  int32_t whole = n - n % LANES;
  for (int32_t i = 0; i < whole; i += LANES)
    for (int32_t lane = 0; lane < LANES; lane++) lanes[lane] += a[i + lane] * b[i + lane];
  for (int32_t lane = 0; lane < LANES; lane++) sum += lanes[lane];
  for (int32_t i = whole; i < n; i++) sum += a[i] * b[i];
  return sum;
}
