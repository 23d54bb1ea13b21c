#include "model/adapter.h"

#include <string.h>

#include "model/linear.h"

static void scale_rows(float *x, int32_t rows, int32_t columns, float scale) {
  for (size_t i = 0; i < (size_t)rows * columns; i++) x[i] *= scale;
}

void adapter_forward(const bertlet_model *model, const linear *l, const adapter *by, const float *x, int32_t rows,
                     float *inner, float *y) {
  int32_t width = by->adapted * by->rank;
  memset(inner, 0, (size_t)rows * width * sizeof(float));
  add_product(model, (matrix){x, l->inputs}, rows, l->inputs, by->a, width, inner, width);
  scale_rows(inner, rows, width, by->scale);
  const float *part_inner = inner;
  for (int32_t part = 0; part < ADAPTER_PARTS; part++) {
    if (!by->b[part]) continue;
    add_product(model, (matrix){part_inner, width}, rows, by->rank, by->b[part], by->part_outputs,
                y + (size_t)part * by->part_outputs, l->outputs);
    part_inner += by->rank;
  }
}

void adapter_backward(const bertlet_model *model, const linear *l, const adapter *by, const adapter *gradient,
                      const float *x, const float *inner, const float *dy, int32_t rows, float *inner_gradient,
                      float *transposed, float *dx) {
  int32_t width = by->adapted * by->rank, at = 0;
  memset(inner_gradient, 0, (size_t)rows * width * sizeof(float));
  for (int32_t part = 0; part < ADAPTER_PARTS; part++) {
    if (!by->b[part]) continue;
    matrix by_y = {dy + (size_t)part * by->part_outputs, l->outputs};
    add_weight_gradient(model, (matrix){inner + at, width}, by_y, rows, by->rank, by->part_outputs, gradient->b[part]);
    add_product_transposed(model, by_y, rows, by->part_outputs, by->b[part], by->rank, transposed, inner_gradient + at,
                           width);
    at += by->rank;
  }
  scale_rows(inner_gradient, rows, width, by->scale);
  matrix by_inner = {inner_gradient, width};
  add_weight_gradient(model, (matrix){x, l->inputs}, by_inner, rows, l->inputs, width, gradient->a);
  if (dx) add_product_transposed(model, by_inner, rows, width, by->a, l->inputs, transposed, dx, l->inputs);
}
