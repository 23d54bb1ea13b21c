#ifndef BERTLET_DOT_H
#define BERTLET_DOT_H

#include <stdint.h>

/* Scalar product of a [n] and b [n]. It sums in eight lanes, so that compilers make vectors of them; the order gives
 * the same bits in every build. */
float dot_product(const float *a, const float *b, int32_t n);

#endif
