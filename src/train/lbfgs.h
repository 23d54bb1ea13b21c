/* The direction of a limited-memory quasi-Newton step: Nocedal & Wright, Numerical Optimization, 2nd ed.,
 * algorithm 7.4. Vectors have `size` floats, a multiple of LBFGS_ALIGN; what pads them must be 0. */
#ifndef BERTLET_LBFGS_H
#define BERTLET_LBFGS_H

#include "base/arena.h"

enum {
  LBFGS_MEMORY = 10, /* pairs that are kept, as scipy does */
  LBFGS_ALIGN = 16
};

typedef struct lbfgs {
  int32_t size;
  int32_t pairs;                 /* in memory, 0 .. LBFGS_MEMORY */
  int32_t next;                  /* place of the next pair: a ring */
  float *steps;                  /* [LBFGS_MEMORY][size]: s = x' - x */
  float *changes;                /* [LBFGS_MEMORY][size]: y = g' - g */
  double products[LBFGS_MEMORY]; /* s . y, positive */
  double scale; /* s . y / y . y of the newest pair; times the identity, the first estimate of the inverse Hessian */
} lbfgs;

/* Scalar product: short runs are summed in f32, their sums in double. */
double vector_dot(const float *a, const float *b, int32_t size);

/* y += factor x */
void vector_add(float *y, double factor, const float *x, int32_t size);

/* y *= factor */
void vector_scale(float *y, double factor, int32_t size);

lbfgs lbfgs_alloc(arena *memory, int32_t size);

/* Drops all pairs. Without any the direction is steepest descent. */
void lbfgs_forget(lbfgs *memory);

/* direction = -H gradient */
void lbfgs_direction(const lbfgs *memory, const float *gradient, float *direction);

/* Learns from one step from x to x_new. A pair without positive curvature is skipped. */
void lbfgs_learn(lbfgs *memory, const float *x, const float *x_new, const float *gradient, const float *gradient_new);

#endif
