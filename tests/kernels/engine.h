/* The engine whose 8-bit dot products the kernels get: natively one that is emulated, in WebAssembly the one that runs.
 */
#ifndef BERTLET_TEST_ENGINE_H
#define BERTLET_TEST_ENGINE_H

#include "kernels/kernels.h"
#include "relaxed_engine.h"

/* Natively emulates `engine`, on which `path` is exact. In WebAssembly tells whether `path` is exact here. */
static inline bool choose_engine(relaxed_engine engine, int8_path path) {
#ifdef __wasm__
  (void)engine;
  const int8_path fastest = fastest_int8_simd();
  /* What multiplies unsigned weights exactly are the processors of x86, where pairs are exact too. */
  return path == INT8_WIDE || path == fastest || (path == INT8_PAIRS && fastest == INT8_DOT_UNSIGNED);
#else
  (void)path;
  emulated_engine = engine;
  return true;
#endif
}

#endif
