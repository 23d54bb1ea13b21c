#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "kernel_test.h"

#include <math.h>
#include <string.h>
#include <time.h>

static uint32_t seed = 1;

int test_kernels(int argc, char **argv, void (*checks)(void), void (*times)(void)) {
  bool bench = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--bench") == 0) {
      bench = true;
    } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = (uint32_t)strtoul(argv[++i], NULL, 10);
    } else {
      printf("%s: known are --seed N and --bench\n", argv[i]);
      return 2;
    }
  }
  if (bench) {
    times();
    return 0;
  }
  checks();
  const int failed = report();
  if (failed) printf("with --seed %u\n", seed);
  return failed;
}

/* The finalizer of MurmurHash3: every bit of the seed moves every bit of the state. */
uint32_t random_state(uint32_t stream) {
  uint32_t h = seed * 0x9e3779b9u + stream;
  h = (h ^ h >> 16) * 0x85ebca6bu;
  h = (h ^ h >> 13) * 0xc2b2ae35u;
  h ^= h >> 16;
  return h ? h : 1;
}

float *random_floats(size_t count, float scale, uint32_t *state) {
  float *values = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = (float)(int32_t)random_number(state) * 0x1p-31f * scale;
  return values;
}

double activated(double x, epilogue apply) {
  switch (apply) {
  case EPILOGUE_GELU:
    return 0.5 * x * erfc(-x * sqrt(0.5));
  case EPILOGUE_GELU_TANH:
    return 0.5 * x * (1 + tanh(sqrt(0.63661977236758134) * (x + 0.044715 * x * x * x)));
  case EPILOGUE_RELU:
    return x < 0 ? 0 : x;
  case EPILOGUE_TANH:
    return tanh(x);
  default:
    return x;
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The first rounds find out how many calls take 10 ms, and let V8 compile; the shortest of the others counts. */
bool goes_on(stopwatch *w) {
  enum { ROUNDS = 10 };
  const double least = 1e7;
  if (w->left-- > 0) return true;
  const double end = now();
  if (w->calls) {
    const double taken = end - w->begin, call = taken / (double)w->calls;
    if (taken < least) {
      w->calls *= 2;
    } else {
      if (w->rounds == 0 || call < w->best) w->best = call;
      if (++w->rounds == ROUNDS) return false;
    }
  } else {
    w->calls = 1;
  }
  w->left = w->calls - 1;
  w->begin = now();
  return true;
}

void print_times(const char *kernel, const char *shape, double simd, double scalar) {
  printf("%-16s %-40s %12.0f ns   scalar / SIMD %6.2f\n", kernel, shape, simd, scalar / simd);
}
