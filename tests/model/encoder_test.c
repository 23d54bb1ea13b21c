/* The encoder against PyTorch on a tiny checkpoint, and what it promises about batches, threads and bad input. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

#ifdef BERTLET_SIMD
#include "relaxed_engine.h" /* each multiplies 8-bit numbers in its own way */
#endif

typedef struct fixture {
  safetensors checkpoint, expected;
  const int32_t *ids, *type_ids, *starts;
  int32_t sequences, tokens;
} fixture;

enum { HIDDEN = 32 };

static void open_fixture(fixture *f, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "tests/fixtures/model/%s/model.safetensors", name);
  bool found = safetensors_open(&f->checkpoint, path);
  snprintf(path, sizeof path, "tests/fixtures/model/%s/expected.safetensors", name);
  if (!found || !safetensors_open(&f->expected, path)) {
    printf("run this from the root of the repository: no %s\n", path);
    exit(1);
  }
  f->ids = (const int32_t *)(const void *)safetensors_find(&f->expected, "ids").data;
  f->type_ids = (const int32_t *)(const void *)safetensors_find(&f->expected, "type_ids").data;
  stored_tensor starts = safetensors_find(&f->expected, "starts");
  f->starts = (const int32_t *)(const void *)starts.data;
  f->sequences = (int32_t)(starts.bytes / sizeof(int32_t)) - 1;
  f->tokens = f->starts[f->sequences];
}

static void close_fixture(fixture *f) {
  safetensors_close(&f->checkpoint);
  safetensors_close(&f->expected);
}

static float *forward(bertlet_model *model, const fixture *f) {
  float *hidden = allocate((size_t)f->tokens * HIDDEN * sizeof(float));
  CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, 2, hidden) == BERTLET_OK);
  return hidden;
}

static void check_against(const fixture *f, const char *tensor, const float *values, int32_t rows) {
  const float *expected = (const float *)(const void *)safetensors_find(&f->expected, tensor).data;
  difference d = compare(values, expected, rows, HIDDEN);
  bool near = CHECK(d.largest <= 1e-5), parallel = CHECK(d.cosine >= 0.9999999);
  if (!near || !parallel) printf("  %s: largest difference %.2g, 1 - cosine %.2g\n", tensor, d.largest, 1 - d.cosine);
}

/* The hidden states after each layer, the embeddings first. */
static void check_depths(const fixture *f, bertlet_model *model) {
  const float *layers = (const float *)(const void *)safetensors_find(&f->expected, "layers").data;
  float *hidden = allocate((size_t)f->tokens * HIDDEN * sizeof(float));
  for (int32_t depth = 0; depth <= 2; depth++) {
    CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, depth, hidden) == BERTLET_OK);
    difference d = compare(hidden, layers + (size_t)depth * f->tokens * HIDDEN, f->tokens, HIDDEN);
    CHECK(d.largest <= 1e-5);
  }
  CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, 3, hidden) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_forward(model, f->ids, f->type_ids, f->starts, f->sequences, -1, hidden) == BERTLET_ERROR_ARGUMENT);
  free(hidden);
}

static void equals_pytorch(const char *name) {
  fixture f;
  open_fixture(&f, name);
  bertlet_config config = tiny_config(f.tokens);
  for (size_t longest_piece = 1; longest_piece < 10000; longest_piece = longest_piece * 7 + 4) {
    bertlet_model *model = load_model(&config, NULL, 1, &f.checkpoint, longest_piece);
    float *hidden = forward(model, &f);
    check_against(&f, "hidden", hidden, f.tokens);
    if (longest_piece == 1) check_depths(&f, model);
    float *pooled = allocate((size_t)f.sequences * HIDDEN * sizeof(float));
    bertlet_pool(hidden, f.starts, f.sequences, HIDDEN, BERTLET_POOL_MEAN, false, pooled);
    check_against(&f, "mean", pooled, f.sequences);
    bertlet_pool(hidden, f.starts, f.sequences, HIDDEN, BERTLET_POOL_CLS, false, pooled);
    check_against(&f, "cls", pooled, f.sequences);
    free(pooled);
    free(hidden);
    free(model);
  }
  close_fixture(&f);
}

/* Quantized to 8 bits, random weights give nearly the same vectors, and the same fingerprint. */
static void int8_is_close(const fixture *f) {
  bertlet_config config = tiny_config(f->tokens), int8 = config;
  int8.weights = BERTLET_WEIGHTS_INT8;
  CHECK(bertlet_model_bytes(&int8, 1) < bertlet_model_bytes(&config, 1));
  bertlet_model *exact = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  bertlet_model *model = load_model(&int8, NULL, 1, &f->checkpoint, 4096);
  CHECK(bertlet_model_fingerprint(model) == bertlet_model_fingerprint(exact));
  CHECK(bertlet_model_weight_bits(exact) == 32);
  CHECK(bertlet_model_weight_bits(model) == 7 || bertlet_model_weight_bits(model) == 8);
  float *hidden = forward(model, f);
  const float *expected = (const float *)(const void *)safetensors_find(&f->expected, "hidden").data;
  difference d = compare(hidden, expected, f->tokens, HIDDEN);
  bool close = CHECK(d.mean_cosine >= 0.9975 && d.cosine >= 0.99);
  if (!close) printf("  cosine %.5f on average, %.5f at worst\n", d.mean_cosine, d.cosine);
  free(hidden);
  free(model);
  free(exact);
}

static void batch_does_not_matter(const fixture *f, bertlet_weights weights) {
  bertlet_config config = tiny_config(f->tokens);
  config.weights = weights;
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  float *batch = forward(model, f);
  float *alone = allocate((size_t)config.max_position_embeddings * HIDDEN * sizeof(float));
  for (int32_t i = 0; i < f->sequences; i++) {
    int32_t begin = f->starts[i], starts[2] = {0, f->starts[i + 1] - begin};
    CHECK(bertlet_forward(model, f->ids + begin, f->type_ids + begin, starts, 1, 2, alone) == BERTLET_OK);
    CHECK(memcmp(alone, batch + (size_t)begin * HIDDEN, (size_t)starts[1] * HIDDEN * sizeof(float)) == 0);
  }
  free(alone);
  free(batch);
  free(model);
}

static void threads_do_not_matter(const fixture *f, bertlet_weights weights) {
  bertlet_config config = tiny_config(f->tokens);
  config.weights = weights;
  bertlet_model *single = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  float *expected = forward(single, f);
  for (int32_t count = 1; count <= 4; count++) {
    pool *p = pool_start(count);
    bertlet_model *model = load_model(&config, pool_threads(p), count, &f->checkpoint, 4096);
    for (int32_t repeat = 0; repeat < 20; repeat++) {
      float *hidden = forward(model, f);
      CHECK(memcmp(hidden, expected, (size_t)f->tokens * HIDDEN * sizeof(float)) == 0);
      free(hidden);
    }
    pool_stop(p);
    free(model);
  }
  free(expected);
  free(single);
}

static void type_ids_default_to_zero(const fixture *f) {
  bertlet_config config = tiny_config(f->tokens);
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  int32_t zeros[8] = {0}, starts[] = {0, 8};
  float with[8 * HIDDEN], without[8 * HIDDEN], ones[8 * HIDDEN];
  CHECK(bertlet_forward(model, f->ids, zeros, starts, 1, 2, with) == BERTLET_OK);
  CHECK(bertlet_forward(model, f->ids, NULL, starts, 1, 2, without) == BERTLET_OK);
  CHECK(memcmp(with, without, sizeof with) == 0);
  CHECK(bertlet_forward(model, f->ids, (int32_t[8]){0, 0, 0, 1}, starts, 1, 2, ones) == BERTLET_OK);
  CHECK(memcmp(with, ones, sizeof with) != 0);
  free(model);
}

static void bad_batches_are_refused(const fixture *f) {
  bertlet_config config = tiny_config(60);
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  int32_t ids[64] = {0}, types[64] = {0};
  float *hidden = allocate(64 * HIDDEN * sizeof(float));
#define STATUS(type_ids, sequences, ...)                                                                               \
  bertlet_forward(model, ids, type_ids, (int32_t[]){__VA_ARGS__}, sequences, 2, hidden)
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

/* Weights that are finite but overflow on the way. */
static void overflow_is_reported(const fixture *f, bertlet_weights weights) {
  bertlet_config config = tiny_config(8);
  config.weights = weights;
  bertlet_model *model = load_model(&config, NULL, 1, &f->checkpoint, 4096);
  float huge[HIDDEN], hidden[8 * HIDDEN];
  for (int32_t i = 0; i < HIDDEN; i++) huge[i] = 3e38f;
  int32_t last = bertlet_tensor_count(model) - 2; /* the last normalization's gamma */
  CHECK(bertlet_tensor_begin(model, last, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, huge, sizeof huge) == BERTLET_OK);
  CHECK(bertlet_forward(model, f->ids, NULL, (int32_t[]){0, 8}, 1, 2, hidden) == BERTLET_ERROR_NUMERIC);
  free(model);
}

static void promises_are_kept(const fixture *f, bertlet_weights weights) {
  batch_does_not_matter(f, weights);
  threads_do_not_matter(f, weights);
  overflow_is_reported(f, weights);
}

static void all_of_int8(const fixture *f) {
  int8_is_close(f);
  promises_are_kept(f, BERTLET_WEIGHTS_INT8);
}

int main(void) {
  equals_pytorch("tiny-f32");
  equals_pytorch("tiny-f16");
  equals_pytorch("tiny-bf16");
  fixture f;
  open_fixture(&f, "tiny-f32");
  promises_are_kept(&f, BERTLET_WEIGHTS_F32);
#ifdef BERTLET_SIMD
  for (emulated_engine = ENGINE_X86; emulated_engine <= ENGINE_WRONG; emulated_engine++) all_of_int8(&f);
#else
  all_of_int8(&f);
#endif
  type_ids_default_to_zero(&f);
  bad_batches_are_refused(&f);
  close_fixture(&f);
  return report();
}
