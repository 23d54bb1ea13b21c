#include "model/adapter.h"

#include "model/linear.h"

static void scale_rows(float *x, int32_t rows, int32_t columns, float scale) {
  for (size_t i = 0; i < (size_t)rows * columns; i++) x[i] *= scale;
}

void adapter_forward(const bertlet_model *model, const linear *l, const adapter *by, const float *x, int32_t rows,
                     const float *zeros, float *inner, float *y) {
  int32_t width = by->adapted * by->rank;
  product(model, (matrix){x, l->inputs}, rows, l->inputs, by->a, width, zeros, inner, width);
  scale_rows(inner, rows, width, by->scale);
  const float *part_inner = inner;
  for (int32_t part = 0; part < ADAPTER_PARTS; part++) {
    if (!by->b[part]) continue;
    product(model, (matrix){part_inner, width}, rows, by->rank, by->b[part], by->part_outputs, NULL,
            y + (size_t)part * by->part_outputs, l->outputs);
    part_inner += by->rank;
  }
}

void adapter_backward(const bertlet_model *model, const linear *l, const adapter *by, const adapter *gradient,
                      const float *x, const float *inner, const float *dy, int32_t rows, const float *zeros,
                      float *inner_gradient, float *transposed, const float *start, float *dx) {
  int32_t width = by->adapted * by->rank, at = 0;
  for (int32_t part = 0; part < ADAPTER_PARTS; part++) {
    if (!by->b[part]) continue;
    matrix by_y = {dy + (size_t)part * by->part_outputs, l->outputs};
    add_weight_gradient(model, (matrix){inner + at, width}, by_y, rows, by->rank, by->part_outputs, gradient->b[part]);
    product_transposed(model, by_y, rows, by->part_outputs, by->b[part], by->rank, transposed, zeros,
                       inner_gradient + at, width);
    at += by->rank;
  }
  scale_rows(inner_gradient, rows, width, by->scale);
  matrix by_inner = {inner_gradient, width};
  add_weight_gradient(model, (matrix){x, l->inputs}, by_inner, rows, l->inputs, width, gradient->a);
  if (dx) product_transposed(model, by_inner, rows, width, by->a, l->inputs, transposed, start, dx, l->inputs);
}
