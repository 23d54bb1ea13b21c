/* What heads are made of: the layers that torch.nn calls Linear, GELU (and the like), LayerNorm and Softmax. */
#include "bertlet.h"
#include "heads/dot.h"
#include "kernels/kernels.h"

void bertlet_linear(const float *features, int32_t rows, int32_t feature_count, const float *weight, const float *bias,
                    int32_t classes, float *logits) {
  for (int32_t row = 0; row < rows; row++)
    for (int32_t class = 0; class < classes; class ++)
      logits[(size_t)row * classes + class] =
          dot_product(features + (size_t)row * feature_count, weight + (size_t)class * feature_count, feature_count) +
          bias[class];
}

void bertlet_activate(float *values, int32_t count, bertlet_activation activation) {
  activate(values, count, (epilogue)activation);
}

void bertlet_layer_norm(float *values, int32_t rows, int32_t columns, const float *gamma, const float *beta,
                        float epsilon) {
  layer_norm(values, NULL, gamma, beta, epsilon, rows, columns, values);
}

void bertlet_softmax(float *values, int32_t rows, int32_t classes) { softmax(values, rows, classes); }
