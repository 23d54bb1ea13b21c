/* Checks of computed or foreign numbers. */
#ifndef BERTLET_FINITE_H
#define BERTLET_FINITE_H

#include <stdbool.h>
#include <stddef.h>

/* False when one of values [count] is NaN or infinite. */
bool all_finite(const float *values, size_t count);

#endif
