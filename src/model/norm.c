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
