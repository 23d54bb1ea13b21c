/* Fuzz target: batches of any ids, types, starts and layers. Numbers outside their ranges are refused, and `hidden` is
 * not touched; others give finite numbers, and each sequence the same bits as alone. */
#include "models.h"

enum { MOST_SEQUENCES = 8 };

typedef struct batch {
  int32_t sequences, tokens, layers;
  int32_t starts[MOST_SEQUENCES + 1];
  int32_t *ids, *type_ids; /* [tokens] */
} batch;

static batch take_batch(const bertlet_config *config, input *in) {
  batch b = {.sequences = take_below(in, MOST_SEQUENCES + 1), .layers = take_wild(in, config->num_hidden_layers + 1)};
  for (int32_t i = 1; i <= b.sequences; i++)
    b.starts[i] = b.starts[i - 1] + 1 + take_below(in, config->max_position_embeddings / 2 + 1);
  if (take_below(in, 4) == 0) b.starts[take_below(in, MOST_SEQUENCES + 1)] = take_wild(in, config->max_batch_tokens);
  int32_t last = b.starts[b.sequences];
  b.tokens = last < 0 || last > config->max_batch_tokens ? 0 : last;
  b.ids = malloc((size_t)b.tokens * sizeof *b.ids + 1);
  b.type_ids = malloc((size_t)b.tokens * sizeof *b.type_ids + 1);
  for (int32_t i = 0; i < b.tokens; i++) {
    bool wild = take_below(in, 32) == 0;
    b.ids[i] = wild ? take_wild(in, config->vocab_size) : take_below(in, config->vocab_size);
    b.type_ids[i] = wild || config->type_vocab_size == 0 ? take_wild(in, 3) : take_below(in, config->type_vocab_size);
  }
  return b;
}

static bool is_valid(const bertlet_config *config, const batch *b, bool typed) {
  if (b->layers < 0 || b->layers > config->num_hidden_layers || b->starts[0] != 0) return false;
  for (int32_t i = 0; i < b->sequences; i++) {
    int64_t length = (int64_t)b->starts[i + 1] - b->starts[i];
    if (length < 1 || length > config->max_position_embeddings) return false;
  }
  if (b->starts[b->sequences] > config->max_batch_tokens) return false;
  for (int32_t i = 0; i < b->tokens; i++) {
    if (b->ids[i] < 0 || b->ids[i] >= config->vocab_size) return false;
    if (typed && config->type_vocab_size > 0 && (b->type_ids[i] < 0 || b->type_ids[i] >= config->type_vocab_size))
      return false;
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  bertlet_config config = take_config(&in);
  bertlet_model *model = make_model(&config);
  if (!model) return 0;
  fill(model, (uint32_t)size);
  batch b = take_batch(&config, &in);
  bool typed = take_below(&in, 2);
  const int32_t *type_ids = typed ? b.type_ids : NULL;
  size_t numbers = (size_t)b.tokens * (size_t)config.hidden_size;
  float *hidden = block_of(numbers * sizeof *hidden), *untouched = block_of(numbers * sizeof *hidden);

  bertlet_status status = bertlet_forward(model, b.ids, type_ids, b.starts, b.sequences, b.layers, hidden, NULL);
  if (!is_valid(&config, &b, typed)) {
    REQUIRE(status == BERTLET_ERROR_ARGUMENT);
    REQUIRE(memcmp(hidden, untouched, numbers * sizeof *hidden) == 0);
  } else {
    REQUIRE(status == BERTLET_OK);
    for (size_t i = 0; i < numbers; i++) REQUIRE(isfinite(hidden[i]));
    for (int32_t i = 0; i < b.sequences; i++) {
      int32_t first = b.starts[i], length = b.starts[i + 1] - first;
      size_t own = (size_t)length * (size_t)config.hidden_size;
      float *alone = block_of(own * sizeof *alone);
      int32_t starts[] = {0, length};
      REQUIRE(!bertlet_embed(model, b.ids + first, typed ? b.type_ids + first : NULL, starts, 1, alone, NULL));
      for (int32_t layer = 0; layer < b.layers; layer++)
        REQUIRE(!bertlet_run_layers(model, starts, 1, layer, layer + 1, alone, NULL));
      REQUIRE(memcmp(alone, hidden + (size_t)first * (size_t)config.hidden_size, own * sizeof *alone) == 0);
      free(alone);
    }
  }
  free(untouched);
  free(hidden);
  free(b.type_ids);
  free(b.ids);
  free(model);
  return 0;
}
