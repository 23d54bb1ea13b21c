#include "model/dropout.h"

#include <string.h>

#include "base/tasks.h"
#include "base/threads.h"

/* Rows of a task. */
enum { DROPOUT_ROWS = 16 };

typedef struct dropout_step {
  dropout drop;
  uint32_t first_token;
  token_rows rows;
  int32_t columns;
  bool drops;
  const float *from; /* is copied to x first, unless it is NULL */
  float *x;
  const float *y; /* is added to x in `sum`, unless it is NULL */
  float *sum;
} dropout_step;

dropout dropout_at(float rate, const dropout_plan *plan, int32_t layer, dropout_place place) {
  const uint32_t where = (uint32_t)(layer + 1) * DROPOUT_PLACES + (uint32_t)place;
  return (dropout){.key = dropout_hash(plan->key ^ dropout_hash(where + 1)),
                   .threshold = (uint32_t)((double)rate * 0x1p32),
                   .scale = 1 / (1 - rate)};
}

static void drop_task(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const dropout_step *step = context;
  range rows = task_range(step->rows.count, DROPOUT_ROWS, task);
  const size_t at = (size_t)rows.begin * step->columns;
  const int32_t n = (rows.end - rows.begin) * step->columns;
  float *x = step->x + at;
  if (step->from) memcpy(x, step->from + at, (size_t)n * sizeof(float));
  for (int32_t row = rows.begin; step->drops && row < rows.end; row++) {
    const uint32_t token = step->first_token + (uint32_t)step->rows.tokens[row];
    apply_dropout(step->x + (size_t)row * step->columns, step->columns, token * (uint32_t)step->columns, &step->drop);
  }
  if (!step->y) return;
  const float *y = step->y + at;
  float *sum = step->sum + at;
  for (int32_t i = 0; i < n; i++) sum[i] = x[i] + y[i];
}

static dropout_step step_at(float rate, const dropout_plan *plan, int32_t layer, dropout_place place, float *x,
                            token_rows rows, int32_t columns) {
  return (dropout_step){.drop = dropout_at(rate, plan, layer, place),
                        .first_token = plan->first_token,
                        .rows = rows,
                        .columns = columns,
                        .drops = rate > 0,
                        .x = x};
}

static void run(const bertlet_model *model, dropout_step *step) {
  parallel_for(model->threads, task_count(step->rows.count, DROPOUT_ROWS), drop_task, step);
}

void drop_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer, dropout_place place,
               float *x, token_rows rows, int32_t columns) {
  if (rate <= 0) return;
  dropout_step step = step_at(rate, plan, layer, place, x, rows, columns);
  run(model, &step);
}

void drop_copied_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer,
                      dropout_place place, const float *x, token_rows rows, int32_t columns, float *copy) {
  dropout_step step = step_at(rate, plan, layer, place, copy, rows, columns);
  step.from = x;
  run(model, &step);
}

void drop_and_add_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer,
                       dropout_place place, float *x, const float *y, token_rows rows, int32_t columns, float *sum) {
  dropout_step step = step_at(rate, plan, layer, place, x, rows, columns);
  step.y = y;
  step.sum = sum;
  run(model, &step);
}
