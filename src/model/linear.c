#include "model/linear.h"

#include <string.h>

#include "base/tasks.h"
#include "base/threads.h"

/* Rows of a task. The inputs of LINEAR_ROWS rows fit into the second-level cache. */
enum { LINEAR_ROWS = 64, PREPARED_ROWS = 16 };

/* Tasks that a loop should have for each thread, so that the threads end at about the same time. */
enum { TASKS_PER_THREAD = 3 };

/* The outputs are computed in tiles: LINEAR_ROWS rows high, `panels` panels of 8 output channels wide, `across` of them
 * side by side. */
typedef struct linear_step {
  const bertlet_model *model;
  const linear *layer;
  const adapter *by; /* NULL: none */
  float *inner;      /* [rows][adapted * rank]: x . A^T */
  epilogue apply;
  int32_t rows;
  int32_t across, panels;
  const float *x; /* [rows][inputs] */
  float *y;       /* out: [rows][outputs] */
} linear_step;

/* What all tiles read is computed once, before any of them: the input of an int8 layer in 8 bits, and what an adapter
 * makes of the input. */
static void prepare_rows(void *context, int32_t task, int32_t thread) {
  const linear_step *step = context;
  const bertlet_model *model = step->model;
  const adapter *by = step->by;
  const int32_t inputs = step->layer->inputs;
  range rows = task_range(step->rows, PREPARED_ROWS, task);
  if (!step->layer->weight)
    quantize_rows(model->path, step->x, rows.begin, rows.end, inputs, &model->workspace.quantized);
  if (!by) return;
  const int32_t width = by->adapted * by->rank, count = rows.end - rows.begin;
  float *inner = step->inner + (size_t)rows.begin * width;
  memset(inner, 0, (size_t)count * width * sizeof(float));
  linear_f32(step->x + (size_t)rows.begin * inputs, inputs, count, inputs, by->a, NULL, 0, width / PANEL, EPILOGUE_NONE,
             scratch_of(model, thread), inner, width);
}

/* Starts a tile of y with the bias and what the adapter adds, of the parts that it adapts. */
static void start_tile(const linear_step *step, range rows, range panels, float *scratch) {
  const linear *l = step->layer;
  const adapter *by = step->by;
  const int32_t width = by->adapted * by->rank, count = rows.end - rows.begin;
  const int32_t part_panels = by->part_outputs / PANEL;
  const float *inner = step->inner + (size_t)rows.begin * width;
  float *y = step->y + (size_t)rows.begin * l->outputs;
  for (int32_t part = 0; part * part_panels < panels.end; part++) {
    const int32_t first = part * part_panels;
    range within = {panels.begin > first ? panels.begin - first : 0,
                    panels.end - first < part_panels ? panels.end - first : part_panels};
    const float *bias = l->bias + (size_t)first * PANEL;
    float *part_y = y + (size_t)first * PANEL;
    if (by->b[part]) {
      if (within.begin < within.end)
        linear_f32(inner, width, count, by->rank, by->b[part], bias, within.begin, within.end, EPILOGUE_NONE, scratch,
                   part_y, l->outputs);
      inner += by->rank;
    } else {
      for (int32_t row = 0; within.begin < within.end && row < count; row++)
        memcpy(part_y + (size_t)row * l->outputs + within.begin * PANEL, bias + within.begin * PANEL,
               (size_t)(within.end - within.begin) * PANEL * sizeof(float));
    }
  }
}

static void linear_tile(void *context, int32_t tile, int32_t thread) {
  const linear_step *step = context;
  const bertlet_model *model = step->model;
  const linear *l = step->layer;
  float *scratch = scratch_of(model, thread);
  range rows = task_range(step->rows, LINEAR_ROWS, tile / step->across);
  range panels = task_range(l->outputs / PANEL, step->panels, tile % step->across);
  if (step->by) start_tile(step, rows, panels, scratch);
  const float *bias = step->by ? NULL : l->bias;
  if (l->weight) {
    linear_f32(step->x + (size_t)rows.begin * l->inputs, l->inputs, rows.end - rows.begin, l->inputs, l->weight, bias,
               panels.begin, panels.end, step->apply, scratch, step->y + (size_t)rows.begin * l->outputs, l->outputs);
  } else {
    linear_i8(model->path, &model->workspace.quantized, rows.begin, rows.end, l->inputs, &l->weight_i8, bias,
              panels.begin, panels.end, step->apply, step->y, l->outputs);
  }
}

/* How many tiles of outputs there are, down and across, and how many panels wide each is. They are as wide as the layer
 * when there are rows enough for all threads (the f32 kernel rearranges the rows of each tile anew), and narrower when
 * there are not. */
typedef struct tiling {
  int32_t down, across, panels;
} tiling;

static tiling tiles_for(const bertlet_model *model, int32_t rows, int32_t outputs) {
  int32_t threads = threads_count(model->threads), down = task_count(rows, LINEAR_ROWS), panels = outputs / PANEL;
  int32_t wanted = threads == 1 ? 1 : task_count(threads * TASKS_PER_THREAD, down);
  int32_t width = task_count(panels, wanted);
  return (tiling){down, task_count(panels, width), width};
}

void adapted_linear_forward(const bertlet_model *model, const linear *l, const adapter *by, float *inner,
                            epilogue apply, const float *x, int32_t rows, float *y) {
  if (by && by->adapted == 0) by = NULL;
  tiling tiles = tiles_for(model, rows, l->outputs);
  linear_step step = {model, l, by, inner, apply, rows, tiles.across, tiles.panels, x, y};
  if (!l->weight || by) parallel_for(model->threads, task_count(rows, PREPARED_ROWS), prepare_rows, &step);
  parallel_for(model->threads, tiles.down * tiles.across, linear_tile, &step);
}

void linear_forward(const bertlet_model *model, const linear *l, epilogue apply, const float *x, int32_t rows,
                    float *y) {
  adapted_linear_forward(model, l, NULL, NULL, apply, x, rows, y);
}

/* ---- Products in f32, for training ------------------------------------------------------------------------------- */

typedef struct product_step {
  const bertlet_model *model;
  matrix x, dy;
  int32_t rows, k, n;
  int32_t across, panels; /* as in linear_step */
  const float *packed, *start;
  float *y; /* out: the product, or the gradient of the weights */
  int32_t y_stride;
} product_step;

static void product_tile(void *context, int32_t tile, int32_t thread) {
  const product_step *step = context;
  range rows = task_range(step->rows, LINEAR_ROWS, tile / step->across);
  range panels = task_range(step->n / PANEL, step->panels, tile % step->across);
  linear_f32(step->x.values + (size_t)rows.begin * step->x.stride, step->x.stride, rows.end - rows.begin, step->k,
             step->packed, step->start, panels.begin, panels.end, EPILOGUE_NONE, scratch_of(step->model, thread),
             step->y + (size_t)rows.begin * step->y_stride, step->y_stride);
}

void product(const bertlet_model *model, matrix x, int32_t rows, int32_t k, const float *packed, int32_t n,
             const float *start, float *y, int32_t y_stride) {
  tiling tiles = tiles_for(model, rows, n);
  product_step step = {model, x, {0}, rows, k, n, tiles.across, tiles.panels, packed, start, y, y_stride};
  parallel_for(model->threads, tiles.down * tiles.across, product_tile, &step);
}

static void transpose_panel(void *context, int32_t panel, int32_t thread) {
  (void)thread;
  const product_step *step = context;
  transpose_packed(step->packed, step->n, step->k, panel, panel + 1, step->y);
}

void product_transposed(const bertlet_model *model, matrix dy, int32_t rows, int32_t n, const float *packed, int32_t k,
                        float *transposed, const float *start, float *dx, int32_t dx_stride) {
  product_step step = {.model = model, .k = k, .n = n, .packed = packed, .y = transposed};
  parallel_for(model->threads, k / PANEL, transpose_panel, &step);
  product(model, dy, rows, n, transposed, k, start, dx, dx_stride);
}

static void gradient_tile(void *context, int32_t tile, int32_t thread) {
  const product_step *step = context;
  range inputs = task_range(step->k, GRADIENT_INPUTS, tile / step->across);
  range panels = task_range(step->n / PANEL, step->panels, tile % step->across);
  weight_gradient(step->x.values, step->x.stride, step->dy.values, step->dy.stride, step->rows, step->k, inputs.begin,
                  inputs.end, panels.begin, panels.end, scratch_of(step->model, thread), step->y);
}

/* All rows in one task, so that every sum has one order. */
void add_weight_gradient(const bertlet_model *model, matrix x, matrix dy, int32_t rows, int32_t k, int32_t n,
                         float *gradient) {
  int32_t blocks = task_count(k, GRADIENT_INPUTS), panels = n / PANEL;
  int32_t wanted = task_count(threads_count(model->threads) * TASKS_PER_THREAD, blocks);
  int32_t width = task_count(panels, wanted), across = task_count(panels, width);
  product_step step = {model, x, dy, rows, k, n, across, width, NULL, NULL, gradient, 0};
  parallel_for(model->threads, blocks * across, gradient_tile, &step);
}

static void bias_gradient_panel(void *context, int32_t panel, int32_t thread) {
  (void)thread;
  const product_step *step = context;
  float sum[PANEL] = {0};
  for (int32_t row = 0; row < step->rows; row++)
    for (int32_t i = 0; i < PANEL; i++) sum[i] += step->dy.values[(size_t)row * step->n + panel * PANEL + i];
  for (int32_t i = 0; i < PANEL; i++) step->y[panel * PANEL + i] += sum[i];
}

void linear_backward(const bertlet_model *model, const linear *l, const linear *gradient, const float *x,
                     const float *dy, int32_t rows, float *transposed, const float *start, float *dx) {
  matrix by_y = {dy, l->outputs};
  if (gradient->weight)
    add_weight_gradient(model, (matrix){x, l->inputs}, by_y, rows, l->inputs, l->outputs, gradient->weight);
  if (gradient->bias) {
    product_step step = {.model = model, .dy = by_y, .rows = rows, .n = l->outputs, .y = gradient->bias};
    parallel_for(model->threads, l->outputs / PANEL, bias_gradient_panel, &step);
  }
  if (!dx) return;
  if (l->weight) {
    product_transposed(model, by_y, rows, l->outputs, l->weight, l->inputs, transposed, start, dx, l->inputs);
  } else {
    /* The layer the other way round, whose bias is what dx starts with. */
    const linear back = {l->outputs, l->inputs, .weight_i8 = l->transposed_i8, .bias = (float *)start};
    linear_forward(model, &back, EPILOGUE_NONE, dy, rows, dx);
  }
}
