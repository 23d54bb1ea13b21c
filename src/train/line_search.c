#include "train/line_search.h"

#include <math.h>

#define SUFFICIENT_DECREASE 1e-3
#define CURVATURE 0.9
#define MIN_WIDTH 0.1 /* of an interval that is worth searching, relative to its upper end */
#define MAX_STEP 1e10
enum { MAX_TRIALS = 50 };

void line_search_begin(line_search *search, double value, double slope, double first_step, double noise) {
  const search_point start = {0, value, slope};
  *search = (line_search){.step = first_step,
                          .noise = noise,
                          .start = start,
                          .best = start,
                          .other = start,
                          .first_stage = true,
                          .low = 0,
                          .high = 5 * first_step,
                          .width = MAX_STEP,
                          .previous_width = 2 * MAX_STEP};
}

/* ---- Interpolation --------------------------------------------------------------------------------------------- */

/* Minimum of the cubic with the values and slopes of a and b (Nocedal & Wright, equation 3.59), NaN when it has none.
 */
static double cubic_minimum(search_point a, search_point b) {
  const double chord = (a.value - b.value) / (a.step - b.step);
  const double d1 = a.slope + b.slope - 3 * chord;
  const double d2 = copysign(sqrt(d1 * d1 - a.slope * b.slope), b.step - a.step);
  return b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

/* Minimum of the parabola with the value and slope of a and the value of b. */
static double parabola_minimum(search_point a, search_point b) {
  const double chord = (a.value - b.value) / (b.step - a.step);
  return a.step + a.slope / (chord + a.slope) / 2 * (b.step - a.step);
}

/* Where the line through the slopes of a and b is zero. */
static double secant_zero(search_point a, search_point b) {
  return b.step - b.slope * (b.step - a.step) / (b.slope - a.slope);
}

static double nearer(double from, double a, double b) { return fabs(a - from) < fabs(b - from) ? a : b; }

static double farther(double from, double a, double b) { return fabs(a - from) > fabs(b - from) ? a : b; }

static double clamp(double value, double low, double high) { return fmin(fmax(value, low), high); }

/* ---- Moré & Thuente -------------------------------------------------------------------------------------------- */

static bool slopes_differ(search_point a, search_point b) { return a.slope * b.slope < 0; }

/* The next trial step, section 4 of the paper: its cases 1 to 4. */
static double trial_step(const line_search *search, search_point best, search_point other, search_point trial) {
  const double cubic = cubic_minimum(best, trial);
  if (trial.value > best.value) {
    const double parabola = parabola_minimum(best, trial);
    return fabs(cubic - best.step) < fabs(parabola - best.step) ? cubic : (cubic + parabola) / 2;
  }
  if (slopes_differ(best, trial)) return farther(trial.step, cubic, secant_zero(best, trial));

  const bool forward = trial.step > best.step;
  const double limit = forward ? search->high : search->low;
  if (fabs(trial.slope) < fabs(best.slope)) {
    /* The cubic's minimum counts only when it lies beyond the trial. */
    const bool beyond = forward ? cubic > trial.step : cubic < trial.step;
    const double guess = beyond ? cubic : limit, secant = secant_zero(best, trial);
    if (!search->bracketed) return clamp(farther(trial.step, guess, secant), search->low, search->high);
    const double far_enough = trial.step + 0.66 * (other.step - trial.step);
    return (forward ? fmin : fmax)(far_enough, nearer(trial.step, guess, secant));
  }
  return search->bracketed ? cubic_minimum(other, trial) : limit;
}

/* The point on psi(t) = phi(t) - phi(0) - 1e-3 t phi'(0), the auxiliary function of the first stage. */
static search_point auxiliary(const line_search *search, search_point point) {
  const double slope = SUFFICIENT_DECREASE * search->start.slope;
  return (search_point){point.step, point.value - point.step * slope, point.slope - slope};
}

static void set_bounds(line_search *search) {
  const double best = search->best.step, other = search->other.step;
  if (search->bracketed) {
    search->low = fmin(best, other);
    search->high = fmax(best, other);
  } else {
    search->low = search->step + 1.1 * (search->step - best);
    search->high = search->step + 4 * (search->step - best);
  }
}

/* Narrows the interval around a minimum, or moves it farther while it holds none, and chooses the next step. */
static void search_on(line_search *search, search_point trial, bool use_auxiliary) {
  search_point best = search->best, other = search->other, tried = trial;
  if (use_auxiliary) {
    best = auxiliary(search, best);
    other = auxiliary(search, other);
    tried = auxiliary(search, tried);
  }
  const bool higher = tried.value > best.value, differ = slopes_differ(best, tried);
  search->bracketed |= higher || differ;
  search->step = trial_step(search, best, other, tried);
  if (higher) {
    search->other = trial;
  } else {
    if (differ) search->other = search->best;
    search->best = trial;
  }

  if (search->bracketed) {
    const double from = search->best.step, length = search->other.step - from;
    /* Halve the interval if interpolation narrows it too little, or has no result because a value is not finite. */
    if (fabs(length) >= 0.66 * search->previous_width || !isfinite(search->step)) search->step = from + length / 2;
    search->previous_width = search->width;
    search->width = fabs(length);
  }
  set_bounds(search);
  search->step = clamp(search->step, 0, MAX_STEP);
  search->last = search->bracketed && (search->step <= search->low || search->step >= search->high ||
                                       search->high - search->low <= MIN_WIDTH * search->high);
  if (search->last) search->step = search->best.step;
}

search_verdict line_search_next(line_search *search, double value, double slope) {
  search_point trial = {search->step, value, slope};
  if (!isfinite(value) || !isfinite(slope)) trial.value = trial.slope = INFINITY;

  const double enough = search->start.value + SUFFICIENT_DECREASE * trial.step * search->start.slope;
  if (trial.value <= enough + search->noise && fabs(slope) <= -CURVATURE * search->start.slope) return SEARCH_FOUND;
  if (search->last) return trial.value < search->start.value ? SEARCH_FOUND : SEARCH_FAILED;
  if (++search->trials == MAX_TRIALS) return SEARCH_FAILED;

  if (trial.value <= enough && trial.slope >= 0) search->first_stage = false;
  search_on(search, trial, search->first_stage && trial.value <= search->best.value && trial.value > enough);
  return SEARCH_GOES_ON;
}
