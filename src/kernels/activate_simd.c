#include "kernels/kernels.h"
#include "kernels/simd_math.h"

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

/* Multiplies gradient [n] by slope(x [n]). */
#define FOR_EACH_SLOPE(slope)                                                                                          \
  for (int32_t i = 0; i < n; i += LANES)                                                                               \
  store_partial(gradient + i, n - i,                                                                                   \
                wasm_f32x4_mul(load_partial(gradient + i, n - i, 0), slope(load_partial(x + i, n - i, 0))))

void activate_backward_simd(const float *x, int32_t n, epilogue apply, float *gradient) {
  switch (apply) {
  case EPILOGUE_GELU:
    FOR_EACH_SLOPE(gelu_slope);
    break;
  case EPILOGUE_GELU_TANH:
    FOR_EACH_SLOPE(gelu_tanh_slope);
    break;
  case EPILOGUE_RELU:
    FOR_EACH_SLOPE(relu_slope);
    break;
  case EPILOGUE_TANH:
    FOR_EACH_SLOPE(tanh_slope);
    break;
  case EPILOGUE_NONE:
    break;
  }
}
