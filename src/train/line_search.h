/* A line search for the strong Wolfe conditions along one direction d,
 *     phi(t) <= phi(0) + 1e-3 t phi'(0)   and   |phi'(t)| <= 0.9 |phi'(0)|,    phi(t) = f(x + t d),
 * by Moré & Thuente, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20 (1994), with the
 * constants that L-BFGS-B uses, so that it takes the steps of scipy and scikit-learn.
 *
 * It never calls phi: the caller evaluates phi and its slope at `step` and passes them to line_search_next(), until
 * that returns anything but SEARCH_GOES_ON. */
#ifndef BERTLET_LINE_SEARCH_H
#define BERTLET_LINE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct search_point {
  double step, value, slope; /* t, phi(t), phi'(t) */
} search_point;

typedef enum search_verdict { SEARCH_GOES_ON, SEARCH_FOUND, SEARCH_FAILED } search_verdict;

typedef struct line_search {
  double step;        /* where phi is wanted next; after SEARCH_FOUND, the step to take */
  double noise;       /* rounding error of phi's values */
  search_point start; /* t = 0 */
  search_point best;  /* the lowest point so far */
  search_point other; /* the interval's other end */
  bool bracketed;     /* a minimum lies between them */
  bool first_stage;   /* no point yet with sufficient decrease and a rising slope */
  bool last;          /* the interval is too small to go on: `step` is that of the best point */
  double low, high;   /* bounds of the next step */
  double width, previous_width;
  int32_t trials;
} line_search;

/* `slope` must be negative, `first_step` positive. */
void line_search_begin(line_search *search, double value, double slope, double first_step, double noise);

/* Takes phi and phi' at `search->step`. A value that is not finite counts as too long a step. */
search_verdict line_search_next(line_search *search, double value, double slope);

#endif
