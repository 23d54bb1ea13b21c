/* The encoder against PyTorch on tiny checkpoints, and what it promises about batches, threads, layers and bad input.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#ifdef BERTLET_SIMD
#include "relaxed_engine.h" /* each multiplies 8-bit numbers in its own way */
#endif

static const float *expected_values(const tiny_fixture *f, const char *tensor) {
  return (const float *)(const void *)safetensors_find(&f->expected, tensor).data;
}

/* Values of a hidden state for each token. */
static size_t hidden_values(const tiny_fixture *f) { return (size_t)f->tokens * f->config.hidden_size; }

static float *allocate_hidden(const tiny_fixture *f) { return allocate(hidden_values(f) * sizeof(float)); }

static bool same_hidden(const tiny_fixture *f, const float *a, const float *b) {
  return memcmp(a, b, hidden_values(f) * sizeof(float)) == 0;
}

static float *forward(bertlet_model *model, const tiny_fixture *f) {
  float *hidden = allocate_hidden(f);
  CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, 2, hidden, NULL) == BERTLET_OK);
  return hidden;
}

static void check_against(const char *what, const float *values, const float *expected, int32_t rows, int32_t columns) {
  difference d = compare(values, expected, rows, columns);
  bool near = CHECK(d.largest <= 1e-5), parallel = CHECK(d.cosine >= 0.9999999);
  if (!near || !parallel) printf("  %s: largest difference %.2g, 1 - cosine %.2g\n", what, d.largest, 1 - d.cosine);
}

/* The hidden states after each layer, the embeddings first, in calls of their own and layer by layer in one pass. */
static void check_depths(const tiny_fixture *f, bertlet_model *model) {
  const float *layers = expected_values(f, "layers");
  int32_t hidden_size = f->config.hidden_size;
  float *hidden = allocate_hidden(f), *states = allocate_hidden(f);
  CHECK(bertlet_embed(model, f->ids, f->type_ids, f->starts, f->sequences, states, NULL) == BERTLET_OK);
  for (int32_t depth = 0; depth <= 2; depth++) {
    if (depth > 0)
      CHECK(bertlet_run_layers(model, f->starts, f->sequences, depth - 1, depth, states, NULL) == BERTLET_OK);
    CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, depth, hidden, NULL) == BERTLET_OK);
    check_against("layers", hidden, layers + depth * hidden_values(f), f->tokens, hidden_size);
    CHECK(same_hidden(f, hidden, states));
  }
  CHECK(bertlet_run_layers(model, f->starts, f->sequences, 2, 2, states, NULL) ==
        BERTLET_OK); /* none: nothing changes */
  CHECK(same_hidden(f, hidden, states));
  CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, 3, hidden, NULL) ==
        BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, -1, hidden, NULL) ==
        BERTLET_ERROR_ARGUMENT);
  free(states);
  free(hidden);
}

static void check_pooling(const tiny_fixture *f, const float *hidden) {
  int32_t hidden_size = f->config.hidden_size;
  float *pooled = allocate((size_t)f->sequences * hidden_size * sizeof(float));
  bertlet_pool(hidden, f->starts, f->sequences, hidden_size, BERTLET_POOL_MEAN, false, pooled);
  check_against("mean", pooled, expected_values(f, "mean"), f->sequences, hidden_size);
  bertlet_pool(hidden, f->starts, f->sequences, hidden_size, BERTLET_POOL_CLS, false, pooled);
  check_against("cls", pooled, expected_values(f, "cls"), f->sequences, hidden_size);
  free(pooled);
}

static void bert_equals_pytorch(const char *name) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  for (size_t longest_piece = 1; longest_piece < 10000; longest_piece = longest_piece * 7 + 4) {
    bertlet_model *model = load_model(&f.config, NULL, 1, &f.checkpoint, longest_piece);
    float *hidden = forward(model, &f);
    check_against("hidden", hidden, expected_values(&f, "hidden"), f.tokens, f.config.hidden_size);
    if (longest_piece == 1) check_depths(&f, model);
    check_pooling(&f, hidden);
    free(hidden);
    free(model);
  }
  close_tiny_fixture(&f);
}

static void megatron_equals_pytorch(const tiny_fixture *f) {
  bertlet_model *model = load_model(&f->config, NULL, 1, &f->checkpoint, 4096);
  check_depths(f, model);
  free(model);
}

/* Quantized to 8 bits, random weights give nearly the same vectors, and the same fingerprint. */
static void int8_is_close(const tiny_fixture *f) {
  bertlet_config config = f->config, int8 = config;
  int8.weights = BERTLET_WEIGHTS_INT8;
  bertlet_model *exact = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  bertlet_model *model = load_model(&int8, NULL, 1, &f->checkpoint, 4096);
  CHECK(bertlet_model_fingerprint(model) == bertlet_model_fingerprint(exact));
  CHECK(bertlet_model_weight_bits(exact) == 32);
  CHECK(bertlet_model_weight_bits(model) == 7 || bertlet_model_weight_bits(model) == 8);
  float *hidden = forward(model, f);
  const float *expected = expected_values(f, "layers") + 2 * hidden_values(f);
  difference d = compare(hidden, expected, f->tokens, config.hidden_size);
  bool close = CHECK(d.mean_cosine >= 0.9975 && d.cosine >= 0.99);
  if (!close) printf("  cosine %.5f on average, %.5f at worst\n", d.mean_cosine, d.cosine);
  free(hidden);
  free(model);
  free(exact);
}

static void batch_does_not_matter(const tiny_fixture *f, bertlet_weights weights) {
  bertlet_config config = f->config;
  config.weights = weights;
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  float *batch = forward(model, f);
  float *alone = allocate((size_t)config.max_position_embeddings * config.hidden_size * sizeof(float));
  for (int32_t i = 0; i < f->sequences; i++) {
    int32_t begin = f->starts[i], starts[2] = {0, f->starts[i + 1] - begin};
    CHECK(bertlet_forward(model, f->ids + begin, f->type_ids + begin, starts, 1, 2, alone, NULL) == BERTLET_OK);
    CHECK(memcmp(alone, batch + (size_t)begin * config.hidden_size,
                 (size_t)starts[1] * config.hidden_size * sizeof(float)) == 0);
  }
  free(alone);
  free(batch);
  free(model);
}

static void threads_do_not_matter(const tiny_fixture *f, bertlet_weights weights) {
  bertlet_config config = f->config;
  config.weights = weights;
  bertlet_model *single = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  float *expected = forward(single, f);
  for (int32_t count = 1; count <= 4; count++) {
    pool *p = pool_start(count);
    bertlet_model *model = load_model(&config, pool_threads(p), count, &f->checkpoint, 4096);
    for (int32_t repeat = 0; repeat < 20; repeat++) {
      float *hidden = forward(model, f);
      CHECK(same_hidden(f, hidden, expected));
      free(hidden);
    }
    pool_stop(p);
    free(model);
  }
  free(expected);
  free(single);
}

static void layers_one_by_one_give_the_same_bits(const tiny_fixture *f, bertlet_weights weights) {
  bertlet_config config = f->config;
  config.weights = weights;
  pool *p = pool_start(3);
  bertlet_model *model = load_model(&config, pool_threads(p), 3, &f->checkpoint, 4096);
  float *expected = forward(model, f), *hidden = allocate_hidden(f);
  CHECK(bertlet_embed(model, f->ids, f->type_ids, f->starts, f->sequences, hidden, NULL) == BERTLET_OK);
  for (int32_t layer = 0; layer < 2; layer++)
    CHECK(bertlet_run_layers(model, f->starts, f->sequences, layer, layer + 1, hidden, NULL) == BERTLET_OK);
  CHECK(same_hidden(f, hidden, expected));
  pool_stop(p);
  free(hidden);
  free(expected);
  free(model);
}

static void type_ids_default_to_zero(const tiny_fixture *f) {
  enum { HIDDEN = 32 };
  bertlet_config config = f->config;
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  int32_t zeros[8] = {0}, starts[] = {0, 8};
  float with[8 * HIDDEN], without[8 * HIDDEN], ones[8 * HIDDEN];
  CHECK(bertlet_forward(model, f->ids, zeros, starts, 1, 2, with, NULL) == BERTLET_OK);
  CHECK(bertlet_forward(model, f->ids, NULL, starts, 1, 2, without, NULL) == BERTLET_OK);
  CHECK(memcmp(with, without, sizeof with) == 0);
  CHECK(bertlet_forward(model, f->ids, (int32_t[8]){0, 0, 0, 1}, starts, 1, 2, ones, NULL) == BERTLET_OK);
  CHECK(memcmp(with, ones, sizeof with) != 0);
  free(model);
}

/* Of bertlet_forward() and bertlet_embed(), which must agree. */
static bertlet_status both_statuses(bertlet_model *model, const int32_t *ids, const int32_t *type_ids,
                                    const int32_t *starts, int32_t sequences, float *hidden) {
  bertlet_status status = bertlet_forward(model, ids, type_ids, starts, sequences, 2, hidden, NULL);
  CHECK(bertlet_embed(model, ids, type_ids, starts, sequences, hidden, NULL) == status);
  return status;
}

static void bad_batches_are_refused(const tiny_fixture *f) {
  bertlet_config config = tiny_config(60);
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  int32_t ids[64] = {0}, types[64] = {0};
  float *hidden = allocate((size_t)64 * config.hidden_size * sizeof(float));
#define STATUS(type_ids, sequences, ...)                                                                               \
  both_statuses(model, ids, type_ids, (int32_t[]){__VA_ARGS__}, sequences, hidden)
  CHECK(STATUS(types, 2, 0, 20, 60) == BERTLET_OK);
  CHECK(STATUS(types, 0, 0) == BERTLET_OK);
  CHECK(STATUS(types, -1, 0) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(types, 1, 1, 3) == BERTLET_ERROR_ARGUMENT);      /* does not begin at 0 */
  CHECK(STATUS(types, 1, 0, 0) == BERTLET_ERROR_ARGUMENT);      /* an empty sequence */
  CHECK(STATUS(types, 2, 0, 5, 4) == BERTLET_ERROR_ARGUMENT);   /* a negative one */
  CHECK(STATUS(types, 1, 0, 41) == BERTLET_ERROR_ARGUMENT);     /* more than 40 positions */
  CHECK(STATUS(types, 2, 0, 30, 61) == BERTLET_ERROR_ARGUMENT); /* more than the plan's 60 tokens */
  CHECK(STATUS(types, 2, 0, INT32_MIN, INT32_MAX) == BERTLET_ERROR_ARGUMENT);
  ids[3] = config.vocab_size - 1;
  types[3] = 1;
  CHECK(STATUS(types, 1, 0, 8) == BERTLET_OK);
  types[3] = 2;
  CHECK(STATUS(types, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(types, 1, 0, 3) == BERTLET_OK);
  types[3] = -1;
  CHECK(STATUS(types, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
  ids[3] = config.vocab_size;
  CHECK(STATUS(NULL, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
  ids[3] = -1;
  CHECK(STATUS(NULL, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
#undef STATUS
  free(hidden);
  free(model);
}

static void bad_layers_are_refused(const tiny_fixture *f) {
  bertlet_config config = tiny_config(60);
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  float *hidden = allocate((size_t)64 * config.hidden_size * sizeof(float));
  memset(hidden, 0, (size_t)64 * config.hidden_size * sizeof(float));
#define STATUS(begin, end, sequences, ...)                                                                             \
  bertlet_run_layers(model, (int32_t[]){__VA_ARGS__}, sequences, begin, end, hidden, NULL)
  CHECK(STATUS(0, 1, 1, 0, 8) == BERTLET_ERROR_INCOMPLETE);
  write_weights(model, &f->checkpoint, 4096);
  CHECK(STATUS(0, 1, 1, 0, 8) == BERTLET_OK);
  CHECK(STATUS(1, 2, 0, 0) == BERTLET_OK);
  CHECK(STATUS(-1, 1, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(0, 3, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(2, 1, 1, 0, 8) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(0, 2, -1, 0) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(0, 2, 1, 1, 3) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(0, 2, 1, 0, 0) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(0, 2, 1, 0, 41) == BERTLET_ERROR_ARGUMENT);
  CHECK(STATUS(0, 2, 2, 0, 30, 61) == BERTLET_ERROR_ARGUMENT);
  hidden[3] = NAN;
  CHECK(STATUS(0, 2, 1, 0, 8) == BERTLET_ERROR_NUMERIC);
#undef STATUS
  free(hidden);
  free(model);
}

/* Weights so large that f32 would overflow on the way are refused, in int8 as in f32; hidden states that are not finite
 * are told. `gamma`: the name of the last normalization's. */
static void overflow_is_reported(const tiny_fixture *f, bertlet_weights weights, const char *gamma) {
  enum { MAX_HIDDEN = 32 };
  bertlet_config config = f->config;
  config.weights = weights;
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  float huge[MAX_HIDDEN], hidden[8 * MAX_HIDDEN];
  for (int32_t i = 0; i < MAX_HIDDEN; i++) huge[i] = i == 3 ? 3e38f : 1;
  int32_t index = 0;
  for (char name[BERTLET_TENSOR_NAME_BYTES]; bertlet_tensor_name(model, index, name), strcmp(name, gamma) != 0;)
    index++;
  CHECK(bertlet_tensor_begin(model, index, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, huge, (size_t)config.hidden_size * sizeof(float)) == BERTLET_ERROR_NUMERIC);
  huge[3] = 0x1p20f;
  CHECK(bertlet_tensor_begin(model, index, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, huge, (size_t)config.hidden_size * sizeof(float)) == BERTLET_OK);
  CHECK(bertlet_forward(model, f->ids, NULL, (int32_t[]){0, 8}, 1, 2, hidden, NULL) == BERTLET_OK);
  const float values[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    CHECK(bertlet_forward(model, f->ids, NULL, (int32_t[]){0, 8}, 1, 0, hidden, NULL) == BERTLET_OK);
    hidden[5] = values[i];
    CHECK(bertlet_run_layers(model, (int32_t[]){0, 8}, 1, 0, 2, hidden, NULL) == BERTLET_ERROR_NUMERIC);
  }
  free(model);
}

/* 8 bits have no limit of their own: here are more inputs than 16 bits could number. */
static void wide_int8_layers_are_close(void) {
  enum { TOKENS = 20 };
  bertlet_config config = tiny_config(TOKENS);
  config.num_hidden_layers = 1;
  config.intermediate_size = 70000;
  float hidden[2][TOKENS * 32];
  int32_t ids[TOKENS];
  for (int32_t i = 0; i < TOKENS; i++) ids[i] = i * 4;
  for (config.weights = BERTLET_WEIGHTS_F32; config.weights <= BERTLET_WEIGHTS_INT8; config.weights++) {
    bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
    uint32_t state = 1;
    for (int32_t index = 0; index < bertlet_tensor_count(model); index++) {
      int32_t columns = bertlet_tensor_columns(model, index), rows = bertlet_tensor_rows(model, index);
      float *row = allocate((size_t)columns * sizeof(float));
      CHECK(bertlet_tensor_begin(model, index, BERTLET_F32) == BERTLET_OK);
      for (int32_t written = 0; written < rows; written++) {
        for (int32_t i = 0; i < columns; i++)
          row[i] = (float)((int32_t)(random_number(&state) >> 8 & 0xff) - 128) / 512;
        CHECK(bertlet_tensor_write(model, row, (size_t)columns * sizeof(float)) == BERTLET_OK);
      }
      free(row);
    }
    CHECK(bertlet_forward(model, ids, NULL, (int32_t[]){0, 4, TOKENS}, 2, 1, hidden[config.weights], NULL) ==
          BERTLET_OK);
    free(model);
  }
  difference d = compare(hidden[1], hidden[0], TOKENS, 32);
  if (!CHECK(d.cosine >= 0.99)) printf("  cosine %.5f at worst\n", d.cosine);
}

static void promises_are_kept(const tiny_fixture *f, bertlet_weights weights, const char *last_gamma) {
  batch_does_not_matter(f, weights);
  threads_do_not_matter(f, weights);
  layers_one_by_one_give_the_same_bits(f, weights);
  overflow_is_reported(f, weights, last_gamma);
}

static void all_of_both_weights(const tiny_fixture *f, const char *last_gamma) {
  promises_are_kept(f, BERTLET_WEIGHTS_F32, last_gamma);
#ifdef BERTLET_SIMD
  for (emulated_engine = ENGINE_X86; emulated_engine <= ENGINE_WRONG; emulated_engine++) {
#endif
    int8_is_close(f);
    promises_are_kept(f, BERTLET_WEIGHTS_INT8, last_gamma);
#ifdef BERTLET_SIMD
  }
#endif
}

int main(void) {
  bert_equals_pytorch("tiny-f32");
  bert_equals_pytorch("tiny-f16");
  bert_equals_pytorch("tiny-bf16");
  tiny_fixture bert, megatron;
  open_tiny_fixture(&bert, "tiny-f32");
  open_tiny_fixture(&megatron, "tiny-megatron");
  megatron_equals_pytorch(&megatron);
  all_of_both_weights(&bert, "encoder.layer.1.output.LayerNorm.weight");
  all_of_both_weights(&megatron, "encoder.ln.weight");
  type_ids_default_to_zero(&bert);
  bad_batches_are_refused(&bert);
  bad_layers_are_refused(&bert);
  wide_int8_layers_are_close();
  close_tiny_fixture(&megatron);
  close_tiny_fixture(&bert);
  return report();
}
