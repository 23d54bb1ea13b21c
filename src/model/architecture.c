#include "model/architecture.h"

#include <stddef.h>

/* The tensors of PyTorch's modules. `owner`: model_weights or layer; `member`: the place in it. */
#define ENTRY(name, owner, member, kind, rows, columns, part, parts)                                                   \
  {name, offsetof(owner, member), kind, rows, columns, part, parts}
#define EMBEDDING(name, member, rows) ENTRY(name, model_weights, member, TENSOR_TABLE, rows, SIZE_EMBEDDING, 0, 1)
#define LINEAR(name, owner, member, outputs, inputs) LINEAR_PART(name, owner, member, outputs, inputs, 0, 1)
#define LINEAR_PART(name, owner, member, outputs, inputs, part, parts)                                                 \
  ENTRY(name, owner, member, TENSOR_WEIGHT, outputs, inputs, part, parts),                                             \
      ENTRY(name, owner, member, TENSOR_BIAS, SIZE_ONE, outputs, part, parts)
#define LAYER_NORM(name, owner, member, size)                                                                          \
  ENTRY(name, owner, member, TENSOR_GAMMA, SIZE_ONE, size, 0, 1),                                                      \
      ENTRY(name, owner, member, TENSOR_BETA, SIZE_ONE, size, 0, 1)

/* What both architectures have. */
#define EMBEDDINGS                                                                                                     \
  EMBEDDING("embeddings.word_embeddings", words, SIZE_VOCABULARY),                                                     \
      EMBEDDING("embeddings.position_embeddings", positions, SIZE_POSITIONS),                                          \
      EMBEDDING("embeddings.token_type_embeddings", token_types, SIZE_TOKEN_TYPES)
#define ATTENTION                                                                                                      \
  LINEAR_PART("attention.self.query", layer, qkv, SIZE_HIDDEN, SIZE_HIDDEN, 0, 3),                                     \
      LINEAR_PART("attention.self.key", layer, qkv, SIZE_HIDDEN, SIZE_HIDDEN, 1, 3),                                   \
      LINEAR_PART("attention.self.value", layer, qkv, SIZE_HIDDEN, SIZE_HIDDEN, 2, 3),                                 \
      LINEAR("attention.output.dense", layer, attention_output, SIZE_HIDDEN, SIZE_HIDDEN)
#define FEED_FORWARD                                                                                                   \
  LINEAR("intermediate.dense", layer, intermediate, SIZE_INTERMEDIATE, SIZE_HIDDEN),                                   \
      LINEAR("output.dense", layer, feed_forward_output, SIZE_HIDDEN, SIZE_INTERMEDIATE)

/* BERT (Devlin et al. 2019), and what has its tensors under other names: DistilBERT without token types, ELECTRA with a
 * projection. */
static const tensor_entry bert_model[] = {
    EMBEDDINGS,
    LAYER_NORM("embeddings.LayerNorm", model_weights, embedding_norm, SIZE_EMBEDDING),
    LINEAR("embeddings_project", model_weights, embedding_projection, SIZE_PROJECTION, SIZE_EMBEDDING),
};
static const tensor_entry bert_layer[] = {
    ATTENTION,
    LAYER_NORM("attention.output.LayerNorm", layer, norm_after_attention, SIZE_HIDDEN),
    FEED_FORWARD,
    LAYER_NORM("output.LayerNorm", layer, norm_after_feed_forward, SIZE_HIDDEN),
};

/* Megatron-LM's BERT (Shoeybi et al. 2019, https://arxiv.org/abs/1909.08053, section 5.3) */
static const tensor_entry megatron_bert_model[] = {
    EMBEDDINGS,
    LAYER_NORM("encoder.ln", model_weights, final_norm, SIZE_HIDDEN),
};
static const tensor_entry megatron_bert_layer[] = {
    LAYER_NORM("attention.ln", layer, norm_before_attention, SIZE_HIDDEN),
    ATTENTION,
    LAYER_NORM("ln", layer, norm_before_feed_forward, SIZE_HIDDEN),
    FEED_FORWARD,
};

#define COUNT(list) (int32_t)(sizeof(list) / sizeof *(list))
#define ARCHITECTURE(name) {name##_model, name##_layer, COUNT(name##_model), COUNT(name##_layer)}

static const architecture architectures[] = {
    [BERTLET_ARCHITECTURE_BERT] = ARCHITECTURE(bert),
    [BERTLET_ARCHITECTURE_MEGATRON_BERT] = ARCHITECTURE(megatron_bert),
};

const architecture *find_architecture(int32_t number) {
  return number >= 0 && number < COUNT(architectures) ? &architectures[number] : NULL;
}

int32_t size_of(const bertlet_config *config, size_name name) {
  int32_t hidden = config->hidden_size, embedding = config->embedding_size ? config->embedding_size : hidden;
  const int32_t sizes[] = {[SIZE_ONE] = 1,
                           [SIZE_VOCABULARY] = config->vocab_size,
                           [SIZE_POSITIONS] = config->max_position_embeddings,
                           [SIZE_TOKEN_TYPES] = config->type_vocab_size,
                           [SIZE_EMBEDDING] = embedding,
                           [SIZE_PROJECTION] = embedding == hidden ? 0 : hidden,
                           [SIZE_HIDDEN] = hidden,
                           [SIZE_INTERMEDIATE] = config->intermediate_size};
  return sizes[name];
}

bool has_tensor(const bertlet_config *config, const tensor_entry *entry) {
  return size_of(config, entry->rows) > 0 && size_of(config, entry->columns) > 0;
}

bool can_project(const architecture *of) {
  for (int32_t i = 0; i < of->model_tensor_count; i++)
    if (of->model_tensors[i].rows == SIZE_PROJECTION) return true;
  return false;
}
