/* The dot products of relaxed SIMD, where the build has them. */
#ifndef BERTLET_RELAXED_DOT_H
#define BERTLET_RELAXED_DOT_H

#include <wasm_simd128.h>

/* Native builds emulate them: cmake/simde/wasm_simd128.h. */
#if defined(__wasm_relaxed_simd__) || !defined(__wasm__)
#define RELAXED_DOT 1
#else
#define RELAXED_DOT 0
#endif

#endif
