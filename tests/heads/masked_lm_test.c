/* A model with a projection behind its embeddings (ELECTRA), and the decoder that scores every word by its embedding.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "model/support.h"

enum { WORDS = 94, EMBEDDING = 24, HIDDEN = 16, ROWS = 3, TOKENS = 20 };

static bertlet_config electra_config(bertlet_weights weights) {
  return (bertlet_config){.vocab_size = WORDS,
                          .hidden_size = HIDDEN,
                          .num_hidden_layers = 2,
                          .num_attention_heads = 2,
                          .intermediate_size = 32,
                          .max_position_embeddings = 24,
                          .type_vocab_size = 2,
                          .hidden_act = BERTLET_GELU,
                          .layer_norm_eps = 1e-12f,
                          .max_batch_tokens = TOKENS,
                          .weights = weights,
                          .embedding_size = EMBEDDING};
}

static void fill(float *values, size_t count) {
  uint32_t state = 7;
  for (size_t i = 0; i < count; i++) values[i] = (float)(random_number(&state) % 2001) / 1000 - 1;
}

/* Against the scalar products with the checkpoint's own rows, summed in double. In 8 bits no component moves by more
 * than half a step of its row's range. */
static void words_are_scored_by_their_embeddings(const safetensors *checkpoint, bertlet_weights weights,
                                                 int32_t threads) {
  bertlet_config config = electra_config(weights);
  pool *p = pool_start(threads);
  bertlet_model *model = load_model(&config, pool_threads(p), threads, checkpoint, 4096);
  float features[ROWS * EMBEDDING], bias[WORDS], logits[ROWS * WORDS], table[WORDS * EMBEDDING];
  fill(features, ROWS * EMBEDDING);
  fill(bias, WORDS);
  memcpy(table, safetensors_find(checkpoint, "embeddings.word_embeddings.weight").data, sizeof table);
  CHECK(bertlet_word_logits(model, features, ROWS, bias, logits) == BERTLET_OK);
  for (int32_t row = 0; row < ROWS; row++)
    for (int32_t word = 0; word < WORDS; word++) {
      double sum = bias[word], size = fabs(sum);
      float least = 0, most = 0;
      for (int32_t i = 0; i < EMBEDDING; i++) {
        float weight = table[word * EMBEDDING + i];
        sum += (double)features[row * EMBEDDING + i] * weight;
        size += fabs(features[row * EMBEDDING + i]);
        least = fminf(least, weight);
        most = fmaxf(most, weight);
      }
      double error = weights == BERTLET_WEIGHTS_F32 ? 1e-6 : 0.51 * (most - least) / 255;
      CHECK(fabs(logits[row * WORDS + word] - sum) <= error * size + 1e-6);
    }
  float damaged = NAN;
  CHECK(bertlet_word_logits(model, (float[EMBEDDING]){damaged}, 1, bias, logits) == BERTLET_ERROR_NUMERIC);
  free(model);
  pool_stop(p);
}

static void a_projection_gives_the_same_bits_anyhow(const safetensors *checkpoint, bertlet_weights weights) {
  bertlet_config config = electra_config(weights);
  int32_t ids[TOKENS], starts[] = {0, 1, 8, TOKENS};
  for (int32_t i = 0; i < TOKENS; i++) ids[i] = i * 5 % WORDS;
  float expected[TOKENS * HIDDEN], hidden[TOKENS * HIDDEN];
  for (int32_t threads = 1; threads <= 3; threads++) {
    pool *p = pool_start(threads);
    bertlet_model *model = load_model(&config, pool_threads(p), threads, checkpoint, 100);
    CHECK(bertlet_forward(model, ids, NULL, starts, 3, 2, hidden, NULL) == BERTLET_OK);
    if (threads == 1) memcpy(expected, hidden, sizeof hidden);
    CHECK(memcmp(expected, hidden, sizeof hidden) == 0);
    CHECK(bertlet_forward(model, ids + 8, NULL, (int32_t[]){0, TOKENS - 8}, 1, 2, hidden, NULL) == BERTLET_OK);
    CHECK(memcmp(expected + 8 * HIDDEN, hidden, (TOKENS - 8) * HIDDEN * sizeof(float)) == 0);
    free(model);
    pool_stop(p);
  }
}

static void unfinished_models_are_refused(void) {
  bertlet_config config = electra_config(BERTLET_WEIGHTS_F32);
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  float features[EMBEDDING] = {0}, bias[WORDS] = {0}, logits[WORDS];
  CHECK(bertlet_word_logits(model, features, 1, bias, logits) == BERTLET_ERROR_INCOMPLETE);
  free(model);
}

int main(void) {
  safetensors checkpoint;
  CHECK(safetensors_open(&checkpoint, "tests/fixtures/checkpoints/electra/model.safetensors"));
  for (bertlet_weights weights = BERTLET_WEIGHTS_F32; weights <= BERTLET_WEIGHTS_INT8; weights++) {
    words_are_scored_by_their_embeddings(&checkpoint, weights, 1);
    words_are_scored_by_their_embeddings(&checkpoint, weights, 3);
    a_projection_gives_the_same_bits_anyhow(&checkpoint, weights);
  }
  unfinished_models_are_refused();
  safetensors_close(&checkpoint);
  return report();
}
