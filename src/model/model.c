#include "model/model.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/finite.h"
#include "base/hash.h"
#include "base/threads.h"
#include "kernels/kernels.h"

/* ---- The memory plan ----------------------------------------------------------------------------------------- */

static float *take_floats(arena *memory, int32_t rows, int32_t columns) {
  return arena_take(memory, (uint64_t)rows, (uint64_t)columns * sizeof(float));
}

static int32_t *take_ints(arena *memory, int32_t rows, int32_t columns) {
  return arena_take(memory, (uint64_t)rows, (uint64_t)columns * sizeof(int32_t));
}

static linear take_linear(arena *memory, bool int8, int32_t inputs, int32_t outputs) {
  linear taken = {.inputs = inputs, .outputs = outputs};
  if (int8) {
    taken.weight_i8 = (weights_i8){.values = arena_take(memory, (uint64_t)outputs, (uint64_t)inputs),
                                   .scale = take_floats(memory, outputs, blocks_i8(inputs)),
                                   .zero = take_ints(memory, outputs, blocks_i8(inputs)),
                                   .sum = take_ints(memory, outputs, blocks_i8(inputs)),
                                   .n = outputs};
  } else {
    taken.weight = take_floats(memory, outputs, inputs);
  }
  taken.bias = take_floats(memory, 1, outputs);
  return taken;
}

static embedding take_embedding(arena *memory, bool int8, int32_t rows, int32_t columns) {
  embedding taken = {.rows = rows};
  if (int8) {
    taken.i8.values = arena_take(memory, (uint64_t)rows, (uint64_t)columns);
    taken.i8.scale = take_floats(memory, 1, rows);
    taken.i8.zero = take_ints(memory, rows, 1);
  } else {
    taken.values = take_floats(memory, rows, columns);
  }
  return taken;
}

static norm take_norm(arena *memory, int32_t hidden) {
  return (norm){.gamma = take_floats(memory, 1, hidden), .beta = take_floats(memory, 1, hidden)};
}

static layer take_layer(arena *memory, bool int8, int32_t hidden, int32_t intermediate) {
  return (layer){.qkv = take_linear(memory, int8, hidden, 3 * hidden),
                 .attention_output = take_linear(memory, int8, hidden, hidden),
                 .attention_norm = take_norm(memory, hidden),
                 .intermediate = take_linear(memory, int8, hidden, intermediate),
                 .output = take_linear(memory, int8, intermediate, hidden),
                 .output_norm = take_norm(memory, hidden)};
}

static int32_t max(int32_t a, int32_t b) { return a > b ? a : b; }

static int32_t min(int32_t a, int32_t b) { return a < b ? a : b; }

enum { MOST_INPUTS_I8 = 32768 }; /* whose products linear_i8() sums exactly */

static int32_t embedding_size(const bertlet_config *config) {
  return config->embedding_size ? config->embedding_size : config->hidden_size;
}

static bool has_projection(const bertlet_config *config) { return embedding_size(config) != config->hidden_size; }

/* The widest row that the writer takes and, in an int8 model, that is quantized. */
static int32_t widest_row(const bertlet_config *config) {
  return max(embedding_size(config), max(config->hidden_size, config->intermediate_size));
}

/* In the order of the table: all weights and biases, one after the other. The types and the projection may be absent.
 */
enum { TYPES = 2, PROJECTION = 5, EMBEDDING_TENSORS = 7, LAYER_TENSORS = 16 };
static const char *const embedding_names[EMBEDDING_TENSORS] = {"embeddings.word_embeddings.weight",
                                                               "embeddings.position_embeddings.weight",
                                                               "embeddings.token_type_embeddings.weight",
                                                               "embeddings.LayerNorm.weight",
                                                               "embeddings.LayerNorm.bias",
                                                               "embeddings_project.weight",
                                                               "embeddings_project.bias"};
static const char *const layer_names[LAYER_TENSORS / 2] = {
    "attention.self.query",       "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense",         "output.LayerNorm"};

static int32_t embedding_tensors(const bertlet_config *config) {
  return EMBEDDING_TENSORS - (config->type_vocab_size == 0) -
         (has_projection(config) ? 0 : EMBEDDING_TENSORS - PROJECTION);
}

static int32_t tensor_count(const bertlet_config *config) {
  return embedding_tensors(config) + LAYER_TENSORS * config->num_hidden_layers;
}

/* Lays the model out in `block`, or measures it when `block` is NULL. Returns bertlet_model_bytes(). */
static size_t lay_out(bertlet_model *model, void *block, const bertlet_config *config, int32_t threads) {
  arena memory = {.base = block};
  int32_t hidden = config->hidden_size, intermediate = config->intermediate_size, tokens = config->max_batch_tokens;
  int32_t embedding = embedding_size(config), widest = widest_row(config);
  arena_take(&memory, 1, sizeof *model);

  model->layers = arena_take(&memory, (uint64_t)config->num_hidden_layers, sizeof(layer));

  uint64_t image_begin = memory.used;
  model->image = arena_take(&memory, 1, sizeof(image_header));
  model->hashes = arena_take(&memory, (uint64_t)tensor_count(config), sizeof(uint64_t));
  bool int8 = config->weights == BERTLET_WEIGHTS_INT8;
  model->words = take_embedding(&memory, int8, config->vocab_size, embedding);
  model->positions = take_embedding(&memory, int8, config->max_position_embeddings, embedding);
  if (config->type_vocab_size > 0) model->types = take_embedding(&memory, int8, config->type_vocab_size, embedding);
  model->embedding_norm = take_norm(&memory, embedding);
  if (has_projection(config)) model->embedding_projection = take_linear(&memory, int8, embedding, hidden);
  for (int32_t i = 0; i < config->num_hidden_layers; i++) {
    layer placed = take_layer(&memory, int8, hidden, intermediate);
    if (block) model->layers[i] = placed;
  }
  model->image_bytes = (size_t)(memory.used - image_begin);

  model->wide = take_floats(&memory, tokens, max(3 * hidden, widest));
  model->context = take_floats(&memory, tokens, hidden);
  model->projected = take_floats(&memory, tokens, hidden);
  if (int8) {
    /* Room for the widest numbers, so that the size depends on nothing that the engine decides. */
    uint64_t row_bytes = saturating_mul((uint64_t)widest, rows_i8_bytes(INT8_WIDE));
    model->quantized = (rows_i8){.values = arena_take(&memory, (uint64_t)tokens, row_bytes),
                                 .scale = take_floats(&memory, tokens, blocks_i8(widest)),
                                 .zero = take_ints(&memory, tokens, blocks_i8(widest)),
                                 .sum = take_ints(&memory, tokens, blocks_i8(widest))};
  }
  int32_t longest = min(tokens, config->max_position_embeddings);
  /* Whole cache lines, so that no two threads write to one. */
  size_t line = BERTLET_ALIGNMENT / sizeof(float);
  size_t scratch = attention_scratch(longest, hidden / config->num_attention_heads);
  if (scratch < (size_t)embedding) scratch = (size_t)embedding; /* a row of a table */
  if (!int8 && scratch < linear_scratch(widest)) scratch = linear_scratch(widest);
  model->scratch_floats = (scratch + line - 1) / line * line;
  model->scratch = arena_take(&memory, (uint64_t)threads, model->scratch_floats * sizeof(float));

  model->tensors = arena_take(&memory, (uint64_t)tensor_count(config), sizeof(tensor));
  model->cut_row = arena_take(&memory, (uint64_t)widest, sizeof(float));
  model->row = take_floats(&memory, 1, widest);
  return arena_bytes(&memory);
}

/* The upper limits keep every count of tensors, tasks and floats of the workspace within int32_t. */
static bool config_is_valid(const bertlet_config *config) {
  int32_t hidden = config->hidden_size, heads = config->num_attention_heads, intermediate = config->intermediate_size;
  if (hidden < 1 || hidden % PANEL || heads < 1 || hidden % heads) return false;
  if (intermediate < 1 || intermediate % PANEL) return false;
  if (config->embedding_size < 0 || config->embedding_size % PANEL) return false;
  int32_t widest = widest_row(config);
  if (widest > INT32_MAX / 3) return false;
  if (config->vocab_size < 1 || config->type_vocab_size < 0 || config->max_position_embeddings < 1) return false;
  if (config->num_hidden_layers < 1) return false;
  if (config->num_hidden_layers > (INT32_MAX - EMBEDDING_TENSORS) / LAYER_TENSORS) return false;
  if (config->hidden_act < BERTLET_GELU || config->hidden_act > BERTLET_RELU) return false;
  if (config->weights < BERTLET_WEIGHTS_F32 || config->weights > BERTLET_WEIGHTS_INT8) return false;
  if (config->weights == BERTLET_WEIGHTS_INT8 && widest > MOST_INPUTS_I8) return false;
  if (!isfinite(config->layer_norm_eps) || config->layer_norm_eps < 0) return false;
  return config->max_batch_tokens >= 1 && config->max_batch_tokens <= INT32_MAX / (3 * widest);
}

size_t bertlet_model_bytes(const bertlet_config *config, int32_t threads) {
  if (!config_is_valid(config) || threads < 1) return 0;
  bertlet_model measured;
  return lay_out(&measured, NULL, config, threads);
}

/* ---- The table of tensors ------------------------------------------------------------------------------------ */

static tensor *list_vector(tensor *next, float *place, int32_t columns) {
  *next = (tensor){.rows = 1, .columns = columns, .vector = place};
  return next + 1;
}

static tensor *list_embedding(tensor *next, const embedding *into, int32_t columns) {
  *next = (tensor){.rows = into->rows, .columns = columns, .table = into};
  return next + 1;
}

/* The weight and bias that become the output channels first_row .. first_row + rows - 1 of a linear layer. */
static tensor *list_linear(tensor *next, const linear *into, int32_t first_row, int32_t rows) {
  *next = (tensor){.rows = rows, .columns = into->inputs, .weight = into, .first_row = first_row};
  return list_vector(next + 1, into->bias + first_row, rows);
}

static tensor *list_norm(tensor *next, const norm *into, int32_t hidden) {
  return list_vector(list_vector(next, into->gamma, hidden), into->beta, hidden);
}

static void list_tensors(bertlet_model *model) {
  const bertlet_config *config = &model->config;
  int32_t hidden = config->hidden_size, embedding = embedding_size(config);
  tensor *next = model->tensors;
  next = list_embedding(next, &model->words, embedding);
  next = list_embedding(next, &model->positions, embedding);
  if (config->type_vocab_size > 0) next = list_embedding(next, &model->types, embedding);
  next = list_norm(next, &model->embedding_norm, embedding);
  if (has_projection(config)) next = list_linear(next, &model->embedding_projection, 0, hidden);
  for (int32_t i = 0; i < config->num_hidden_layers; i++) {
    const layer *l = &model->layers[i];
    for (int32_t part = 0; part < 3; part++) next = list_linear(next, &l->qkv, part * hidden, hidden);
    next = list_linear(next, &l->attention_output, 0, hidden);
    next = list_norm(next, &l->attention_norm, hidden);
    next = list_linear(next, &l->intermediate, 0, config->intermediate_size);
    next = list_linear(next, &l->output, 0, hidden);
    next = list_norm(next, &l->output_norm, hidden);
  }
}

bertlet_model *bertlet_model_init(void *block, const bertlet_config *config, bertlet_threads *threads) {
  bertlet_model *model = block;
  *model = (bertlet_model){.config = *config, .threads = threads, .path = fastest_int8()};
  lay_out(model, block, config, threads_count(threads));
  list_tensors(model);
  return model;
}

int32_t bertlet_model_weight_bits(const bertlet_model *model) {
  if (model->config.weights == BERTLET_WEIGHTS_F32) return 32;
  return model->path == INT8_PAIRS ? 7 : 8;
}

int32_t bertlet_tensor_count(const bertlet_model *model) { return tensor_count(&model->config); }

static char *append(char *end, const char *text) {
  size_t length = strlen(text);
  memcpy(end, text, length + 1);
  return end + length;
}

static char *append_number(char *end, int32_t number) {
  char digits[12], *first = digits + sizeof digits - 1;
  *first = '\0';
  do *--first = (char)('0' + number % 10);
  while (number /= 10);
  return append(end, first);
}

int32_t bertlet_tensor_name(const bertlet_model *model, int32_t index, char *name) {
  const bertlet_config *config = &model->config;
  char *end = name;
  if (index < embedding_tensors(config)) {
    end = append(end, embedding_names[index + (config->type_vocab_size == 0 && index >= TYPES)]);
  } else {
    int32_t of_layers = index - embedding_tensors(config), part = of_layers % LAYER_TENSORS;
    end = append_number(append(end, "encoder.layer."), of_layers / LAYER_TENSORS);
    end = append(append(end, "."), layer_names[part / 2]);
    end = append(end, part % 2 ? ".bias" : ".weight");
  }
  return (int32_t)(end - name);
}

int32_t bertlet_tensor_rows(const bertlet_model *model, int32_t index) { return model->tensors[index].rows; }

int32_t bertlet_tensor_columns(const bertlet_model *model, int32_t index) { return model->tensors[index].columns; }

int32_t bertlet_model_missing(const bertlet_model *model) {
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++)
    if (model->tensors[i].rows_written < model->tensors[i].rows) return i;
  return -1;
}

const float *embedding_row(const embedding *table, int32_t index, int32_t n, float *row) {
  if (table->values) return table->values + (size_t)index * n;
  dequantize_row(table->i8.values + (size_t)index * n, n, table->i8.scale[index], table->i8.zero[index], row);
  return row;
}

/* ---- The streaming writer ------------------------------------------------------------------------------------ */

/* IEEE 754 half precision: the exponent's bias goes from 15 to 127 by an exact multiplication, which also makes
 * subnormals normal; infinity and NaN need f32's all-ones exponent. */
static void convert_f16(const unsigned char *bytes, int32_t count, float *values) {
  for (int32_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * (size_t)i, 2);
    uint32_t magnitude = half & 0x7fffu, shifted = magnitude << 13, bits;
    float scaled;
    memcpy(&scaled, &shifted, 4);
    scaled *= 0x1p112f;
    memcpy(&bits, &scaled, 4);
    bits |= magnitude >= 0x7c00u ? 0x7f800000u : 0;
    bits |= (uint32_t)(half & 0x8000u) << 16;
    memcpy(&values[i], &bits, 4);
  }
}

/* bfloat16 is the upper half of an f32. */
static void convert_bf16(const unsigned char *bytes, int32_t count, float *values) {
  for (int32_t i = 0; i < count; i++) {
    uint16_t upper;
    memcpy(&upper, bytes + 2 * (size_t)i, 2);
    uint32_t bits = (uint32_t)upper << 16;
    memcpy(&values[i], &bits, 4);
  }
}

static void convert(const unsigned char *bytes, bertlet_dtype dtype, int32_t count, float *values) {
  switch (dtype) {
  case BERTLET_F32:
    memcpy(values, bytes, (size_t)count * sizeof(float));
    break;
  case BERTLET_F16:
    convert_f16(bytes, count, values);
    break;
  case BERTLET_BF16:
    convert_bf16(bytes, count, values);
    break;
  }
}

uint64_t bertlet_model_fingerprint(const bertlet_model *model) {
  uint64_t sum = 0;
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) sum += mix(model->hashes[i] + (uint64_t)i);
  return sum;
}

bertlet_status bertlet_tensor_begin(bertlet_model *model, int32_t index, bertlet_dtype dtype) {
  model->open = NULL;
  if (index < 0 || index >= bertlet_tensor_count(model) || dtype > BERTLET_BF16) return BERTLET_ERROR_ARGUMENT;
  model->open = &model->tensors[index];
  model->open->rows_written = 0;
  model->hashes[index] = 0;
  model->open_dtype = dtype;
  model->adapter.rank = 0;
  model->cut_bytes = 0;
  return BERTLET_OK;
}

bertlet_status bertlet_tensor_adapt(bertlet_model *model, const float *a, const float *b, int32_t rank, float scale) {
  if (!model->open || model->open->rows_written > 0 || model->cut_bytes > 0 || rank < 1) return BERTLET_ERROR_ARGUMENT;
  model->adapter = (adapter){a, b, rank, scale};
  return BERTLET_OK;
}

/* row [columns] += row `index` of scale . B . A */
static void adapt_row(const adapter *by, int32_t index, int32_t columns, float *row) {
  const float *b = by->b + (size_t)index * by->rank;
  for (int32_t i = 0; i < by->rank; i++) {
    const float *a = by->a + (size_t)i * columns;
    const float factor = by->scale * b[i];
    for (int32_t column = 0; column < columns; column++) row[column] += factor * a[column];
  }
}

/* Where the open tensor's next row stays as f32, or NULL when it is packed or quantized. */
static float *place_of_row(const tensor *t) {
  if (t->vector) return t->vector;
  if (t->table && t->table->values) return t->table->values + (size_t)t->rows_written * t->columns;
  return NULL;
}

static void convert_row(const bertlet_model *model, const tensor *t, const float *row) {
  if (t->table) {
    size_t index = (size_t)t->rows_written;
    quantize_row(row, t->columns, t->table->i8.values + index * t->columns, &t->table->i8.scale[index],
                 &t->table->i8.zero[index]);
  } else if (t->weight->weight) {
    pack_row(t->weight->weight, t->columns, t->first_row + t->rows_written, row);
  } else {
    pack_row_i8(model->path, &t->weight->weight_i8, t->columns, t->first_row + t->rows_written, row);
  }
}

/* Takes one whole row of source bytes. */
static bertlet_status write_row(bertlet_model *model, const unsigned char *bytes) {
  tensor *t = model->open;
  float *place = place_of_row(t), *row = place ? place : model->row;
  convert(bytes, model->open_dtype, t->columns, row);
  if (model->adapter.rank > 0) adapt_row(&model->adapter, t->rows_written, t->columns, row);
  if (!all_finite(row, (size_t)t->columns)) return BERTLET_ERROR_NUMERIC;
  uint64_t *hash = &model->hashes[t - model->tensors];
  *hash = hash_bytes(*hash, row, (size_t)t->columns * sizeof(float));
  if (!place) convert_row(model, t, row);
  t->rows_written++;
  return BERTLET_OK;
}

static bertlet_status write_rows(bertlet_model *model, const unsigned char *bytes, size_t count) {
  size_t row_bytes = (size_t)model->open->columns * (model->open_dtype == BERTLET_F32 ? 4 : 2);
  size_t rows_left = (size_t)(model->open->rows - model->open->rows_written);
  if (count > rows_left * row_bytes - model->cut_bytes) return BERTLET_ERROR_ARGUMENT;
  while (model->cut_bytes + count >= row_bytes) {
    const unsigned char *row = bytes;
    size_t used = row_bytes;
    if (model->cut_bytes > 0) {
      used -= model->cut_bytes;
      memcpy(model->cut_row + model->cut_bytes, bytes, used);
      model->cut_bytes = 0;
      row = model->cut_row;
    }
    bertlet_status status = write_row(model, row);
    if (status != BERTLET_OK) return status;
    bytes += used;
    count -= used;
  }
  if (count > 0) memcpy(model->cut_row + model->cut_bytes, bytes, count);
  model->cut_bytes += count;
  return BERTLET_OK;
}

bertlet_status bertlet_tensor_write(bertlet_model *model, const void *bytes, size_t count) {
  if (!model->open) return BERTLET_ERROR_ARGUMENT;
  bertlet_status status = write_rows(model, bytes, count);
  if (status != BERTLET_OK) {
    model->open->rows_written = 0;
    model->open = NULL;
  }
  return status;
}
