#ifndef BERTLET_DOT_H
#define BERTLET_DOT_H

#include <stdint.h>

/* Scalar product of a [n] and b [n]. */
float dot_product(const float *a, const float *b, int32_t n);

#endif
