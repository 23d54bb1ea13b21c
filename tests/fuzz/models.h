/* Small models of any kind for fuzz targets. */
#ifndef BERTLET_TEST_FUZZ_MODELS_H
#define BERTLET_TEST_FUZZ_MODELS_H

#include "fuzz.h"

/* A configuration that the core can compute. */
static inline bertlet_config take_config(input *in) {
  int32_t heads = 1 + take_below(in, 3);
  bertlet_config config = {.vocab_size = 1 + take_below(in, 40),
                           .hidden_size = heads * 8 * (1 + take_below(in, 2)),
                           .num_hidden_layers = 1 + take_below(in, 3),
                           .num_attention_heads = heads,
                           .intermediate_size = 8 * (1 + take_below(in, 8)),
                           .max_position_embeddings = 2 + take_below(in, 30),
                           .type_vocab_size = take_below(in, 3),
                           .hidden_act = take_below(in, 3),
                           .layer_norm_eps = 1e-12f,
                           .max_batch_tokens = 1 + take_below(in, 60),
                           .weights = take_below(in, 2),
                           .architecture = take_below(in, 2)};
  if (config.architecture == BERTLET_ARCHITECTURE_BERT && take_below(in, 2))
    config.embedding_size = 8 * (1 + take_below(in, 3));
  return config;
}

/* A model without weights; NULL if there is none of this configuration, or only a large one. */
static inline bertlet_model *make_model(const bertlet_config *config) {
  size_t bytes = bertlet_model_bytes(config, 1);
  return bytes == 0 || bytes > (1u << 19) ? NULL : bertlet_model_init(block_of(bytes), config, NULL);
}

static inline size_t numbers_in(const bertlet_model *model, int32_t tensor) {
  return (size_t)bertlet_tensor_rows(model, tensor) * (size_t)bertlet_tensor_columns(model, tensor);
}

/* Writes small numbers into all tensors. */
static inline void fill(bertlet_model *model, uint32_t state) {
  for (int32_t tensor = 0; tensor < bertlet_tensor_count(model); tensor++) {
    size_t count = numbers_in(model, tensor);
    float *values = malloc(count * sizeof *values);
    REQUIRE(values);
    for (size_t i = 0; i < count; i++) {
      state = state * 1664525u + 1013904223u;
      values[i] = (float)((int32_t)(state >> 24) - 128) / 256;
    }
    REQUIRE(bertlet_tensor_begin(model, tensor, BERTLET_F32) == BERTLET_OK);
    REQUIRE(bertlet_tensor_write(model, values, count * sizeof *values) == BERTLET_OK);
    free(values);
  }
  REQUIRE(bertlet_model_first_missing_tensor(model) == -1);
}

#endif
