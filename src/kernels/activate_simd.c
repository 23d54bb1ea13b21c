#include "kernels.h"
#include "simd_math.h"

/* Two vectors at a time share the loads of constants. */
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
  case EPILOGUE_TANH:
    FOR_EACH_VECTOR(tanh_f32);
    break;
  case EPILOGUE_NONE:
    break;
  }
}
