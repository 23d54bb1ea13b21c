/* Where everything that belongs to a model lies in its block. */
#include "model/memory_plan.h"

#include <math.h>

#include "base/arena.h"
#include "base/threads.h"
#include "model/model.h"

/* Far more than any model has; each is laid out by itself, so that millions would take minutes. */
enum { MOST_LAYERS = 1000 };

static int32_t max(int32_t a, int32_t b) { return a > b ? a : b; }

static int32_t min(int32_t a, int32_t b) { return a < b ? a : b; }

/* Columns of the widest tensor, which is the widest row that the writer takes and the most inputs of a linear layer. */
static int32_t max_columns(const bertlet_config *config) {
  return max(size_of(config, SIZE_EMBEDDING), max(config->hidden_size, config->intermediate_size));
}

/* ---- Weights --------------------------------------------------------------------------------------------------- */

static int32_t *alloc_ints(arena *memory, int32_t rows, int32_t columns) {
  return arena_alloc(memory, (uint64_t)rows, (uint64_t)columns * sizeof(int32_t));
}

weights_i8 alloc_weights_i8(arena *memory, int32_t outputs, int32_t inputs) {
  return (weights_i8){.values = arena_alloc(memory, (uint64_t)outputs, (uint64_t)inputs),
                      .scale = arena_floats(memory, outputs, blocks_i8(inputs)),
                      .zero = alloc_ints(memory, outputs, blocks_i8(inputs)),
                      .sum = alloc_ints(memory, outputs, blocks_i8(inputs)),
                      .n = outputs};
}

static linear alloc_linear(arena *memory, bool int8, int32_t inputs, int32_t outputs) {
  linear placed = {.inputs = inputs, .outputs = outputs};
  if (int8) {
    placed.weight_i8 = alloc_weights_i8(memory, outputs, inputs);
  } else {
    placed.weight = arena_floats(memory, outputs, inputs);
  }
  placed.bias = arena_floats(memory, 1, outputs);
  if (placed.bias) memset(placed.bias, 0, (size_t)outputs * sizeof(float));
  return placed;
}

static embedding_table alloc_table(arena *memory, bool int8, int32_t rows, int32_t columns) {
  embedding_table placed = {.rows = rows, .columns = columns};
  if (int8) {
    placed.values_i8 = arena_alloc(memory, (uint64_t)rows, (uint64_t)columns);
    placed.scale_i8 = arena_floats(memory, 1, rows);
    placed.zero_i8 = alloc_ints(memory, rows, 1);
  } else {
    placed.values = arena_floats(memory, rows, columns);
  }
  return placed;
}

/* Makes room for what the entries list; `owner` is the model_weights or the layer that they are places of. */
static void alloc_entries(arena *memory, const bertlet_config *config, const tensor_entry *entries, int32_t count,
                          void *owner) {
  bool int8 = config->weights == BERTLET_WEIGHTS_INT8;
  for (const tensor_entry *entry = entries; entry < entries + count; entry++) {
    if (!has_tensor(config, entry)) continue;
    int32_t rows = size_of(config, entry->rows), columns = size_of(config, entry->columns);
    void *place = (char *)owner + entry->place;
    switch (entry->kind) {
    case TENSOR_TABLE:
      *(embedding_table *)place = alloc_table(memory, int8, rows, columns);
      break;
    case TENSOR_WEIGHT: /* with the bias, and all parts with the first */
      if (entry->part == 0) *(linear *)place = alloc_linear(memory, int8, columns, entry->parts * rows);
      break;
    case TENSOR_GAMMA:
      ((norm *)place)->gamma = arena_floats(memory, rows, columns);
      break;
    case TENSOR_BETA:
      ((norm *)place)->beta = arena_floats(memory, rows, columns);
      break;
    }
  }
}

static void alloc_weights(arena *memory, const bertlet_config *config, model_weights *weights) {
  const architecture *of = find_architecture(config->architecture);
  alloc_entries(memory, config, of->model_tensors, of->model_tensor_count, weights);
  for (int32_t i = 0; i < config->num_hidden_layers; i++) {
    layer placed = {0};
    alloc_entries(memory, config, of->layer_tensors, of->layer_tensor_count, &placed);
    if (memory->base) weights->layers[i] = placed;
  }
}

/* ---- Workspace ------------------------------------------------------------------------------------------------- */

/* For inference: three pieces of memory for all buffers of a layer. */
static void alloc_buffers(arena *memory, const bertlet_config *config, workspace *space) {
  int32_t tokens = config->max_batch_tokens, hidden = config->hidden_size;
  float *largest = arena_floats(memory, tokens, max(3 * hidden, max_columns(config)));
  float *first = arena_floats(memory, tokens, hidden), *second = arena_floats(memory, tokens, hidden);
  space->embeddings = largest;
  space->layer = (layer_buffers){.attention_input = first,
                                 .qkv = largest,
                                 .context = first,
                                 .attention_output = second,
                                 .feed_forward_input = first,
                                 .intermediate = largest,
                                 .feed_forward_output = second};
}

rows_i8 alloc_rows_i8(arena *memory, int32_t rows, int32_t columns) {
  /* Room for the widest numbers, so that the size depends on nothing that the engine decides. */
  uint64_t row_bytes = saturating_mul((uint64_t)columns, rows_i8_bytes(INT8_WIDE));
  return (rows_i8){.values = arena_alloc(memory, (uint64_t)rows, row_bytes),
                   .scale = arena_floats(memory, rows, blocks_i8(columns)),
                   .zero = alloc_ints(memory, rows, blocks_i8(columns)),
                   .sum = alloc_ints(memory, rows, blocks_i8(columns))};
}

/* Floats of scratch memory that a thread needs: the most of what its tasks do. */
static size_t scratch_floats(const bertlet_config *config) {
  int32_t longest = min(config->max_batch_tokens, config->max_position_embeddings);
  size_t floats = attention_scratch(longest, config->hidden_size / config->num_attention_heads);
  size_t for_embedding_row = (size_t)size_of(config, SIZE_EMBEDDING);
  size_t for_linear = linear_scratch(max_columns(config)); /* in an int8 model, of adapters */
  if (floats < for_embedding_row) floats = for_embedding_row;
  if (floats < for_linear) floats = for_linear;
  return whole_lines(floats);
}

static void alloc_workspace(arena *memory, const bertlet_config *config, int32_t threads, workspace *space) {
  alloc_buffers(memory, config, space);
  if (config->weights == BERTLET_WEIGHTS_INT8)
    space->quantized = alloc_rows_i8(memory, config->max_batch_tokens, max_columns(config));
  space->scratch_floats = scratch_floats(config);
  space->scratch = arena_alloc(memory, (uint64_t)threads, space->scratch_floats * sizeof(float));
}

/* ---- The whole ------------------------------------------------------------------------------------------------- */

/* Lays the model out in `block`, or measures it when `block` is NULL. Returns bertlet_model_bytes(). */
static size_t lay_out(bertlet_model *model, void *block, const bertlet_config *config, int32_t threads) {
  arena memory = {.base = block};
  arena_alloc(&memory, 1, sizeof *model);
  model->tensor_count = count_tensors(config);
  model->weights.layers = arena_alloc(&memory, (uint64_t)config->num_hidden_layers, sizeof(layer));

  uint64_t image_begin = memory.used;
  model->image = arena_alloc(&memory, 1, sizeof(image_header));
  model->hashes = arena_alloc(&memory, (uint64_t)model->tensor_count, sizeof(uint64_t));
  alloc_weights(&memory, config, &model->weights);
  model->image_bytes = (size_t)(memory.used - image_begin);

  alloc_workspace(&memory, config, threads, &model->workspace);

  model->tensors = arena_alloc(&memory, (uint64_t)model->tensor_count, sizeof(tensor));
  model->writer.partial_row = arena_alloc(&memory, (uint64_t)max_columns(config), sizeof(float));
  model->writer.row = arena_floats(&memory, 1, max_columns(config));
  return arena_bytes(&memory);
}

/* The upper limits keep every count of tensors, tasks and floats of the workspace within int32_t. */
static bool config_is_valid(const bertlet_config *config) {
  const architecture *of = find_architecture(config->architecture);
  int32_t hidden = config->hidden_size, heads = config->num_attention_heads, intermediate = config->intermediate_size;
  int32_t embedding = config->embedding_size, layers = config->num_hidden_layers;
  if (!of) return false;
  if (hidden < 1 || hidden % PANEL || heads < 1 || hidden % heads) return false;
  if (intermediate < 1 || intermediate % PANEL) return false;
  if (embedding < 0 || embedding % PANEL) return false;
  if (size_of(config, SIZE_PROJECTION) > 0 && !can_project(of)) return false;
  int32_t widest = max_columns(config);
  if (widest > INT32_MAX / 3) return false;
  if (config->vocab_size < 1 || config->type_vocab_size < 0 || config->max_position_embeddings < 1) return false;
  if (layers < 1 || layers > MOST_LAYERS) return false;
  if (config->hidden_act < BERTLET_GELU || config->hidden_act > BERTLET_RELU) return false;
  if (config->weights < BERTLET_WEIGHTS_F32 || config->weights > BERTLET_WEIGHTS_INT8) return false;
  if (!isfinite(config->layer_norm_eps) || config->layer_norm_eps < 0) return false;
  return config->max_batch_tokens >= 1 && config->max_batch_tokens <= INT32_MAX / (3 * widest);
}

size_t bertlet_model_bytes(const bertlet_config *config, int32_t threads) {
  if (!config_is_valid(config) || threads < 1) return 0;
  bertlet_model measured;
  return lay_out(&measured, NULL, config, threads);
}

bertlet_model *bertlet_model_init(void *block, const bertlet_config *config, bertlet_threads *threads) {
  bertlet_model *model = block;
  *model = (bertlet_model){.config = *config, .threads = threads, .path = fastest_int8()};
  lay_out(model, block, config, threads_count(threads));
  list_tensors(config, &model->weights, model->tensors);
  return model;
}
