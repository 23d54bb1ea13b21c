/* What the SIMD kernels share: multiply-add, horizontal sums, partial vectors, and polynomials for exp and the normal
 * distribution. Errors were measured against double precision; tests/kernels/test_math.c asserts the bounds. */
#ifndef BERTLET_SIMD_MATH_H
#define BERTLET_SIMD_MATH_H

#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>

#define LANES 4

static inline v128_t splat(float value) { return wasm_f32x4_splat(value); }

/* a * b + c: rounded once where the engine has relaxed SIMD and the processor fused multiply-add, else twice. */
static inline v128_t madd(v128_t a, v128_t b, v128_t c) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_relaxed_madd(a, b, c);
#else
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

/* The first `count` (0 .. 3) floats at `from`, the other lanes `fill`. */
static inline v128_t load_partial(const float *from, int32_t count, float fill) {
  float lanes[LANES] = {fill, fill, fill, fill};
  memcpy(lanes, from, (size_t)count * sizeof(float));
  return wasm_v128_load(lanes);
}

static inline void store_partial(float *to, int32_t count, v128_t value) {
  float lanes[LANES];
  wasm_v128_store(lanes, value);
  memcpy(to, lanes, (size_t)count * sizeof(float));
}

static inline float horizontal_sum(v128_t v) {
  v = wasm_f32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1);
}

static inline float horizontal_max(v128_t v) {
  v = wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(v, 0);
}

/* e^x with a relative error of at most 1.5e-7 for -87.3 <= x <= 88; exactly 0 below (where f32 would be subnormal),
 * e^88 above. x = n ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n e^r; e^r = 1 + r + r^2 q(r), q a minimax polynomial
 * of degree 4 (3.1e-9 before rounding). */
static inline v128_t exp_f32(v128_t x) {
  const v128_t too_low = wasm_f32x4_lt(x, splat(-87.3f));
  x = wasm_f32x4_pmin(x, splat(88.0f));
  /* Adding 1.5 * 2^23 leaves round(x / ln 2) in the low bits of the sum. */
  const v128_t magic = splat(12582912.0f);
  const v128_t shifted = madd(x, splat(1.44269504f), magic);
  const v128_t n = wasm_f32x4_sub(shifted, magic);
  /* ln 2 in two parts, the first with so few bits that n times it is exact. */
  v128_t r = madd(n, splat(-0.693359375f), x);
  r = madd(n, splat(2.12194440e-4f), r);
  v128_t q = splat(1.38145402e-3f);
  q = madd(q, r, splat(8.36874511e-3f));
  q = madd(q, r, splat(4.16683908e-2f));
  q = madd(q, r, splat(1.66665204e-1f));
  q = madd(q, r, splat(4.99999934e-1f));
  const v128_t mantissa = wasm_f32x4_add(madd(wasm_f32x4_mul(r, r), q, r), splat(1.0f));
  return wasm_v128_andnot(wasm_i32x4_add(mantissa, wasm_i32x4_shl(shifted, 23)), too_low);
}

/* Phi(x) - 1/2 for |x| <= 5.42, Phi the distribution function of the standard normal, erf(x / sqrt 2) / 2, with an
 * absolute error of at most 1.2e-7: x P(x^2) / Q(x^2), fitted minimax (5.8e-9 before rounding). All coefficients are
 * positive: no cancellation. */
static inline v128_t normal_cdf_minus_half(v128_t x) {
  const v128_t t = wasm_f32x4_mul(x, x);
  v128_t p = splat(2.32568996e-8f);
  p = madd(p, t, splat(6.35750492e-6f));
  p = madd(p, t, splat(1.65181035e-4f));
  p = madd(p, t, splat(4.65584763e-3f));
  p = madd(p, t, splat(3.34648325e-2f));
  p = madd(p, t, splat(3.98942243e-1f));
  v128_t q = splat(1.21264310e-6f);
  q = madd(q, t, splat(7.26334265e-5f));
  q = madd(q, t, splat(1.86382944e-3f));
  q = madd(q, t, splat(2.84299511e-2f));
  q = madd(q, t, splat(2.50549953e-1f));
  q = madd(q, t, splat(1.0f));
  return wasm_f32x4_div(wasm_f32x4_mul(x, p), q);
}

/* x Phi(x), Hendrycks & Gimpel 2016 (https://arxiv.org/abs/1606.08415), with an absolute error of at most
 * 1.5e-7 max(1, |x|). Beyond 5.42 Phi rounds to 0 or 1 in f32. */
static inline v128_t gelu_f32(v128_t x) {
  const v128_t near = wasm_f32x4_mul(x, wasm_f32x4_add(normal_cdf_minus_half(x), splat(0.5f)));
  const v128_t far = wasm_f32x4_pmax(x, splat(0.0f));
  return wasm_v128_bitselect(far, near, wasm_f32x4_gt(wasm_f32x4_abs(x), splat(5.42f)));
}

/* x / 2 (1 + tanh u), u = sqrt(2 / pi) (x + 0.044715 x^3), the same paper's approximation. Written with
 * (1 + tanh u) / 2 = 1 / (1 + e^-2u). Absolute error at most 3e-7 max(1, |x|). */
static inline v128_t gelu_tanh_f32(v128_t x) {
  const v128_t minus_2u_by_x = madd(wasm_f32x4_mul(x, x), splat(-0.0713548163f), splat(-1.59576912f));
  return wasm_f32x4_div(x, wasm_f32x4_add(splat(1.0f), exp_f32(wasm_f32x4_mul(x, minus_2u_by_x))));
}

static inline v128_t relu_f32(v128_t x) { return wasm_f32x4_pmax(x, splat(0.0f)); }

#endif
