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
