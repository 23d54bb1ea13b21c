#include "kernels/kernels.h"

#include <math.h>

/* The largest value is subtracted first, so that no exponential overflows. */
void softmax_scalar(float *values, int32_t rows, int32_t n) {
  for (int32_t row = 0; row < rows; row++, values += n) {
    float largest = values[0];
    for (int32_t i = 1; i < n; i++) largest = values[i] > largest ? values[i] : largest;
    double sum = 0;
    for (int32_t i = 0; i < n; i++) sum += exp((double)values[i] - largest);
    for (int32_t i = 0; i < n; i++) values[i] = (float)(exp((double)values[i] - largest) / sum);
  }
}
