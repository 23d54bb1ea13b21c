#include "kernels.h"
#include "simd_math.h"

#define FOR_EACH_VECTOR(function)                                                                                      \
  do {                                                                                                                 \
    int32_t i = 0;                                                                                                     \
    for (; i + LANES <= n; i += LANES) wasm_v128_store(values + i, function(wasm_v128_load(values + i)));              \
    if (i < n) store_partial(values + i, n - i, function(load_partial(values + i, n - i, 0)));                         \
  } while (0)

void activate_simd(float *values, int32_t n, epilogue apply) {
  switch (apply) {
  case EPILOGUE_GELU:
    FOR_EACH_VECTOR(gelu_f32);
    break;
  case EPILOGUE_GELU_TANH:
    FOR_EACH_VECTOR(gelu_tanh_f32);
    break;
  case EPILOGUE_RELU:
    FOR_EACH_VECTOR(relu_f32);
    break;
  case EPILOGUE_NONE:
    break;
  }
}
