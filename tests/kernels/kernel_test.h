/* What the tests of the kernels share. Each program holds one family of kernels against its definition in double and
 * knows these arguments (tests/kernels/run.js passes them on):
 *
 *   --seed N   other random data: N is 1 by default, and printed when something fails
 *   --bench    no checks, but times of the SIMD kernels, and how often the scalar reference takes as long
 *
 * A native program has both sets of kernels, X_scalar and X_simd. In WebAssembly, where run.js starts it, the program
 * brings the scalar ones; X_simd, pack_row() and so on come from one of the builds that ship. (For the build "scalar",
 * X_simd is its only X, the scalar one.) */
#ifndef BERTLET_KERNEL_TEST_H
#define BERTLET_KERNEL_TEST_H

#include <stdlib.h>

#include "check.h"
#include "kernels/kernels.h"

/* Error of one rounding in f32, relative. */
#define EPSILON 0x1p-24

/* Calls test(kernel) for each set that the program is to check: natively both, in WebAssembly what ships. */
#ifdef __wasm__
#define TEST_KERNEL(test, kernel) test(kernel##_simd)
#else
#define TEST_KERNEL(test, kernel) (test(kernel##_scalar), test(kernel##_simd))
#endif

/* A program: main() calls test_kernels(), with what to do without arguments and what to do for --bench. */
int test_kernels(int argc, char **argv, void (*checks)(void), void (*times)(void));

/* The state for random_number() of the `stream`th sequence that belongs to the program's seed. */
uint32_t random_state(uint32_t stream);

/* Uniform in -scale .. scale. Free with free(). */
float *random_floats(size_t count, float scale, uint32_t *state);

/* An activation in double, by its definition. */
double activated(double x, epilogue apply);

/* ---- Times ---- */

typedef struct stopwatch {
  int64_t calls, left; /* of the present round */
  double begin, best;  /* in ns: when the round began, and the shortest time of a call so far */
  int32_t rounds;
} stopwatch;

/* for (stopwatch w = {0}; goes_on(&w);) call(); leaves in w.best the time of a call. */
bool goes_on(stopwatch *w);

void print_times(const char *kernel, const char *shape, double simd, double scalar);

/* Prints the times of both kernels for the same arguments. `shape`: what the arguments are, for the reader. */
#define BENCH(kernel, shape, ...)                                                                                      \
  do {                                                                                                                 \
    stopwatch simd = {0}, scalar = {0};                                                                                \
    while (goes_on(&simd)) kernel##_simd(__VA_ARGS__);                                                                 \
    while (goes_on(&scalar)) kernel##_scalar(__VA_ARGS__);                                                             \
    print_times(#kernel, shape, simd.best, scalar.best);                                                               \
  } while (0)

#endif
