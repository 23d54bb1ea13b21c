#include "model/norm.h"

#include "base/tasks.h"
#include "base/threads.h"

/* Rows of a task. */
enum { NORM_ROWS = 16 };

typedef struct norm_step {
  const bertlet_model *model;
  const norm *by;
  const float *x, *residual; /* [rows][hidden] */
  int32_t rows;
  float *y; /* out: [rows][hidden] */
} norm_step;

static void norm_rows(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const norm_step *step = context;
  const bertlet_model *model = step->model;
  int32_t n = model->config.hidden_size;
  range rows = task_range(step->rows, NORM_ROWS, task);
  size_t first = (size_t)rows.begin * n, end = (size_t)rows.end * n;
  if (has_norm(step->by)) {
    layer_norm(step->x + first, step->residual ? step->residual + first : NULL, step->by->gamma, step->by->beta,
               model->config.layer_norm_eps, rows.end - rows.begin, n, step->y + first);
  } else {
    for (size_t i = first; i < end; i++) step->y[i] = step->x[i] + step->residual[i];
  }
}

void norm_forward(const bertlet_model *model, const norm *by, const float *x, const float *residual, int32_t rows,
                  float *y) {
  norm_step step = {model, by, x, residual, rows, y};
  parallel_for(model->threads, task_count(rows, NORM_ROWS), norm_rows, &step);
}

/* ---- Backward ---------------------------------------------------------------------------------------------------- */

/* Columns of a task that sums over rows. */
enum { NORM_COLUMNS = 32 };

typedef struct norm_backward_step {
  const bertlet_model *model;
  const norm *by, *gradient;
  const float *x;
  int32_t rows, columns;
  float *moments, *dy;
} norm_backward_step;

static void moments_rows(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const norm_backward_step *step = context;
  range rows = task_range(step->rows, NORM_ROWS, task);
  row_moments(step->x + (size_t)rows.begin * step->columns, step->model->config.layer_norm_eps, rows.end - rows.begin,
              step->columns, step->moments + 2 * rows.begin);
}

/* With u the normalized x: gamma's gradient is the sum over the rows of dy * u, beta's that of dy. */
static void parameter_columns(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const norm_backward_step *step = context;
  range columns = task_range(step->columns, NORM_COLUMNS, task);
  float gamma[NORM_COLUMNS] = {0}, beta[NORM_COLUMNS] = {0};
  const int32_t n = columns.end - columns.begin;
  for (int32_t row = 0; row < step->rows; row++) {
    const size_t at = (size_t)row * step->columns + columns.begin;
    const float *x = step->x + at, *dy = step->dy + at;
    const float mean = step->moments[2 * row], scale = step->moments[2 * row + 1];
    for (int32_t i = 0; i < n; i++) {
      gamma[i] += dy[i] * ((x[i] - mean) * scale);
      beta[i] += dy[i];
    }
  }
  for (int32_t i = 0; i < n; i++) {
    if (step->gradient->gamma) step->gradient->gamma[columns.begin + i] += gamma[i];
    if (step->gradient->beta) step->gradient->beta[columns.begin + i] += beta[i];
  }
}

static void input_rows(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const norm_backward_step *step = context;
  range rows = task_range(step->rows, NORM_ROWS, task);
  const size_t first = (size_t)rows.begin * step->columns;
  layer_norm_backward(step->x + first, step->moments + 2 * rows.begin, step->by->gamma, rows.end - rows.begin,
                      step->columns, step->dy + first);
}

void norm_backward(const bertlet_model *model, const norm *by, const norm *gradient, const float *x, int32_t rows,
                   int32_t columns, float *moments, float *dy) {
  norm_backward_step step = {model, by, gradient, x, rows, columns, moments, dy};
  int32_t tasks = task_count(rows, NORM_ROWS);
  parallel_for(model->threads, tasks, moments_rows, &step);
  if (gradient->gamma || gradient->beta)
    parallel_for(model->threads, task_count(columns, NORM_COLUMNS), parameter_columns, &step);
  parallel_for(model->threads, tasks, input_rows, &step);
}
