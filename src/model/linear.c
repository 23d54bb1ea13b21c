#include "model/linear.h"

#include "base/tasks.h"
#include "base/threads.h"

/* Rows of a task. The inputs of LINEAR_ROWS rows fit into the second-level cache. */
enum { LINEAR_ROWS = 64, QUANTIZE_ROWS = 16 };

/* Tasks that a loop should have for each thread, so that the threads end at about the same time. */
enum { TASKS_PER_THREAD = 3 };

/* The outputs are computed in tiles: LINEAR_ROWS rows high, `panels` panels of 8 output channels wide, `across` of them
 * side by side. */
typedef struct linear_step {
  const bertlet_model *model;
  const linear *layer;
  epilogue apply;
  int32_t rows;
  int32_t across, panels;
  const float *x; /* [rows][inputs] */
  float *y;       /* out: [rows][outputs] */
} linear_step;

/* The input of an int8 layer is quantized once, before any of its tiles needs it. */
static void quantize_input(void *context, int32_t task, int32_t thread) {
  (void)thread;
  const linear_step *step = context;
  const bertlet_model *model = step->model;
  range rows = task_range(step->rows, QUANTIZE_ROWS, task);
  quantize_rows(model->path, step->x, rows.begin, rows.end, step->layer->inputs, &model->workspace.quantized);
}

static void linear_tile(void *context, int32_t tile, int32_t thread) {
  const linear_step *step = context;
  const bertlet_model *model = step->model;
  const linear *l = step->layer;
  range rows = task_range(step->rows, LINEAR_ROWS, tile / step->across);
  range panels = task_range(l->outputs / PANEL, step->panels, tile % step->across);
  if (l->weight) {
    linear_f32(step->x + (size_t)rows.begin * l->inputs, l->inputs, rows.end - rows.begin, l->inputs, l->weight, l->bias,
               panels.begin, panels.end, step->apply, scratch_of(model, thread),
               step->y + (size_t)rows.begin * l->outputs, l->outputs);
  } else {
    linear_i8(model->path, &model->workspace.quantized, rows.begin, rows.end, l->inputs, &l->weight_i8, l->bias,
              panels.begin, panels.end, step->apply, step->y, l->outputs);
  }
}

/* The tiles are as wide as the layer when there are rows enough for all threads (the f32 kernel rearranges the rows of
 * each tile anew), and narrower when there are not. */
void linear_forward(const bertlet_model *model, const linear *l, epilogue apply, const float *x, int32_t rows,
                    float *y) {
  int32_t threads = threads_count(model->threads), down = task_count(rows, LINEAR_ROWS), panels = l->outputs / PANEL;
  int32_t wanted = threads == 1 ? 1 : task_count(threads * TASKS_PER_THREAD, down);
  int32_t width = task_count(panels, wanted), across = task_count(panels, width);
  linear_step step = {model, l, apply, rows, across, width, x, y};
  if (!l->weight) parallel_for(model->threads, task_count(rows, QUANTIZE_ROWS), quantize_input, &step);
  parallel_for(model->threads, down * across, linear_tile, &step);
}
