#ifndef BERTLET_LINEAR_H
#define BERTLET_LINEAR_H

#include "model/model.h"

/* y [rows][outputs] = apply(x [rows][inputs] . W^T + bias) */
void linear_forward(const bertlet_model *model, const linear *l, epilogue apply, const float *x, int32_t rows,
                    float *y);

#endif
