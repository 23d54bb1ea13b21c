/* Lets native builds compile the SIMD kernels: the intrinsics of WebAssembly's <wasm_simd128.h>, emulated by SIMDe. */
#ifndef BERTLET_SIMDE_WASM_SIMD128_H
#define BERTLET_SIMDE_WASM_SIMD128_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>

#include "relaxed_engine.h"

#endif
