/* Where everything that belongs to a trainer lies in its block. */
#include <math.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/threads.h"
#include "model/attention.h"
#include "model/linear.h"
#include "model/memory_plan.h"
#include "train/mlp.h"
#include "train/trainer.h"
#include "train/transposed.h"

static int32_t max(int32_t a, int32_t b) { return a > b ? a : b; }

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

/* What is being laid out. Without a base the arena only measures, and so no pointer that it gives is written to. */
typedef struct layout {
  arena memory;
  const bertlet_config *config;
  const bertlet_training *plan;
  const uint8_t *tuning;
  bertlet_trainer *trainer;
  bool places; /* whether there is a block */
} layout;

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

/* Which parts of the linear layer at `place` of layer number `layer`, or of the model, are tuned in the way `how`: a
 * bit for each part whose tensor of this kind, weight or bias, is. */
static uint32_t tuned_parts(const layout *l, int32_t layer, uint16_t place, tensor_kind kind, bertlet_tuning how) {
  uint32_t parts = 0;
  const int32_t count = count_tensors(l->config);
  for (int32_t i = 0; i < count; i++) {
    int32_t of_layer;
    const tensor_entry *entry = tensor_entry_of(l->config, i, &of_layer);
    if (of_layer == layer && entry->place == place && entry->kind == kind && l->tuning[i] == how)
      parts |= 1u << entry->part;
  }
  return parts;
}

/* A vector of `count` floats among the gradients. */
static float *take_gradient(layout *l, int64_t count) {
  bertlet_trainer *t = l->trainer;
  float *place = l->places ? t->gradient + t->gradient_floats : NULL;
  t->gradient_floats += (size_t)count;
  return place;
}

static void add_parameter(layout *l, float *values, float *gradient, int64_t count, bool decays) {
  bertlet_trainer *t = l->trainer;
  if (l->places)
    t->parameters[t->parameter_count] = (parameter){values, gradient, (size_t)count, t->parameter_floats, decays};
  t->parameter_count++;
  t->parameter_floats += (size_t)count;
}

/* The place of an entry among the weights of a model or a layer. */
static void *place_in(const layout *l, model_weights *weights, int32_t layer, uint16_t place) {
  if (!l->places) return NULL;
  return (char *)(layer < 0 ? (void *)weights : (void *)&weights->layers[layer]) + place;
}

/* A tensor that is trained. The gradients of all parts of a linear layer lie together, as its weights do. */
static void add_trained(layout *l, const tensor_entry *entry, int32_t layer) {
  bertlet_trainer *t = l->trainer;
  const int64_t rows = size_of(l->config, entry->rows), columns = size_of(l->config, entry->columns);
  const int64_t count = rows * columns, before = entry->part * count;
  void *weights = place_in(l, &t->model.weights, layer, entry->place);
  void *gradient = place_in(l, &t->gradients, layer, entry->place);
  const uint32_t parts = tuned_parts(l, layer, entry->place, entry->kind, BERTLET_TRAINED);
  const bool first = (parts & ((1u << entry->part) - 1)) == 0; /* the first trained part makes room for all */
  float *room = first ? take_gradient(l, count * entry->parts) : NULL;
  float **values, **slot;
  if (!l->places) {
    add_parameter(l, NULL, NULL, count, false);
    return;
  }
  switch (entry->kind) {
  case TENSOR_TABLE:
    values = &((embedding_table *)weights)->values;
    slot = &((embedding_table *)gradient)->values;
    break;
  case TENSOR_WEIGHT:
    values = &((linear *)weights)->weight;
    slot = &((linear *)gradient)->weight;
    break;
  case TENSOR_BIAS:
    values = &((linear *)weights)->bias;
    slot = &((linear *)gradient)->bias;
    break;
  case TENSOR_GAMMA:
    values = &((norm *)weights)->gamma;
    slot = &((norm *)gradient)->gamma;
    break;
  default:
    values = &((norm *)weights)->beta;
    slot = &((norm *)gradient)->beta;
  }
  if (first) *slot = room;
  const bool decays = entry->kind == TENSOR_TABLE || entry->kind == TENSOR_WEIGHT;
  add_parameter(l, *values + before, *slot + before, count, decays);
}

/* Values and gradient of a part of an adapter. */
static void add_adapter_part(layout *l, int64_t count, float **values, float **gradient) {
  *values = arena_floats(&l->memory, 1, count);
  if (l->places) memset(*values, 0, (size_t)count * sizeof(float));
  *gradient = take_gradient(l, count);
  add_parameter(l, *values, *gradient, count, true);
}

/* What adapts the linear layer whose first part is `entry`, without its arrays; `parts`: a bit for each adapted part.
 */
static adapter adapter_for(const layout *l, const tensor_entry *entry, int32_t layer, uint32_t *parts) {
  *parts = tuned_parts(l, layer, entry->place, TENSOR_WEIGHT, BERTLET_ADAPTED);
  return (adapter){.rank = padded_rank(l->plan->rank),
                   .adapted = __builtin_popcount(*parts),
                   .part_outputs = size_of(l->config, entry->rows),
                   .scale = l->plan->adapter_scale};
}

static void add_adapter(layout *l, const tensor_entry *entry, int32_t layer) {
  bertlet_trainer *t = l->trainer;
  uint32_t parts;
  adapter of = adapter_for(l, entry, layer, &parts);
  if (of.adapted == 0) return;
  adapter gradient = of;
  add_adapter_part(l, (int64_t)of.adapted * of.rank * size_of(l->config, entry->columns), &of.a, &gradient.a);
  for (int32_t part = 0; part < entry->parts; part++)
    if (parts >> part & 1) add_adapter_part(l, (int64_t)of.part_outputs * of.rank, &of.b[part], &gradient.b[part]);
  if (!l->places) return;
  *adapter_at(&t->adapters[layer], entry->place) = of;
  *adapter_at(&t->adapter_gradients[layer], entry->place) = gradient;
}

/* A vector of the masked-LM head. Values and gradient may be read up to whole panels. */
static void add_masked_vector(layout *l, int64_t count, bool decays, float **values, float **gradient) {
  const int64_t padded = whole_panels((int32_t)count);
  *values = arena_floats(&l->memory, 1, padded);
  if (l->places) memset(*values, 0, (size_t)padded * sizeof(float));
  *gradient = take_gradient(l, padded);
  add_parameter(l, *values, *gradient, count, decays);
}

static void add_masked_lm(layout *l) {
  masked_lm *head = &l->trainer->masked_lm;
  const int32_t hidden = l->config->hidden_size, embedding = size_of(l->config, SIZE_EMBEDDING);
  head->apply = (epilogue)l->plan->masked_act;
  head->transform = head->transform_gradient = (linear){.inputs = hidden, .outputs = embedding};
  add_masked_vector(l, (int64_t)embedding * hidden, true, &head->transform.weight, &head->transform_gradient.weight);
  add_masked_vector(l, embedding, false, &head->transform.bias, &head->transform_gradient.bias);
  add_masked_vector(l, embedding, false, &head->after.gamma, &head->after_gradient.gamma);
  add_masked_vector(l, embedding, false, &head->after.beta, &head->after_gradient.beta);
  add_masked_vector(l, l->config->vocab_size, false, &head->bias, &head->bias_gradient);
}

static void add_parameters(layout *l, bertlet_mlp *head, int32_t head_parameters) {
  bertlet_trainer *t = l->trainer;
  const int32_t count = count_tensors(l->config);
  t->parameter_count = 0;
  t->parameter_floats = t->gradient_floats = 0;
  t->lowest = l->plan->end;
  for (int32_t i = 0; i < count; i++) {
    int32_t layer;
    const tensor_entry *entry = tensor_entry_of(l->config, i, &layer);
    if (l->tuning[i] == BERTLET_TRAINED) add_trained(l, entry, layer);
    if (layer >= 0 && entry->kind == TENSOR_WEIGHT && entry->part == 0) add_adapter(l, entry, layer);
    /* The normalization after the last layer lies among the model's tensors, but above all layers. */
    const int32_t height = entry->place == offsetof(model_weights, final_norm) && layer < 0 ? l->plan->end : layer;
    if (l->tuning[i] != BERTLET_FROZEN && height < t->lowest) t->lowest = height;
  }
  if (l->plan->masked_lm) add_masked_lm(l);
  if (!head) { /* while measuring */
    t->parameter_floats += (size_t)head_parameters;
    if (head_parameters > 0) t->parameter_count += MLP_BLOCKS;
    return;
  }
  mlp_block blocks[MLP_BLOCKS];
  const int32_t parts = mlp_blocks(head, blocks);
  float *values = bertlet_mlp_parameters(head), *gradient = bertlet_mlp_gradient(head);
  for (int32_t i = 0; i < parts; i++)
    add_parameter(l, values + blocks[i].at, gradient + blocks[i].at, blocks[i].count, blocks[i].decays);
}

/* ---- Tapes and scratch memory ------------------------------------------------------------------------------------ */

static float *alloc_inner(layout *l, const adapter *of) {
  return of->adapted > 0 ? arena_floats(&l->memory, l->plan->max_tokens, of->adapted * of->rank) : NULL;
}

/* What a layer keeps, besides its input. */
static layer_tape alloc_tape(layout *l, const layer_adapters *adapters) {
  const int32_t tokens = l->plan->max_tokens, hidden = l->config->hidden_size;
  layer_tape tape = {.buffers = {.qkv = arena_floats(&l->memory, tokens, 3 * hidden),
                                 .context = arena_floats(&l->memory, tokens, hidden),
                                 .attention_output = arena_floats(&l->memory, tokens, hidden),
                                 .intermediate = arena_floats(&l->memory, tokens, l->config->intermediate_size),
                                 .feed_forward_output = arena_floats(&l->memory, tokens, hidden)}};
  tape.inner.qkv = alloc_inner(l, &adapters->qkv);
  tape.inner.attention_output = alloc_inner(l, &adapters->attention_output);
  tape.inner.intermediate = alloc_inner(l, &adapters->intermediate);
  tape.inner.feed_forward_output = alloc_inner(l, &adapters->feed_forward_output);
  return tape;
}

/* As if all parts of all layers were adapted: what layers which keep nothing share. */
static layer_adapters most_adapters(const layout *l) {
  const adapter one = {.rank = padded_rank(l->plan->rank), .adapted = 1},
                three = {.rank = padded_rank(l->plan->rank), .adapted = 3};
  return (layer_adapters){three, one, one, one};
}

static bool any_tuned(const layout *l, bertlet_tuning how) {
  const int32_t count = count_tensors(l->config);
  for (int32_t i = 0; i < count; i++)
    if (l->tuning[i] == how) return true;
  return false;
}

/* Of a layer, without their arrays. */
static layer_adapters adapters_of(const layout *l, int32_t index) {
  const architecture *of = find_architecture(l->config->architecture);
  layer_adapters adapters = {0};
  for (int32_t i = 0; i < of->layer_tensor_count; i++) {
    const tensor_entry *entry = &of->layer_tensors[i];
    uint32_t parts;
    if (entry->kind == TENSOR_WEIGHT && entry->part == 0)
      *adapter_at(&adapters, entry->place) = adapter_for(l, entry, index, &parts);
  }
  return adapters;
}

static void alloc_tapes(layout *l) {
  bertlet_trainer *t = l->trainer;
  const bertlet_training *plan = l->plan;
  const int32_t tokens = plan->max_tokens, hidden = l->config->hidden_size;
  layer_tape shared = {0};
  if (plan->kept_layers < plan->end - plan->begin) {
    const layer_adapters most = any_tuned(l, BERTLET_ADAPTED) ? most_adapters(l) : (layer_adapters){0};
    shared = alloc_tape(l, &most);
  }
  for (int32_t i = plan->begin; i <= plan->end; i++) {
    /* Above the embeddings the caller brings the first layer's input. */
    float *input = i == plan->begin && i > 0 ? NULL : arena_floats(&l->memory, tokens, hidden);
    layer_tape tape = shared;
    if (i < plan->end && i >= plan->end - plan->kept_layers) {
      const layer_adapters adapters = adapters_of(l, i);
      tape = alloc_tape(l, &adapters);
    }
    if (!l->places) continue;
    t->hidden[i] = input;
    if (i < plan->end) t->tapes[i] = tape;
  }
  t->recomputed = -1;
}

static const float *alloc_zeros(layout *l, int64_t count) {
  float *zeros = arena_floats(&l->memory, 1, count);
  if (l->places) memset(zeros, 0, (size_t)count * sizeof(float));
  return zeros;
}

/* Whether the architecture has something at `place` of a layer, or of the model. */
static bool has_entry(const bertlet_config *config, size_t place, bool of_layer) {
  const architecture *of = find_architecture(config->architecture);
  const tensor_entry *entries = of_layer ? of->layer_tensors : of->model_tensors;
  const int32_t count = of_layer ? of->layer_tensor_count : of->model_tensor_count;
  for (int32_t i = 0; i < count; i++)
    if (entries[i].place == place) return true;
  return false;
}

static void alloc_scratch(layout *l, int32_t threads) {
  bertlet_trainer *t = l->trainer;
  const bertlet_config *config = l->config;
  const int64_t tokens = l->plan->max_tokens, hidden = config->hidden_size, intermediate = config->intermediate_size;
  const int64_t embedding = size_of(config, SIZE_EMBEDDING),
                widest = max(config->intermediate_size, config->hidden_size);
  const bool adapts = any_tuned(l, BERTLET_ADAPTED), drops = adapts && l->plan->adapter_dropout > 0;
  const bool pre_norm = has_entry(config, offsetof(layer, norm_before_attention), true);
  const bool final_norm = has_entry(config, offsetof(model_weights, final_norm), false);
  const bool embeds = t->lowest < 0 || size_of(config, SIZE_PROJECTION) > 0;
  t->features = arena_floats(&l->memory, tokens, hidden);
  t->flow = arena_floats(&l->memory, tokens, hidden);
  t->numbers = arena_alloc(&l->memory, (uint64_t)tokens + 1, sizeof(int32_t));
  for (int32_t i = 0; l->places && i <= tokens; i++) t->numbers[i] = i;
  t->normalized = final_norm ? arena_floats(&l->memory, tokens, hidden) : NULL;
  t->embedding_rows = embeds ? arena_floats(&l->memory, tokens, embedding) : NULL;
  t->embedding_gradient = embeds ? arena_floats(&l->memory, tokens, embedding) : NULL;
  t->scratch = (layer_scratch){
      .attention_input = pre_norm ? arena_floats(&l->memory, tokens, hidden) : NULL,
      .feed_forward_input = pre_norm ? arena_floats(&l->memory, tokens, hidden) : NULL,
      .attended = arena_floats(&l->memory, tokens, hidden),
      .activated = arena_floats(&l->memory, tokens, intermediate),
      .branch = l->plan->hidden_dropout > 0 ? arena_floats(&l->memory, tokens, hidden) : NULL,
      .side = arena_floats(&l->memory, tokens, hidden),
      .qkv_gradient = arena_floats(&l->memory, tokens, 3 * hidden),
      .intermediate_gradient = arena_floats(&l->memory, tokens, intermediate),
      .adapter_input = drops ? arena_floats(&l->memory, tokens, widest) : NULL,
      .adapter_input_gradient = drops ? arena_floats(&l->memory, tokens, widest) : NULL,
      .inner_gradient = adapts ? arena_floats(&l->memory, tokens, ADAPTER_PARTS * padded_rank(l->plan->rank)) : NULL,
      .zeros = alloc_zeros(l, max((int32_t)widest, ADAPTER_PARTS * padded_rank(l->plan->rank))),
      .transposed = arena_floats(&l->memory, max((int32_t)hidden, padded_rank(l->plan->rank) * ADAPTER_PARTS),
                                 max(max(3 * (int32_t)hidden, (int32_t)intermediate), (int32_t)embedding)),
      .moments = arena_floats(&l->memory, tokens, 2),
  };
  const int32_t longest =
      l->plan->max_tokens < config->max_position_embeddings ? l->plan->max_tokens : config->max_position_embeddings;
  const int32_t head_size = config->hidden_size / config->num_attention_heads;
  size_t floats = attention_training_scratch(longest, head_size);
  floats = max_size(floats, linear_scratch(max(3 * config->hidden_size, (int32_t)widest)));
  floats = max_size(floats, weight_gradient_scratch(GRADIENT_INPUTS));
  floats = max_size(floats, (size_t)max(3 * config->hidden_size, (int32_t)widest)); /* a row of transposed weights */
  floats = max_size(floats, (size_t)embedding);
  if (l->plan->masked_lm) {
    masked_lm_alloc(&t->masked_lm, &l->memory, config, l->plan->max_tokens);
    floats = max_size(floats, masked_lm_scratch(config));
  }
  floats = whole_lines(floats);
  float *scratch = arena_alloc(&l->memory, (uint64_t)threads, floats * sizeof(float));
  rows_i8 quantized = {0};
  if (config->weights == BERTLET_WEIGHTS_INT8)
    quantized = alloc_rows_i8(&l->memory, (int32_t)tokens, max(3 * config->hidden_size, (int32_t)widest));
  if (!l->places) return;
  t->model.workspace.quantized = quantized;
  t->model.workspace.scratch = scratch;
  t->model.workspace.scratch_floats = floats;
  t->model.workspace.embeddings = t->embedding_rows;
}

/* The weights of an int8 model a second time, transposed, of the layers that the backward pass goes through. */
static void alloc_transposed(layout *l) {
  bertlet_trainer *t = l->trainer;
  const architecture *of = find_architecture(l->config->architecture);
  if (l->config->weights != BERTLET_WEIGHTS_INT8) return;
  for (int32_t i = max(t->lowest, l->plan->begin); i < l->plan->end; i++)
    for (const tensor_entry *entry = of->layer_tensors; entry < of->layer_tensors + of->layer_tensor_count; entry++) {
      if (entry->kind != TENSOR_WEIGHT || entry->part > 0) continue;
      const int32_t outputs = entry->parts * size_of(l->config, entry->rows);
      const weights_i8 room = alloc_weights_i8(&l->memory, size_of(l->config, entry->columns), outputs);
      if (!l->places) continue;
      linear *of_layer = (linear *)((char *)&t->model.weights.layers[i] + entry->place);
      of_layer->transposed_i8 = room;
      transpose_weights_i8(&t->model, of_layer, t->scratch.transposed, t->model.workspace.scratch);
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static bool is_rate(float x) { return x >= 0 && x < 1; }

static bool plan_is_valid(const bertlet_config *config, const bertlet_training *plan, const uint8_t *tuning) {
  if (plan->begin < 0 || plan->end <= plan->begin || plan->end > config->num_hidden_layers) return false;
  if (plan->kept_layers < 0 || plan->kept_layers > plan->end - plan->begin) return false;
  if (plan->pooling < -1 || plan->pooling > BERTLET_POOL_MAX) return false;
  if (plan->masked_lm && (plan->pooling >= 0 || config->weights != BERTLET_WEIGHTS_F32)) return false;
  if (plan->masked_lm && (plan->masked_act < BERTLET_GELU || plan->masked_act > BERTLET_TANH)) return false;
  if (!is_rate(plan->hidden_dropout) || !is_rate(plan->attention_dropout)) return false;
  if (!is_rate(plan->adapter_dropout) || !is_rate(plan->feature_dropout)) return false;
  const int32_t count = count_tensors(config);
  for (int32_t i = 0; i < count; i++) {
    int32_t layer;
    const tensor_entry *entry = tensor_entry_of(config, i, &layer);
    if (tuning[i] > BERTLET_ADAPTED) return false;
    if (tuning[i] == BERTLET_TRAINED && config->weights == BERTLET_WEIGHTS_INT8) return false;
    if (tuning[i] == BERTLET_ADAPTED) {
      if (layer < 0 || entry->kind != TENSOR_WEIGHT || !isfinite(plan->adapter_scale)) return false;
      if (plan->rank < 1 || plan->rank > config->hidden_size) return false;
    }
    /* What does not run, or stands below the hidden states that the caller brings, can't be trained. */
    if (tuning[i] != BERTLET_FROZEN && layer >= plan->end) return false;
    if (tuning[i] != BERTLET_FROZEN && layer >= 0 && layer < plan->begin) return false;
    if (tuning[i] != BERTLET_FROZEN && layer < 0 && plan->begin > 0 &&
        entry->place != offsetof(model_weights, final_norm))
      return false;
  }
  return true;
}

/* Lays the trainer out in `block`, or measures it when that is NULL. Returns bertlet_trainer_bytes(). The parameters
 * are counted first, since the memory for their gradients and moving averages lies in one piece each. */
static size_t lay_out(bertlet_trainer *trainer, void *block, const bertlet_config *config, int32_t threads,
                      const bertlet_training *plan, const uint8_t *tuning, bertlet_mlp *head, int32_t head_parameters) {
  layout counting = {.config = config, .plan = plan, .tuning = tuning, .trainer = trainer};
  add_parameters(&counting, NULL, head_parameters);
  if (trainer->parameter_floats > INT32_MAX) return 0;
  const size_t floats = trainer->parameter_floats, gradient_floats = trainer->gradient_floats;

  layout l = {{.base = block}, config, plan, tuning, trainer, block != NULL};
  arena_alloc(&l.memory, 1, sizeof *trainer);
  const int32_t layers = config->num_hidden_layers;
  trainer->parameters = arena_alloc(&l.memory, (uint64_t)trainer->parameter_count, sizeof(parameter));
  trainer->partial_squares = arena_alloc(
      &l.memory, (uint64_t)(floats / OPTIMIZER_CHUNK) + (uint64_t)trainer->parameter_count + 1, sizeof(double));
  trainer->gradients.layers = arena_alloc(&l.memory, (uint64_t)layers, sizeof(layer));
  trainer->adapters = arena_alloc(&l.memory, (uint64_t)layers, sizeof(layer_adapters));
  trainer->adapter_gradients = arena_alloc(&l.memory, (uint64_t)layers, sizeof(layer_adapters));
  trainer->hidden = arena_alloc(&l.memory, (uint64_t)layers + 1, sizeof(float *));
  trainer->tapes = arena_alloc(&l.memory, (uint64_t)layers, sizeof(layer_tape));
  trainer->gradient = arena_floats(&l.memory, 1, (int64_t)gradient_floats);
  trainer->mean = arena_floats(&l.memory, 1, (int64_t)floats);
  trainer->square = arena_floats(&l.memory, 1, (int64_t)floats);
  if (block) {
    memset(trainer->gradients.layers, 0, (size_t)layers * sizeof(layer));
    memset(trainer->adapters, 0, (size_t)layers * sizeof(layer_adapters));
    memset(trainer->adapter_gradients, 0, (size_t)layers * sizeof(layer_adapters));
    memset(trainer->gradient, 0, gradient_floats * sizeof(float));
    memset(trainer->mean, 0, floats * sizeof(float));
    memset(trainer->square, 0, floats * sizeof(float));
  }
  add_parameters(&l, head, head_parameters);
  alloc_tapes(&l);
  alloc_scratch(&l, threads);
  alloc_transposed(&l);
  return arena_bytes(&l.memory);
}

size_t bertlet_trainer_bytes(const bertlet_config *config, int32_t threads, const bertlet_training *plan,
                             const uint8_t *tuning, int32_t head) {
  bertlet_config in_training = *config;
  in_training.max_batch_tokens = plan->max_tokens;
  if (bertlet_model_bytes(&in_training, threads) == 0 || head < 0 || !plan_is_valid(config, plan, tuning)) return 0;
  bertlet_trainer measured = {0};
  return lay_out(&measured, NULL, config, threads, plan, tuning, NULL, head);
}

bertlet_trainer *bertlet_trainer_init(void *block, bertlet_model *model, const bertlet_training *plan,
                                      const uint8_t *tuning, bertlet_mlp *head) {
  const bertlet_config *config = &model->config;
  const int32_t threads = threads_count(model->threads);
  const int32_t head_parameters = head ? bertlet_mlp_parameter_count(head) : 0;
  if (config->weights == BERTLET_WEIGHTS_INT8 && bertlet_model_first_missing_tensor(model) >= 0) return NULL;
  if (bertlet_trainer_bytes(config, threads, plan, tuning, head_parameters) == 0) return NULL;
  bertlet_trainer *trainer = block;
  *trainer = (bertlet_trainer){.model = *model, .plan = *plan};
  trainer->model.config.max_batch_tokens = plan->max_tokens;
  lay_out(trainer, block, config, threads, plan, tuning, head, head_parameters);
  return trainer;
}
