/* What makes an architecture, as data: the tensors of its checkpoints, each with its shape and its place among a
 * model's weights. The memory plan, the table of tensors and the encoder read these lists; no code asks which
 * architecture it is.
 *
 * A tensor that an architecture lacks is not listed: a bias that is not listed is 0, a normalization or a table of
 * embeddings that is not listed is not applied. So the places of the normalizations say where they stand.
 * Post-layer-norm architectures (Vaswani et al. 2017) have one after attention and one after the feed-forward network,
 * applied to the sum with the residual; pre-layer-norm ones (Xiong et al. 2020, https://arxiv.org/abs/2002.04745) have
 * one before each, and one after the last layer. */
#ifndef BERTLET_ARCHITECTURE_H
#define BERTLET_ARCHITECTURE_H

#include "bertlet.h"
#include "model/weights.h"

/* A size that config.json decides. */
typedef enum size_name {
  SIZE_ONE,
  SIZE_VOCABULARY,
  SIZE_POSITIONS,
  SIZE_TOKEN_TYPES, /* 0: the model has no token types */
  SIZE_EMBEDDING,
  SIZE_PROJECTION, /* hidden_size, or 0 where embeddings have that size already and are not projected */
  SIZE_HIDDEN,
  SIZE_INTERMEDIATE
} size_name;

typedef enum tensor_kind {
  TENSOR_TABLE,  /* of an embedding_table: [rows][columns] */
  TENSOR_WEIGHT, /* of a linear: [outputs][inputs] */
  TENSOR_BIAS,   /* of a linear: [outputs] */
  TENSOR_GAMMA,  /* of a norm: [columns] */
  TENSOR_BETA
} tensor_kind;

typedef struct tensor_entry {
  const char *module;    /* its name is this and ".weight" or ".bias"; of a layer's tensor behind "encoder.layer.N." */
  uint16_t place;        /* offset of its embedding_table, linear or norm in model_weights or, of a layer's, in layer */
  uint8_t kind;          /* tensor_kind */
  uint8_t rows, columns; /* size_name; a vector has one row. Without rows or columns the tensor is absent */
  uint8_t part, parts;   /* it makes part number `part` of the outputs of its linear, which has `parts` equal ones */
} tensor_entry;

typedef struct architecture {
  /* In the order in which tensors are numbered and lie in memory. Parts of one linear follow each other, a weight
   * stands before its bias, gamma before beta. */
  const tensor_entry *model_tensors;
  const tensor_entry *layer_tensors; /* of each layer */
  int32_t model_tensor_count, layer_tensor_count;
} architecture;

/* NULL when there is none of this number (bertlet_architecture). */
const architecture *find_architecture(int32_t number);

int32_t size_of(const bertlet_config *config, size_name name);

/* Whether a model of this configuration has the tensor. */
bool has_tensor(const bertlet_config *config, const tensor_entry *entry);

/* Whether the embeddings of this architecture can be projected to another size. */
bool can_project(const architecture *of);

#endif
