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

static double gelu_slope(double x) {
  const double inverse_sqrt_two_pi = 0.39894228040143267794;
  return 0.5 * (1.0 + erf(x * sqrt(0.5))) + x * exp(-0.5 * x * x) * inverse_sqrt_two_pi;
}

static double gelu_tanh_slope(double x) {
  const double scale = sqrt(0.63661977236758134308), t = tanh(scale * (x + 0.044715 * x * x * x));
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * scale * (1.0 + 3 * 0.044715 * x * x);
}

void activate_backward_scalar(const float *x, int32_t n, epilogue apply, float *gradient) {
  for (int32_t i = 0; i < n; i++) {
    switch (apply) {
    case EPILOGUE_GELU:
      gradient[i] = (float)(gradient[i] * gelu_slope(x[i]));
      break;
    case EPILOGUE_GELU_TANH:
      gradient[i] = (float)(gradient[i] * gelu_tanh_slope(x[i]));
      break;
    case EPILOGUE_RELU:
      gradient[i] = x[i] > 0 ? gradient[i] : 0;
      break;
    case EPILOGUE_TANH:
      gradient[i] = (float)(gradient[i] * (1.0 - tanh(x[i]) * tanh(x[i])));
      break;
    case EPILOGUE_NONE:
      break;
    }
  }
}
