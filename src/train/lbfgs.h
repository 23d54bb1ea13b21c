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
  /* Of what is being computed range by range. */
  int32_t pass;               /* over a direction: 0 .. 2 pairs */
  double alpha[LBFGS_MEMORY]; /* as in algorithm 7.4 */
  double product, squared;    /* scalar products, as far as they have come */
} lbfgs;

/* Vectors are summed in runs of so many floats: what is computed range by range has the same bits in every division
 * whose ranges begin at multiples of it. */
enum { VECTOR_RUN = 32 * LBFGS_ALIGN };

/* sum += a . b: runs are summed in f32, their sums in double. */
void vector_add_dot(double *sum, const float *a, const float *b, int32_t size);

/* a . b */
double vector_dot(const float *a, const float *b, int32_t size);

/* y += factor x */
void vector_add(float *y, double factor, const float *x, int32_t size);

/* y *= factor */
void vector_scale(float *y, double factor, int32_t size);

lbfgs lbfgs_alloc(arena *memory, int32_t size);

/* Drops all pairs. Without any the direction is steepest descent. */
void lbfgs_forget(lbfgs *memory);

/* direction = -H gradient, for which the components are gone through several times: each call goes on with begin .. end
 * - 1, where the last one left off or, after `size`, with 0. Returns true when the direction is there. */
bool lbfgs_direction(lbfgs *memory, const float *gradient, float *direction, int32_t begin, int32_t end);

/* Learns from one step from x to x_new, in calls for begin .. end - 1, up to `size`. A pair without positive curvature
 * is skipped. */
void lbfgs_learn(lbfgs *memory, const float *x, const float *x_new, const float *gradient, const float *gradient_new,
                 int32_t begin, int32_t end);

#endif
