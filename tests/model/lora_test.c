/* Adapters beside a model's weights: each linear layer against a computation in double, the encoder against the same
 * adapters merged into the weights, and what is promised about threads and bad input. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/linear.h"
#include "model/lora.h"
#include "support.h"

#ifdef BERTLET_SIMD
#include "relaxed_engine.h"
#endif

enum { TENSORS = 40, TOKENS = 71, MOST_THREADS = 4 };

/* -1 .. 1 times `size`. */
static float random_float(uint32_t *state, float size) {
  return size * ((float)(random_number(state) >> 8) / 0x1p23f - 1);
}

static float *random_floats(size_t count, float size, uint32_t *state) {
  float *values = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = random_float(state, size);
  return values;
}

/* Adapters as PEFT has them, by tensor. */
typedef struct adapters {
  int32_t ranks[TENSORS];
  float scale[TENSORS];
  float *a[TENSORS], *b[TENSORS]; /* [rank][columns], [rows][rank] */
} adapters;

/* The ranks of the first layer's weights are all different; of the second layer some have none. */
static adapters random_adapters(const bertlet_model *model) {
  static const int32_t ranks[2][6] = {{3, 0, 12, 8, 1, 9}, {0, 5, 0, 0, 16, 0}};
  adapters of = {.ranks = {0}};
  uint32_t state = 7;
  int32_t weights[2] = {0};
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    const tensor *t = &model->tensors[i];
    if (t->entry->kind != TENSOR_WEIGHT) continue;
    of.ranks[i] = t->layer < 0 ? 4 : ranks[t->layer][weights[t->layer]++];
    of.scale[i] = 0.5f + (float)(i % 3);
    of.a[i] = random_floats((size_t)of.ranks[i] * t->columns, 0.3f, &state);
    of.b[i] = random_floats((size_t)of.ranks[i] * t->rows, 0.3f, &state);
  }
  return of;
}

static void free_adapters(adapters *of) {
  for (int32_t i = 0; i < TENSORS; i++) {
    free(of->a[i]);
    free(of->b[i]);
  }
}

/* Of any configuration; with `merged`, the weights have the adapters in them. */
static bertlet_model *random_model(const bertlet_config *config, pool *threads, int32_t count, const adapters *merged) {
  bertlet_model *model =
      bertlet_model_init(allocate(bertlet_model_bytes(config, count)), config, threads ? pool_threads(threads) : NULL);
  uint32_t state = 1;
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    size_t floats = (size_t)bertlet_tensor_columns(model, i) * bertlet_tensor_rows(model, i);
    float *values = random_floats(floats, 0.2f, &state);
    CHECK(bertlet_tensor_begin(model, i, BERTLET_F32) == BERTLET_OK);
    if (merged && merged->ranks[i] > 0)
      CHECK(bertlet_tensor_merge_lora(model, merged->a[i], merged->b[i], merged->ranks[i], merged->scale[i]) ==
            BERTLET_OK);
    CHECK(bertlet_tensor_write(model, values, floats * sizeof(float)) == BERTLET_OK);
    free(values);
  }
  return model;
}

static bertlet_lora *write_adapters(const bertlet_model *model, const adapters *of) {
  size_t bytes = bertlet_lora_bytes(model, of->ranks);
  CHECK(bytes > 0);
  void *block = allocate(bytes);
  memset(block, 0xff, bytes); /* NaN, should any be read before it is written */
  bertlet_lora *lora = bertlet_lora_init(block, model, of->ranks);
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++)
    if (of->ranks[i] > 0)
      CHECK(bertlet_lora_write(lora, i, of->a[i], of->b[i], of->ranks[i], of->scale[i]) == BERTLET_OK);
  return lora;
}

/* ---- One linear layer -------------------------------------------------------------------------------------------- */

/* scale . B (A x) for output `output` of the linear layer at `place` of layer number `layer`, in double. */
static double beside(const bertlet_model *model, const adapters *of, const void *place, const float *x,
                     int32_t output) {
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    const tensor *t = &model->tensors[i];
    const int32_t row = output - t->entry->part * t->rows, rank = of->ranks[i];
    if (t->place != place || t->entry->kind != TENSOR_WEIGHT || row < 0 || row >= t->rows) continue;
    double sum = 0;
    for (int32_t r = 0; r < rank; r++) {
      double inner = 0;
      for (int32_t k = 0; k < t->columns; k++) inner += (double)of->a[i][(size_t)r * t->columns + k] * x[k];
      sum += inner * of->b[i][(size_t)row * rank + r];
    }
    return sum * of->scale[i];
  }
  return NAN;
}

static double activated(double x, epilogue apply) {
  switch (apply) {
  case EPILOGUE_GELU:
    return 0.5 * x * erfc(-x * sqrt(0.5));
  case EPILOGUE_RELU:
    return x > 0 ? x : 0;
  default:
    return x;
  }
}

/* What the layer gives without an adapter is checked elsewhere: here it is what an adapter adds, and that the
 * activation comes after it. Of int8 the fast GELU has an error of 1.8e-4. */
static void check_linear(const bertlet_model *model, const adapters *of, const linear *l, const adapter *by,
                         epilogue apply, float *inner) {
  uint32_t state = 3;
  float *x = random_floats((size_t)TOKENS * l->inputs, 1, &state);
  size_t floats = (size_t)TOKENS * l->outputs;
  float *plain = allocate(floats * sizeof(float)), *y = allocate(floats * sizeof(float));
  memset(y, 0xff, floats * sizeof(float));
  linear_forward(model, l, EPILOGUE_NONE, x, TOKENS, plain);
  adapted_linear_forward(model, l, by, inner, apply, x, TOKENS, y);
  double worst = 0;
  for (int32_t row = 0; row < TOKENS; row++)
    for (int32_t n = 0; n < l->outputs; n++) {
      const size_t at = (size_t)row * l->outputs + n;
      const double added = beside(model, of, l, x + (size_t)row * l->inputs, n);
      const double error = fabs(activated(plain[at] + added, apply) - y[at]);
      if (!(error <= worst)) worst = error;
    }
  const double bound = apply == EPILOGUE_GELU && !l->weight ? 2e-4 : 1e-5;
  if (!CHECK(worst <= bound)) printf("  %d -> %d: off by %.2g\n", l->inputs, l->outputs, worst);
  free(y);
  free(plain);
  free(x);
}

static void linear_layers_are_those_in_double(const bertlet_config *config) {
  bertlet_model *model = random_model(config, NULL, 1, NULL);
  adapters of = random_adapters(model);
  bertlet_lora *lora = write_adapters(model, &of);
  const epilogue applied[] = {EPILOGUE_NONE, EPILOGUE_RELU, EPILOGUE_GELU};
  for (int32_t i = 0; i < 2; i++)
    for (int32_t k = 0; k < 3; k++) {
      const layer *w = &model->weights.layers[i];
      const layer_adapters *a = &lora->layers[i];
      check_linear(model, &of, &w->qkv, &a->qkv, applied[k], lora->inner);
      check_linear(model, &of, &w->attention_output, &a->attention_output, applied[k], lora->inner);
      check_linear(model, &of, &w->intermediate, &a->intermediate, applied[k], lora->inner);
      check_linear(model, &of, &w->feed_forward_output, &a->feed_forward_output, applied[k], lora->inner);
    }
  free(lora);
  free_adapters(&of);
  free(model);
}

/* ---- The encoder ------------------------------------------------------------------------------------------------- */

typedef struct batch {
  int32_t ids[TOKENS], starts[4];
} batch;

static batch some_batch(void) {
  batch b = {.starts = {0, 1, 40, TOKENS}};
  for (int32_t i = 0; i < TOKENS; i++) b.ids[i] = i * 5 % 94;
  return b;
}

static float *forward(bertlet_model *model, bertlet_lora *lora) {
  const batch b = some_batch();
  float *hidden = allocate((size_t)TOKENS * model->config.hidden_size * sizeof(float));
  CHECK(bertlet_forward(model, b.ids, NULL, b.starts, 3, 2, hidden, lora) == BERTLET_OK);
  return hidden;
}

static bool same(const bertlet_model *model, const float *a, const float *b) {
  return memcmp(a, b, (size_t)TOKENS * model->config.hidden_size * sizeof(float)) == 0;
}

/* The same bits on any number of threads, layer by layer, alone and after other adapters; without adapters those of a
 * model that never had any. */
static float *beside_the_model(const bertlet_config *config, const adapters *of) {
  float *first = NULL, *without = NULL;
  for (int32_t count = 1; count <= MOST_THREADS; count *= 2) {
    pool *threads = pool_start(count);
    bertlet_model *model = random_model(config, threads, count, NULL);
    float *plain = forward(model, NULL);
    adapters none = {.ranks = {0}}, other = *of;
    for (int32_t i = 0; i < TENSORS; i++) other.scale[i] *= -3;
    bertlet_lora *lora = write_adapters(model, of), *second = write_adapters(model, &other);
    bertlet_lora *empty = write_adapters(model, &none);
    float *hidden = forward(model, lora), *changed = forward(model, second), *again = forward(model, lora);
    float *with_empty = forward(model, empty), *plain_again = forward(model, NULL);
    CHECK(same(model, hidden, again) && same(model, plain, plain_again) && same(model, plain, with_empty));
    CHECK(!same(model, hidden, plain) && !same(model, hidden, changed));

    const batch b = some_batch();
    CHECK(bertlet_embed(model, b.ids, NULL, b.starts, 3, again, lora) == BERTLET_OK);
    for (int32_t i = 0; i < 2; i++) CHECK(bertlet_run_layers(model, b.starts, 3, i, i + 1, again, lora) == BERTLET_OK);
    CHECK(same(model, hidden, again));
    CHECK(bertlet_forward(model, b.ids + 1, NULL, (int32_t[]){0, 39}, 1, 2, again, lora) == BERTLET_OK);
    CHECK(memcmp(again, hidden + config->hidden_size, 39 * (size_t)config->hidden_size * sizeof(float)) == 0);

    if (first) CHECK(same(model, first, hidden) && same(model, without, plain));
    if (!first) {
      first = hidden;
      without = plain;
    } else {
      free(hidden);
      free(plain);
    }
    free(changed);
    free(again);
    free(with_empty);
    free(plain_again);
    free(empty);
    free(second);
    free(lora);
    pool_stop(threads);
    free(model);
  }
  free(without);
  return first;
}

/* Merging is another way to the same numbers. Of int8 the merged weights are quantized anew, so they are only close. */
static void beside_equals_merged(bertlet_config config) {
  bertlet_model *shape = random_model(&config, NULL, 1, NULL);
  adapters of = random_adapters(shape);
  bertlet_model *merged = random_model(&config, NULL, 1, &of);
  float *expected = forward(merged, NULL);
  float *hidden = beside_the_model(&config, &of);
  difference d = compare(hidden, expected, TOKENS, config.hidden_size);
  if (!CHECK(d.largest <= 2e-5)) printf("  f32 beside and merged: %.2g\n", d.largest);

  config.weights = BERTLET_WEIGHTS_INT8;
  float *int8 = beside_the_model(&config, &of);
  d = compare(int8, expected, TOKENS, config.hidden_size);
  if (!CHECK(d.mean_cosine >= 0.997 && d.cosine >= 0.98))
    printf("  int8: cosine %.5f on average, %.5f at worst\n", d.mean_cosine, d.cosine);
  free(int8);
  free(hidden);
  free(expected);
  free(merged);
  free_adapters(&of);
  free(shape);
}

static void bad_input_is_refused(const bertlet_config *config) {
  bertlet_model *model = random_model(config, NULL, 1, NULL);
  int32_t ranks[TENSORS] = {0}, weight = -1, bias = -1;
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    if (model->tensors[i].entry->kind == TENSOR_WEIGHT && weight < 0) weight = i;
    if (model->tensors[i].entry->kind == TENSOR_BIAS && bias < 0) bias = i;
  }
  const int32_t wrong[][2] = {{0, 1}, {bias, 1}, {weight, -1}, {weight, config->hidden_size + 1}};
  for (int32_t i = 0; i < 4; i++) {
    ranks[wrong[i][0]] = wrong[i][1];
    CHECK(bertlet_lora_bytes(model, ranks) == 0);
    CHECK(bertlet_lora_init(NULL, model, ranks) == NULL);
    ranks[wrong[i][0]] = 0;
  }
  ranks[weight] = config->hidden_size;
  CHECK(bertlet_lora_bytes(model, ranks) > 0);
  ranks[weight] = 3;
  bertlet_lora *lora = bertlet_lora_init(allocate(bertlet_lora_bytes(model, ranks)), model, ranks);
  float a[3 * 64] = {0}, b[3 * 64] = {0};
  CHECK(bertlet_lora_write(lora, weight, a, b, 3, 1) == BERTLET_OK);
  CHECK(bertlet_lora_write(lora, -1, a, b, 3, 1) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_lora_write(lora, bertlet_tensor_count(model), a, b, 3, 1) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_lora_write(lora, bias, a, b, 3, 1) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_lora_write(lora, weight + 2, a, b, 3, 1) == BERTLET_ERROR_ARGUMENT); /* a weight without an adapter */
  CHECK(bertlet_lora_write(lora, weight, a, b, 0, 1) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_lora_write(lora, weight, a, b, 9, 1) == BERTLET_ERROR_ARGUMENT);
  a[1] = NAN;
  CHECK(bertlet_lora_write(lora, weight, a, b, 3, 1) == BERTLET_ERROR_NUMERIC);
  a[1] = 0;
  b[0] = 0x1p18f;
  CHECK(bertlet_lora_write(lora, weight, a, b, 3, 1) == BERTLET_OK);
  CHECK(bertlet_lora_write(lora, weight, a, b, 3, 5) == BERTLET_ERROR_NUMERIC);
  free(lora);
  free(model);
}

static bertlet_config config_of(bertlet_architecture architecture, int32_t embedding_size) {
  bertlet_config config = tiny_config(TOKENS);
  config.architecture = architecture;
  config.embedding_size = embedding_size;
  return config;
}

int main(void) {
  const bertlet_config bert = config_of(BERTLET_ARCHITECTURE_BERT, 0);
  const bertlet_config projected = config_of(BERTLET_ARCHITECTURE_BERT, 16);
  const bertlet_config megatron = config_of(BERTLET_ARCHITECTURE_MEGATRON_BERT, 0);
  bertlet_config int8 = bert;
  int8.weights = BERTLET_WEIGHTS_INT8;
  linear_layers_are_those_in_double(&bert);
#ifdef BERTLET_SIMD
  for (emulated_engine = ENGINE_X86; emulated_engine <= ENGINE_WRONG; emulated_engine++) {
#endif
    linear_layers_are_those_in_double(&int8);
    beside_equals_merged(bert);
    beside_equals_merged(projected);
    beside_equals_merged(megatron);
#ifdef BERTLET_SIMD
  }
#endif
  bad_input_is_refused(&bert);
  return report();
}
