/* The scalar product against its definition: the value in double, and the bits, which the order of the additions
 * decides. */
#include <math.h>

#include "heads/dot.h"
#include "model/support.h"

enum { LANES = 8, MAX = 100 };

/* The sum of the products in eight lanes, then of the lanes, then of what is left: the same bits in every build. */
static float in_lanes(const float *a, const float *b, int32_t n) {
  float lanes[LANES] = {0}, sum = 0;
  for (int32_t i = 0; i + LANES <= n; i += LANES)
    for (int32_t lane = 0; lane < LANES; lane++) lanes[lane] = lanes[lane] + a[i + lane] * b[i + lane];
  for (int32_t lane = 0; lane < LANES; lane++) sum = sum + lanes[lane];
  for (int32_t i = n / LANES * LANES; i < n; i++) sum = sum + a[i] * b[i];
  return sum;
}

int main(void) {
  float a[MAX], b[MAX];
  uint32_t state = 11;
  for (int32_t i = 0; i < MAX; i++) {
    a[i] = (float)(int32_t)random_number(&state) * 0x1p-31f;
    b[i] = (float)(int32_t)random_number(&state) * 0x1p-31f;
  }
  for (int32_t n = 0; n <= MAX; n++) {
    double exact = 0;
    for (int32_t i = 0; i < n; i++) exact += (double)a[i] * b[i];
    const float sum = dot_product(a, b, n);
    CHECK(fabs(sum - exact) <= 1e-6 * (n + 1));
    CHECK(sum == in_lanes(a, b, n));
  }
  return report();
}
