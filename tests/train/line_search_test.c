/* The line search against scipy's, on the functions of Moré & Thuente 1994, section 5 (fixtures/train/line_search.tsv),
 * and on what may go wrong. */
#include "train/line_search.h"

#include <math.h>
#include <stdlib.h>

#include "model/support.h"

#define FIXTURE "tests/fixtures/train/line_search.tsv"

typedef struct curve {
  double value, slope;
} curve;

/* The paper's (5.1): one minimum, beta = 2. */
static curve concave_start(double t) {
  const double beta = 2;
  return (curve){-t / (t * t + beta), (t * t - beta) / ((t * t + beta) * (t * t + beta))};
}

/* (5.2), beta = 0.004 */
static curve flat_then_steep(double t) {
  const double beta = 0.004;
  return (curve){pow(t + beta, 5) - 2 * pow(t + beta, 4), 5 * pow(t + beta, 4) - 8 * pow(t + beta, 3)};
}

/* (5.3), beta = 0.01, l = 39: oscillates around |1 - t| */
static curve wavy(double t) {
  const double beta = 0.01, l = 39, pi = 3.14159265358979323846;
  double value = fabs(1 - t), slope = t < 1 ? -1 : 1;
  if (value < beta) {
    value = ((t - 1) * (t - 1) / beta + beta) / 2;
    slope = (t - 1) / beta;
  }
  return (curve){value + 2 * (1 - beta) / (l * pi) * sin(l * pi / 2 * t), slope + (1 - beta) * cos(l * pi / 2 * t)};
}

static double bend(double beta) { return sqrt(1 + beta * beta) - beta; }

/* (5.4): beta1, beta2 as in the paper's table V and VI */
static curve yanai(double t, double beta1, double beta2) {
  const double left = sqrt((1 - t) * (1 - t) + beta2 * beta2), right = sqrt(t * t + beta1 * beta1);
  return (curve){bend(beta1) * left + bend(beta2) * right, bend(beta1) * (t - 1) / left + bend(beta2) * t / right};
}

static curve sharp_left(double t) { return yanai(t, 0.01, 0.001); }

static curve sharp_right(double t) { return yanai(t, 0.001, 0.01); }

static curve (*const functions[])(double) = {concave_start, flat_then_steep, wavy, sharp_left, sharp_right};

/* Every line of the fixture: number of the function, and all the steps that scipy tries. */
static void takes_the_steps_of_scipy(void) {
  FILE *file = fopen(FIXTURE, "r");
  if (!CHECK(file)) return;
  char line[4096];
  int32_t lines = 0;
  while (fgets(line, sizeof line, file)) {
    char *rest;
    curve (*phi)(double) = functions[strtol(line, &rest, 10)];
    const curve start = phi(0);
    curve at = start;
    line_search search;
    line_search_begin(&search, start.value, start.slope, strtod(rest, NULL), 0);
    search_verdict verdict = SEARCH_GOES_ON;
    for (char *next; verdict == SEARCH_GOES_ON; rest = next) {
      const double expected = strtod(rest, &next);
      if (!CHECK(next != rest)) break; /* scipy has stopped here */
      CHECK(fabs(search.step - expected) <= 1e-8 * expected);
      at = phi(search.step);
      verdict = line_search_next(&search, at.value, at.slope);
    }
    CHECK(strtod(rest, NULL) == 0); /* scipy goes no further */
    CHECK(verdict == SEARCH_FOUND);
    CHECK(at.value <= start.value + 1e-3 * search.step * start.slope);
    /* The slope, too, unless the interval shrank to nothing first. */
    CHECK(search.last || fabs(at.slope) <= 0.9 * fabs(start.slope));
    lines++;
  }
  CHECK(lines == 35);
  fclose(file);
}

/* A quasi-Newton step that is good enough is taken as it is. */
static void takes_a_good_first_step(void) {
  line_search search;
  line_search_begin(&search, 1, -2, 1, 0);
  CHECK(line_search_next(&search, 0.25, 0.5) == SEARCH_FOUND);
  CHECK(search.step == 1);
  /* The decrease that is wanted, 1e-3 of what the slope promises, and no more. */
  line_search_begin(&search, 0, -1, 1, 0);
  CHECK(line_search_next(&search, -1e-3, 0) == SEARCH_FOUND);
  line_search_begin(&search, 0, -1, 1, 0);
  CHECK(line_search_next(&search, -0.999e-3, 0) == SEARCH_GOES_ON);
}

/* -log(1 - t) - 2 t: from t = 1 on there is no value. */
static curve barrier(double t) { return (curve){-log(1 - t) - 2 * t, 1 / (1 - t) - 2}; }

static curve overflowing(double t) { return (curve){t > 0.3 ? INFINITY : (t - 0.2) * (t - 0.2), 2 * (t - 0.2)}; }

static curve line_search_value(double t, int32_t kind) { return kind ? barrier(t) : overflowing(t); }

static void comes_back_from_where_there_is_no_value(void) {
  for (int32_t kind = 0; kind < 2; kind++)
    for (double first = 1; first < 1e6; first *= 10) {
      const curve start = line_search_value(0, kind);
      line_search search;
      line_search_begin(&search, start.value, start.slope, first, 0);
      search_verdict verdict;
      do {
        const curve at = line_search_value(search.step, kind);
        verdict = line_search_next(&search, at.value, at.slope);
      } while (verdict == SEARCH_GOES_ON);
      CHECK(verdict == SEARCH_FOUND);
      CHECK(line_search_value(search.step, kind).value < start.value);
    }
}

/* Ends, whatever it is told. */
static void gives_up(void) {
  const curve lies[] = {{2, 1}, {2, -1}, {NAN, NAN}, {INFINITY, 1}, {1, -1}};
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    line_search search;
    line_search_begin(&search, 1, -1, 1, 0);
    search_verdict verdict;
    int32_t trials = 0;
    do {
      verdict = line_search_next(&search, lies[i].value, lies[i].slope);
      trials++;
    } while (verdict == SEARCH_GOES_ON && trials < 1000);
    CHECK(verdict == SEARCH_FAILED);
  }
}

/* Where rounding hides the decrease, the slope decides. */
static void believes_the_slope_within_the_noise(void) {
  line_search search;
  line_search_begin(&search, 1, -1e-12, 1, 1e-9);
  CHECK(line_search_next(&search, 1 + 5e-10, 1e-13) == SEARCH_FOUND);
  line_search_begin(&search, 1, -1e-12, 1, 1e-9);
  CHECK(line_search_next(&search, 1 + 5e-9, 1e-13) == SEARCH_GOES_ON);
}

int main(void) {
  takes_the_steps_of_scipy();
  takes_a_good_first_step();
  comes_back_from_where_there_is_no_value();
  gives_up();
  believes_the_slope_within_the_noise();
  return report();
}
