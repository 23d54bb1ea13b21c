/* Checks of computed or foreign numbers. */
#ifndef BERTLET_FINITE_H
#define BERTLET_FINITE_H

#include <stdbool.h>
#include <stddef.h>

/* False when one of values [count] is NaN or infinite. */
bool all_finite(const float *values, size_t count);

/* False when one of weights [count] is NaN or larger than 2^20, sixteen times what f16 can hold: no trained model has
 * such. From there on it is a matter of the order of sums whether f32 overflows, and int8 would decide otherwise. */
bool all_plausible(const float *weights, size_t count);

#endif
