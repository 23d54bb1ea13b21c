#include "kernels/kernels.h"

#include <math.h>

/* Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415 */
static double gelu(double x) { return 0.5 * x * (1.0 + erf(x * sqrt(0.5))); }

static double gelu_tanh(double x) {
  const double two_by_pi = 0.63661977236758134308;
  return 0.5 * x * (1.0 + tanh(sqrt(two_by_pi) * (x + 0.044715 * x * x * x)));
}

void activate_scalar(float *values, int32_t n, epilogue apply) {
  for (int32_t i = 0; i < n; i++) {
    switch (apply) {
    case EPILOGUE_GELU:
      values[i] = (float)gelu(values[i]);
      break;
    case EPILOGUE_GELU_TANH:
      values[i] = (float)gelu_tanh(values[i]);
      break;
    case EPILOGUE_RELU:
      values[i] = values[i] < 0 ? 0 : values[i];
      break;
    case EPILOGUE_TANH:
      values[i] = (float)tanh(values[i]);
      break;
    case EPILOGUE_NONE:
      break;
    }
  }
}
