#ifndef BERTLET_DTYPE_H
#define BERTLET_DTYPE_H

#include "bertlet.h"

/* Bytes of a number of this type. */
size_t dtype_bytes(bertlet_dtype dtype);

/* bytes [count], little-endian and of any alignment -> values [count]. Every number is exact. */
void convert_to_f32(const unsigned char *bytes, bertlet_dtype dtype, int32_t count, float *values);

#endif
