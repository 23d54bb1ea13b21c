#include "model/lora.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/finite.h"

adapter *adapter_at(layer_adapters *adapters, uint16_t place) {
  switch (place) {
  case offsetof(layer, qkv):
    return &adapters->qkv;
  case offsetof(layer, attention_output):
    return &adapters->attention_output;
  case offsetof(layer, intermediate):
    return &adapters->intermediate;
  default:
    return &adapters->feed_forward_output;
  }
}

/* The adapter of the linear layer that a weight is a part of. */
static adapter *adapter_of(const bertlet_lora *lora, const tensor *t) {
  return t->layer < 0 ? (adapter *)&lora->projection : adapter_at(&lora->layers[t->layer], t->entry->place);
}

/* Room for the adapter of the linear layer whose first part is tensor number `first`. */
static adapter alloc_adapter(arena *memory, const bertlet_model *model, int32_t first, const int32_t *ranks) {
  const tensor *t = &model->tensors[first];
  int32_t part_ranks[ADAPTER_PARTS] = {0};
  adapter placed = {.part_outputs = t->rows, .scale = 1};
  for (int32_t i = first; i < model->tensor_count && model->tensors[i].place == t->place; i++) {
    if (ranks[i] == 0) continue;
    const int32_t padded = padded_rank(ranks[i]);
    part_ranks[model->tensors[i].entry->part] = padded;
    placed.adapted++;
    if (padded > placed.rank) placed.rank = padded;
  }
  if (placed.adapted == 0) return placed;
  placed.a = arena_floats(memory, placed.adapted * placed.rank, t->columns);
  for (int32_t part = 0; part < ADAPTER_PARTS; part++)
    if (part_ranks[part] > 0) placed.b[part] = arena_floats(memory, t->rows, placed.rank);
  return placed;
}

static bool rank_is_valid(const bertlet_model *model, int32_t index, int32_t rank) {
  if (rank == 0) return true;
  return model->tensors[index].entry->kind == TENSOR_WEIGHT && rank > 0 && rank <= model->config.hidden_size;
}

/* Lays the adapters out in `block`, or measures them when it is NULL. Returns bertlet_lora_bytes(). */
static size_t lay_out(bertlet_lora *lora, void *block, const bertlet_model *model, const int32_t *ranks) {
  arena memory = {.base = block};
  int32_t widest = 0;
  arena_alloc(&memory, 1, sizeof *lora);
  lora->layers = arena_alloc(&memory, (uint64_t)model->config.num_hidden_layers, sizeof(layer_adapters));
  for (int32_t i = 0; i < model->tensor_count; i++) {
    const tensor *t = &model->tensors[i];
    if (!rank_is_valid(model, i, ranks[i])) return 0;
    if (t->entry->kind != TENSOR_WEIGHT || t->entry->part > 0) continue;
    const adapter placed = alloc_adapter(&memory, model, i, ranks);
    if (placed.adapted * placed.rank > widest) widest = placed.adapted * placed.rank;
    if (block) *adapter_of(lora, t) = placed;
  }
  lora->inner = arena_floats(&memory, model->config.max_batch_tokens, widest);
  return arena_bytes(&memory);
}

size_t bertlet_lora_bytes(const bertlet_model *model, const int32_t *ranks) {
  bertlet_lora measured;
  return lay_out(&measured, NULL, model, ranks);
}

bertlet_lora *bertlet_lora_init(void *block, const bertlet_model *model, const int32_t *ranks) {
  const size_t bytes = bertlet_lora_bytes(model, ranks);
  if (bytes == 0) return NULL;
  bertlet_lora *lora = memset(block, 0, bytes);
  lora->model = model;
  lay_out(lora, block, model, ranks);
  return lora;
}

bertlet_status bertlet_lora_write(bertlet_lora *lora, int32_t index, const float *a, const float *b, int32_t rank,
                                  float scale) {
  const bertlet_model *model = lora->model;
  if (index < 0 || index >= model->tensor_count) return BERTLET_ERROR_ARGUMENT;
  const tensor *t = &model->tensors[index];
  if (t->entry->kind != TENSOR_WEIGHT) return BERTLET_ERROR_ARGUMENT;
  const adapter *by = adapter_of(lora, t);
  float *packed_b = by->b[t->entry->part];
  if (!packed_b || rank < 1 || rank > by->rank) return BERTLET_ERROR_ARGUMENT;
  const int32_t first = first_row_of_a(by, t->entry->part);
  for (int32_t i = 0; i < rank; i++) {
    const float *row = a + (size_t)i * t->columns;
    if (!all_plausible(row, (size_t)t->columns)) return BERTLET_ERROR_NUMERIC;
    pack_row(by->a, t->columns, first + i, row);
  }
  for (int32_t row = 0; row < t->rows; row++) {
    float *to = packed_row(packed_b, by->rank, row);
    for (int32_t i = 0; i < rank; i++) to[(size_t)i * PANEL] = scale * b[(size_t)row * rank + i];
  }
  return all_plausible(packed_b, (size_t)t->rows * by->rank) ? BERTLET_OK : BERTLET_ERROR_NUMERIC;
}
