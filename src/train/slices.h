/* Long loops of training, run in slices between which the caller may do something else, or stop. */
#ifndef BERTLET_SLICES_H
#define BERTLET_SLICES_H

#include <math.h>
#include <stdint.h>

/* A loop of `count` rounds that can be cut at multiples of `grain`; a round takes as long as `each` multiplications. */
typedef struct loop {
  int32_t count, grain;
  double each;
} loop;

/* Where a slice that begins at `begin` ends: after as many rounds as the budget of multiplications, from which they are
 * taken, has for, but at least one grain. */
static inline int32_t slice_end(const loop *whole, int32_t begin, double *budget) {
  const int32_t left = whole->count - begin;
  const double grains = fmax(floor(*budget / (whole->each * whole->grain)), 1);
  const int32_t rounds = grains * whole->grain < left ? (int32_t)grains * whole->grain : left;
  *budget -= rounds * whole->each;
  return begin + rounds;
}

/* What e^x takes, in multiplications. */
#define EXPONENTIAL_COST 8.0

#endif
