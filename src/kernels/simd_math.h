/* What the SIMD kernels share: multiply-add, horizontal sums, partial vectors, and polynomials for 2^x and GELU. Errors
 * were measured against double precision; tests/kernels/math_test.c asserts the bounds. */
#ifndef BERTLET_SIMD_MATH_H
#define BERTLET_SIMD_MATH_H

#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>

#define LANES 4
#define LOG2_E 1.44269504f

static inline v128_t splat(float value) { return wasm_f32x4_splat(value); }

/* a * b + c: rounded once where the engine has relaxed SIMD and the processor fused multiply-add, else twice. */
static inline v128_t madd(v128_t a, v128_t b, v128_t c) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_relaxed_madd(a, b, c);
#else
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

/* Up to 4 floats at `from`: the first `count`, the other lanes `fill`. */
static inline v128_t load_partial(const float *from, int32_t count, float fill) {
  if (count >= LANES) return wasm_v128_load(from);
  float lanes[LANES] = {fill, fill, fill, fill};
  memcpy(lanes, from, (size_t)count * sizeof(float));
  return wasm_v128_load(lanes);
}

static inline void store_partial(float *to, int32_t count, v128_t value) {
  if (count >= LANES) {
    wasm_v128_store(to, value);
    return;
  }
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

static inline int32_t sum_of_lanes(v128_t v) {
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1);
}

/* A vector of a constant, read from memory by one instruction. A vector that is a literal V8 builds in three, through a
 * general register, wherever it is used. The empty assembly hides from the compiler that the value is known. */
static inline v128_t constant(const float *value) {
  __asm__("" : "+r"(value));
  return wasm_v128_load32_splat(value);
}

static inline v128_t constant_i16x8(const int16_t *value) {
  __asm__("" : "+r"(value));
  return wasm_v128_load16_splat(value);
}

/* c[0] + c[1] x + ... + c[degree] x^degree */
static inline v128_t polynomial(const float *c, int32_t degree, v128_t x) {
  v128_t sum = constant(c + degree);
  for (int32_t i = degree - 1; i >= 0; i--) sum = madd(sum, x, constant(c + i));
  return sum;
}

/* 2^r for |r| <= 1/2: minimax by the Remez exchange, with the constant term fixed at 1 (2e-9 before rounding). */
static inline v128_t exp2_fraction(v128_t r) {
  static const float coefficients[] = {1.0f,           0.693147203f,   0.240226479f,  0.0555033229f,
                                       0.00961843810f, 0.00133989518f, 1.53532995e-4f};
  return polynomial(coefficients, 6, r);
}

/* Added to |x| < 2^22, it rounds x to an integer and leaves that in the low bits. */
static const float rounder = 12582912.0f;

/* round(x * scale) as integers. `magic`: `rounder` in every lane. */
static inline v128_t steps(v128_t x, v128_t scale, v128_t magic) {
  return wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_mul(x, scale), magic), magic);
}

/* 2^x for x <= 126 with a relative error of at most 1.5e-7. x below -80 counts as -80 (8e-25), so that products stay
 * clear of subnormal numbers, which are slow. */
static inline v128_t exp2_f32(v128_t x) {
  static const float lowest = -80.0f;
  x = wasm_f32x4_pmax(x, constant(&lowest));
  const v128_t shifted = wasm_f32x4_add(x, constant(&rounder));
  const v128_t n = wasm_f32x4_sub(shifted, constant(&rounder));
  return wasm_i32x4_add(exp2_fraction(wasm_f32x4_sub(x, n)), wasm_i32x4_shl(shifted, 23));
}

/* e^x with a relative error of at most 1.5e-7 for -87.3 <= x <= 88, 0 below (where it would be subnormal), e^88 above.
 * x = n ln 2 + r, with ln 2 in two parts, the first with so few bits that n times it is exact. */
static inline v128_t exp_f32(v128_t x) {
  static const float lowest = -87.3f, highest = 88.0f, log2_e = LOG2_E, ln2[] = {-0.693359375f, 2.12194440e-4f};
  const v128_t too_low = wasm_f32x4_lt(x, constant(&lowest));
  x = wasm_f32x4_pmin(x, constant(&highest));
  const v128_t shifted = madd(x, constant(&log2_e), constant(&rounder));
  const v128_t n = wasm_f32x4_sub(shifted, constant(&rounder));
  const v128_t r = madd(n, constant(ln2 + 1), madd(n, constant(ln2), x));
  const v128_t fraction = exp2_fraction(wasm_f32x4_mul(r, constant(&log2_e)));
  return wasm_v128_andnot(wasm_i32x4_add(fraction, wasm_i32x4_shl(shifted, 23)), too_low);
}

/* 1 / Phi(-a) for a >= 0, which gelu_f32() explains. */
static inline v128_t gelu_inverse_tail(v128_t a) {
  static const float coefficients[] = {1.1892092f,     0.237164433f,    0.118665118f,  0.0298612479f,
                                       0.00937472881f, -0.00204278522f, 0.0032933722f, -0.00145306404f,
                                       4.82035077e-4f, -8.27048334e-5f, 7.13595582e-6f};
  v128_t p = polynomial(coefficients, 10, a);
  p = wasm_f32x4_mul(p, p);
  return wasm_f32x4_mul(p, p);
}

/* x Phi(x), Phi the distribution function of the standard normal: Hendrycks & Gimpel 2016,
 * https://arxiv.org/abs/1606.08415. Absolute error at most 1.2e-7 + 2^-24 |x|. Written as max(x, 0) - |x| Phi(-|x|),
 * with Phi(-a) = p(a)^-4 and p fitted by least squares whose weights follow the errors (Lawson), until a p(a)^-4 was
 * nearly minimax (4.7e-8 before rounding). For finite x. */
static inline v128_t gelu_f32(v128_t x) {
  const v128_t distance = wasm_f32x4_abs(x);
  return wasm_f32x4_sub(wasm_f32x4_pmax(x, splat(0)), wasm_f32x4_div(distance, gelu_inverse_tail(distance)));
}

/* The same for results that are going to be quantized to 8 bits, with an absolute error of at most 1.8e-4 + 2^-24 |x|
 * and without a division: max(x, 0) - a (3.95 - a) p(a), a = min(|x|, 3.95), whose error is nearly minimax (linear
 * programming). */
static inline v128_t gelu_coarse(v128_t x) {
  static const float farthest = 3.95f;
  static const float coefficients[] = {0.126569971f,  -0.0662321076f,  -0.0287177414f,
                                       0.0290312935f, -0.00756713049f, 0.000663123035f};
  const v128_t distance = wasm_f32x4_pmin(wasm_f32x4_abs(x), constant(&farthest));
  const v128_t ends = wasm_f32x4_mul(distance, wasm_f32x4_sub(constant(&farthest), distance));
  return wasm_f32x4_sub(wasm_f32x4_pmax(x, splat(0)), wasm_f32x4_mul(ends, polynomial(coefficients, 5, distance)));
}

/* The derivative of gelu_f32(): Phi(x) + x phi(x), phi the density. Phi as there, phi from exp_f32(). Absolute error at
 * most 6e-7. */
static inline v128_t gelu_slope(v128_t x) {
  static const float minus_half = -0.5f, inverse_sqrt_two_pi = 0.398942280f;
  const v128_t density = wasm_f32x4_mul(exp_f32(wasm_f32x4_mul(wasm_f32x4_mul(x, x), constant(&minus_half))),
                                        constant(&inverse_sqrt_two_pi));
  const v128_t tail = wasm_f32x4_div(splat(1), gelu_inverse_tail(wasm_f32x4_abs(x))); /* Phi(-|x|) */
  const v128_t below = wasm_v128_bitselect(tail, wasm_f32x4_sub(splat(1), tail), wasm_f32x4_lt(x, splat(0)));
  return madd(x, density, below);
}

/* x / 2 (1 + tanh u), u = sqrt(2 / pi) (x + 0.044715 x^3), the same paper's approximation, with an absolute error of at
 * most 3e-7 max(1, |x|). Written with (1 + tanh u) / 2 = 1 / (1 + e^-2u). */
static inline v128_t gelu_tanh_f32(v128_t x) {
  static const float coefficients[] = {-1.59576912f, -0.0713548163f};
  const v128_t minus_2u = wasm_f32x4_mul(x, polynomial(coefficients, 1, wasm_f32x4_mul(x, x)));
  return wasm_f32x4_div(x, wasm_f32x4_add(splat(1.0f), exp_f32(minus_2u)));
}

/* Its derivative: with s = 1 / (1 + e^-2u), s + x s (1 - s) 2u'. */
static inline v128_t gelu_tanh_slope(v128_t x) {
  static const float coefficients[] = {-1.59576912f, -0.0713548163f}, slopes[] = {1.59576912f, 0.214064449f};
  const v128_t square = wasm_f32x4_mul(x, x);
  const v128_t minus_2u = wasm_f32x4_mul(x, polynomial(coefficients, 1, square));
  const v128_t s = wasm_f32x4_div(splat(1), wasm_f32x4_add(splat(1), exp_f32(minus_2u)));
  const v128_t change = wasm_f32x4_mul(wasm_f32x4_mul(s, wasm_f32x4_sub(splat(1), s)), polynomial(slopes, 1, square));
  return madd(x, change, s);
}

/* 1 - 2 / (1 + e^2x), with an absolute error of at most 3e-7. */
static inline v128_t tanh_f32(v128_t x) {
  const v128_t e = exp_f32(wasm_f32x4_add(x, x));
  return wasm_f32x4_sub(splat(1.0f), wasm_f32x4_div(splat(2.0f), wasm_f32x4_add(splat(1.0f), e)));
}

static inline v128_t tanh_slope(v128_t x) {
  const v128_t t = tanh_f32(x);
  return wasm_f32x4_sub(splat(1), wasm_f32x4_mul(t, t));
}

static inline v128_t relu_f32(v128_t x) { return wasm_f32x4_pmax(x, splat(0.0f)); }

static inline v128_t relu_slope(v128_t x) { return wasm_v128_and(wasm_f32x4_gt(x, splat(0)), splat(1)); }

/* Applies one of these to values [n]. Two vectors at a time share the loads of constants. */
#define FOR_EACH_VECTOR(function)                                                                                      \
  do {                                                                                                                 \
    int32_t i = 0;                                                                                                     \
    for (; i + 2 * LANES <= n; i += 2 * LANES) {                                                                       \
      const v128_t left = function(wasm_v128_load(values + i)), right = function(wasm_v128_load(values + i + LANES));  \
      wasm_v128_store(values + i, left);                                                                               \
      wasm_v128_store(values + i + LANES, right);                                                                      \
    }                                                                                                                  \
    for (; i < n; i += LANES) store_partial(values + i, n - i, function(load_partial(values + i, n - i, 0)));          \
  } while (0)

#endif
