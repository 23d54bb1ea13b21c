/* The polynomials of simd_math.h against libm in double: the bounds that stand beside them hold. */
#include "kernels/simd_math.h"

#include <math.h>

#include "kernel_test.h" /* EPSILON */

typedef v128_t function(v128_t x);

static float at(function *f, float x) { return wasm_f32x4_extract_lane(f(splat(x)), 0); }

/* Largest error of f over `steps` points from `low` to `high`, in units of bound(x). */
static double sweep(function *f, double (*exact)(double), double (*bound)(double), float low, float high,
                    int32_t steps) {
  double worst = 0;
  for (int32_t i = 0; i <= steps; i++) {
    const float x = (float)(low + ((double)high - low) * i / steps);
    const double error = fabs(at(f, x) - exact(x)) / bound(x);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

static double exp_bound(double x) { return 1.5e-7 * exp(x); }
static double exp2_bound(double x) { return 1.5e-7 * exp2(x); }
static double gelu_bound(double x) { return 1.2e-7 + EPSILON * fabs(x); }
static double gelu_coarse_bound(double x) { return 1.8e-4 + EPSILON * fabs(x); }
static double gelu_tanh_bound(double x) { return 3e-7 * fmax(1, fabs(x)); }
static double tanh_bound(double x) {
  (void)x;
  return 3e-7;
}

/* Phi by erfc, which does not cancel in the tail. */
static double exact_gelu(double x) { return 0.5 * x * erfc(-x * sqrt(0.5)); }
static double exact_gelu_tanh(double x) {
  return 0.5 * x * (1 + tanh(sqrt(0.63661977236758134) * (x + 0.044715 * x * x * x)));
}

static void bounds_hold(void) {
  CHECK(sweep(exp_f32, exp, exp_bound, -87.3f, 88.0f, 4000000) <= 1);
  CHECK(sweep(exp2_f32, exp2, exp2_bound, -80.0f, 126.0f, 4000000) <= 1);
  CHECK(sweep(gelu_f32, exact_gelu, gelu_bound, -12.0f, 12.0f, 4000000) <= 1);
  CHECK(sweep(gelu_f32, exact_gelu, gelu_bound, -1e-3f, 1e-3f, 100000) <= 1);
  CHECK(sweep(gelu_f32, exact_gelu, gelu_bound, -1e4f, 1e4f, 100000) <= 1);
  CHECK(sweep(gelu_coarse, exact_gelu, gelu_coarse_bound, -12.0f, 12.0f, 4000000) <= 1);
  CHECK(sweep(gelu_coarse, exact_gelu, gelu_coarse_bound, -1e4f, 1e4f, 100000) <= 1);
  CHECK(sweep(gelu_tanh_f32, exact_gelu_tanh, gelu_tanh_bound, -12.0f, 12.0f, 4000000) <= 1);
  CHECK(sweep(gelu_tanh_f32, exact_gelu_tanh, gelu_tanh_bound, -1e4f, 1e4f, 100000) <= 1);
  CHECK(sweep(tanh_f32, tanh, tanh_bound, -50.0f, 50.0f, 4000000) <= 1);
}

static void extremes(void) {
  CHECK(at(exp_f32, 0) == 1);
  CHECK(at(exp_f32, -87.4f) == 0);
  CHECK(at(exp_f32, -3e38f) == 0);
  CHECK(at(exp_f32, -INFINITY) == 0);
  CHECK(at(exp_f32, INFINITY) == at(exp_f32, 88));
  CHECK(isnan(at(exp_f32, NAN)));
  CHECK(at(exp2_f32, 0) == 1);
  CHECK(at(exp2_f32, -INFINITY) == 0x1p-80f);
  CHECK(isnan(at(exp2_f32, NAN)));
  CHECK(at(gelu_f32, 0) == 0 && at(gelu_tanh_f32, 0) == 0);
  CHECK(at(gelu_f32, 3e38f) == 3e38f && at(gelu_tanh_f32, 3e18f) == 3e18f);
  CHECK(at(gelu_f32, -3e38f) == 0);
  CHECK(at(gelu_coarse, 0) == 0 && at(gelu_coarse, 3e38f) == 3e38f && at(gelu_coarse, -3e38f) == 0);
  CHECK(isnan(at(gelu_f32, NAN)) && isnan(at(gelu_tanh_f32, NAN)) && isnan(at(relu_f32, NAN)));
  CHECK(at(tanh_f32, 0) == 0 && at(tanh_f32, 3e38f) == 1 && at(tanh_f32, -3e38f) == -1 && isnan(at(tanh_f32, NAN)));
  CHECK(at(relu_f32, -1) == 0 && at(relu_f32, 2) == 2);
}

int main(void) {
  bounds_hold();
  extremes();
  return report();
}
