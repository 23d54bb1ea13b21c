/* all-MiniLM-L6-v2 against PyTorch on 128 texts, when the model is in the local model folder. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "support.h"

enum { HIDDEN = 384, SKIPPED = 77, BATCH_TOKENS = 2048 };

static const bertlet_config config = {.vocab_size = 30522,
                                      .hidden_size = HIDDEN,
                                      .num_hidden_layers = 6,
                                      .num_attention_heads = 12,
                                      .intermediate_size = 1536,
                                      .max_position_embeddings = 512,
                                      .type_vocab_size = 2,
                                      .hidden_act = BERTLET_GELU,
                                      .layer_norm_eps = 1e-12f,
                                      .max_batch_tokens = BATCH_TOKENS};

static bool open_checkpoint(safetensors *file) {
  const char *home = getenv("BERTLET_HOME"), *cache = getenv("XDG_CACHE_HOME"), *user = getenv("HOME");
  char path[1024];
  const char *root = home    ? home
                     : cache ? cache
                     : user  ? user
                             : "",
             *under = home    ? ""
                      : cache ? "/bertlet"
                              : "/.cache/bertlet";
  snprintf(path, sizeof path, "%s%s/models/sentence-transformers/all-MiniLM-L6-v2/model.safetensors", root, under);
  bool found = safetensors_open(file, path);
  if (!found) printf("skipped: no %s\n", path);
  return found;
}

typedef struct fixture {
  safetensors expected;
  const int32_t *ids, *starts;
  int32_t sequences, tokens;
  int32_t known_tokens; /* the first so many, whose hidden states are there */
} fixture;

static void open_fixture(fixture *f, const char *path) {
  if (!safetensors_open(&f->expected, path)) {
    printf("run this from the root of the repository: no %s\n", path);
    exit(1);
  }
  stored_tensor starts = safetensors_find(&f->expected, "starts");
  f->ids = (const int32_t *)(const void *)safetensors_find(&f->expected, "ids").data;
  f->starts = (const int32_t *)(const void *)starts.data;
  f->sequences = (int32_t)(starts.bytes / sizeof(int32_t)) - 1;
  f->tokens = f->starts[f->sequences];
  f->known_tokens = (int32_t)(safetensors_find(&f->expected, "hidden").bytes / sizeof(float) / HIDDEN);
}

typedef struct result {
  float *hidden; /* [tokens][HIDDEN] */
  float *mean;   /* [sequences][HIDDEN] */
} result;

/* The texts in batches of up to `longest` tokens, or one by one where they are longer. */
static result run(bertlet_model *model, const fixture *f, int32_t longest) {
  result r = {allocate((size_t)f->tokens * HIDDEN * sizeof(float)),
              allocate((size_t)f->sequences * HIDDEN * sizeof(float))};
  for (int32_t first = 0, end; first < f->sequences; first = end) {
    int32_t batch[256] = {0}, begin = f->starts[first];
    for (end = first; end < f->sequences && (end == first || f->starts[end + 1] - begin <= longest); end++)
      batch[end + 1 - first] = f->starts[end + 1] - begin;
    float *out = r.hidden + (size_t)begin * HIDDEN;
    CHECK(bertlet_forward(model, f->ids + begin, NULL, batch, end - first, 6, out, NULL) == BERTLET_OK);
    bertlet_pool(out, batch, end - first, HIDDEN, BERTLET_POOL_MEAN, false, r.mean + (size_t)first * HIDDEN);
  }
  return r;
}

static void free_result(result r) {
  free(r.hidden);
  free(r.mean);
}

static const float *expected_values(const fixture *f, const char *tensor) {
  return (const float *)(const void *)safetensors_find(&f->expected, tensor).data;
}

static void f32_equals_pytorch(const safetensors *checkpoint, const fixture *f, pool *p) {
  bertlet_model *model = load_model(&config, pool_threads(p), 2, checkpoint, 1 << 20);
  CHECK(bertlet_model_weight_bits(model) == 32);
  result r = run(model, f, BATCH_TOKENS);
  difference means = compare(r.mean, expected_values(f, "mean"), f->sequences, HIDDEN);
  difference tokens = compare(r.hidden, expected_values(f, "hidden"), f->known_tokens, HIDDEN);
  printf("f32: largest difference of means %.2g, of tokens %.2g, 1 - cosine %.2g, %.2g\n", means.largest,
         tokens.largest, 1 - means.cosine, 1 - tokens.cosine);
  CHECK(means.largest <= 1e-4 && tokens.largest <= 1e-4);
  CHECK(means.cosine >= 0.99999 && tokens.cosine >= 0.99999);
  free_result(r);
  free(model);
}

/* Weights of 8 bits, and of 7 as engines want them whose product of integers takes no more. */
static void int8_is_close_to_pytorch(const safetensors *checkpoint, const fixture *f, pool *p, int8_path path) {
  bertlet_config int8 = config;
  int8.weights = BERTLET_WEIGHTS_INT8;
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&int8, 2)), &int8, pool_threads(p));
  model->path = path;
  write_weights(model, checkpoint, 1 << 20);
  result r = run(model, f, BATCH_TOKENS);
  difference means = compare(r.mean, expected_values(f, "mean"), f->sequences, HIDDEN);
  difference tokens = compare(r.hidden, expected_values(f, "hidden"), f->known_tokens, HIDDEN);
  int32_t bits = bertlet_model_weight_bits(model);
  CHECK(bits == (path == INT8_PAIRS ? 7 : 8));
  printf("int8, weights of %d bits: cosine of means %.5f on average, %.5f at worst; of tokens %.5f, %.5f\n", bits,
         means.mean_cosine, means.cosine, tokens.mean_cosine, tokens.cosine);
  CHECK(means.mean_cosine >= 0.9975);
  CHECK(tokens.cosine >= 0.99);

  /* The same bits one by one. */
  result alone = run(model, f, 0);
  CHECK(memcmp(alone.hidden, r.hidden, (size_t)f->tokens * HIDDEN * sizeof(float)) == 0);
  free_result(alone);
  free_result(r);
  free(model);
}

int main(void) {
  safetensors checkpoint;
  if (!open_checkpoint(&checkpoint)) return SKIPPED;
  fixture all_sorts, sentences;
  open_fixture(&all_sorts, "tests/fixtures/model/minilm/expected.safetensors");
  open_fixture(&sentences, "tests/fixtures/model/minilm-sentences/expected.safetensors");
  pool *p = pool_start(2);
  f32_equals_pytorch(&checkpoint, &all_sorts, p);
  int8_is_close_to_pytorch(&checkpoint, &sentences, p, INT8_WIDE);
  int8_is_close_to_pytorch(&checkpoint, &sentences, p, INT8_PAIRS);
  pool_stop(p);
  safetensors_close(&all_sorts.expected);
  safetensors_close(&sentences.expected);
  safetensors_close(&checkpoint);
  return report();
}
