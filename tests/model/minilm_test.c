/* all-MiniLM-L6-v2 against PyTorch on 128 texts, when the model is in the local model folder. */
#include <stdlib.h>
#include <string.h>

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

static void check_rows(const char *what, const float *values, const float *expected, int32_t rows) {
  difference d = compare(values, expected, rows, HIDDEN);
  printf("%s: largest difference %.2g, 1 - cosine %.2g\n", what, d.largest, 1 - d.cosine);
  CHECK(d.largest <= 1e-4);
  CHECK(d.cosine >= 0.99999);
}

int main(void) {
  safetensors checkpoint, expected;
  if (!open_checkpoint(&checkpoint)) return SKIPPED;
  if (!safetensors_open(&expected, "tests/fixtures/model/minilm/expected.safetensors")) return 1;
  const int32_t *ids = (const int32_t *)(const void *)safetensors_find(&expected, "ids").data;
  stored_tensor stored_starts = safetensors_find(&expected, "starts"),
                stored_hidden = safetensors_find(&expected, "hidden");
  const int32_t *starts = (const int32_t *)(const void *)stored_starts.data;
  int32_t sequences = (int32_t)(stored_starts.bytes / sizeof(int32_t)) - 1, tokens = starts[sequences];

  pool *p = pool_start(2);
  bertlet_model *model = load_model(&config, pool_threads(p), 2, &checkpoint, 1 << 20);
  float *hidden = allocate((size_t)tokens * HIDDEN * sizeof(float));
  float *mean = allocate((size_t)sequences * HIDDEN * sizeof(float));
  for (int32_t first = 0, end; first < sequences; first = end) {
    int32_t batch[256] = {0};
    for (end = first; end < sequences && starts[end + 1] - starts[first] <= BATCH_TOKENS; end++)
      batch[end + 1 - first] = starts[end + 1] - starts[first];
    float *out = hidden + (size_t)starts[first] * HIDDEN;
    CHECK(bertlet_forward(model, ids + starts[first], NULL, batch, end - first, out) == BERTLET_OK);
    bertlet_pool(out, batch, end - first, HIDDEN, BERTLET_POOL_MEAN, false, mean + (size_t)first * HIDDEN);
  }
  check_rows("mean of 128 texts", mean, (const float *)(const void *)safetensors_find(&expected, "mean").data,
             sequences);
  check_rows("tokens of short texts", hidden, (const float *)(const void *)stored_hidden.data,
             (int32_t)(stored_hidden.bytes / sizeof(float) / HIDDEN));

  pool_stop(p);
  free(mean);
  free(hidden);
  free(model);
  safetensors_close(&expected);
  safetensors_close(&checkpoint);
  return report();
}
