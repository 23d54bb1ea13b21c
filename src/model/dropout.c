#include "model/dropout.h"

#include "base/tasks.h"
#include "base/threads.h"

/* Rows of a task. */
enum { DROPOUT_ROWS = 16 };

typedef struct dropout_step {
  dropout drop;
  uint32_t first;
  int32_t rows, columns;
  float *x;
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
  range rows = task_range(step->rows, DROPOUT_ROWS, task);
  const int32_t n = step->columns;
  apply_dropout(step->x + (size_t)rows.begin * n, (rows.end - rows.begin) * n,
                step->first + (uint32_t)rows.begin * (uint32_t)n, &step->drop);
}

void drop_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer, dropout_place place,
               float *x, int32_t rows, int32_t columns) {
  if (rate <= 0) return;
  dropout_step step = {dropout_at(rate, plan, layer, place), plan->first_token * (uint32_t)columns, rows, columns, x};
  parallel_for(model->threads, task_count(rows, DROPOUT_ROWS), drop_task, &step);
}
