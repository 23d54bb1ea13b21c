/* Activations of arrays against libm in double. The bounds of the SIMD ones are those that simd_math.h states. */
#include <math.h>
#include <string.h>

#include "kernel_test.h"

typedef DECLARE_ACTIVATE(activate_kernel);

/* Phi by erfc, which does not cancel in the tail. */
static double gelu(double x) { return 0.5 * x * erfc(-x * sqrt(0.5)); }
static double gelu_tanh(double x) {
  return 0.5 * x * (1 + tanh(sqrt(0.63661977236758134) * (x + 0.044715 * x * x * x)));
}
static double relu(double x) { return x < 0 ? 0 : x; }
static double identity(double x) { return x; }

static double gelu_bound(double x) { return 1.2e-7 + EPSILON * fabs(x); }
static double gelu_tanh_bound(double x) { return 3e-7 * fmax(1, fabs(x)); }
static double tanh_bound(double x) {
  (void)x;
  return 3e-7;
}
static double no_error(double x) {
  (void)x;
  return 0;
}

static const struct {
  epilogue apply;
  double (*exact)(double), (*bound)(double);
} activations[] = {{EPILOGUE_GELU, gelu, gelu_bound},
                   {EPILOGUE_GELU_TANH, gelu_tanh, gelu_tanh_bound},
                   {EPILOGUE_RELU, relu, no_error},
                   {EPILOGUE_TANH, tanh, tanh_bound},
                   {EPILOGUE_NONE, identity, no_error}};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

/* x [n], behind which one more float is there to stay as it is. */
static void check_array(activate_kernel *kernel, int32_t activation, const float *x, int32_t n) {
  const size_t bytes = ((size_t)n + 1) * sizeof(float);
  float *y = allocate(bytes);
  memcpy(y, x, bytes);
  kernel(y, n, activations[activation].apply);
  for (int32_t i = 0; i < n; i++) {
    const double expected = activations[activation].exact(x[i]);
    const double rounding = EPSILON * fabs(expected) + 1e-15; /* all that the scalar kernel, in double, is wrong by */
    const double bound = kernel == activate_scalar ? rounding : activations[activation].bound(x[i]);
    CHECK(fabs(y[i] - expected) <= bound);
  }
  CHECK(y[n] == x[n]);
  free(y);
}

/* Every length up to some vectors. */
static void arrays_are_activated(activate_kernel *kernel) {
  uint32_t state = random_state(1);
  for (int32_t n = 0; n <= 19; n++) {
    float *x = random_floats((size_t)n + 1, 4, &state);
    for (int32_t activation = 0; activation < ACTIVATIONS; activation++) check_array(kernel, activation, x, n);
    free(x);
  }
}

/* Evenly spaced points, among all that activations meet, and far beyond. */
static void bounds_hold(activate_kernel *kernel) {
  enum { POINTS = 200001 };
  float *x = allocate((POINTS + 1) * sizeof(float));
  const float ends[] = {1e-3f, 12, 50, 1e4f};
  x[POINTS] = 17;
  for (size_t j = 0; j < sizeof ends / sizeof *ends; j++) {
    for (int32_t i = 0; i < POINTS; i++) x[i] = ends[j] * ((float)i / (POINTS / 2) - 1);
    for (int32_t activation = 0; activation < ACTIVATIONS; activation++) check_array(kernel, activation, x, POINTS);
  }
  free(x);
}

static void checks(void) {
  TEST_KERNEL(arrays_are_activated, activate);
  TEST_KERNEL(bounds_hold, activate);
}

static void times(void) {
  enum { N = 1536 };
  const char *const shapes[] = {"1536, copied: GELU", "1536, copied: tanh GELU", "1536, copied: ReLU",
                                "1536, copied: tanh"};
  float y[N];
  uint32_t state = random_state(2);
  for (int32_t i = 0; i < 4; i++) {
    float *x = random_floats(N, 3, &state);
    BENCH(activate, shapes[i], memcpy(y, x, sizeof y), N, activations[i].apply);
    free(x);
  }
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
