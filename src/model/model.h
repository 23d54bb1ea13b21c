/* A model's weights in the form the kernels want them, and the workspace of the encoder. */
#ifndef BERTLET_MODEL_H
#define BERTLET_MODEL_H

#include "bertlet.h"
#include "kernels/kernels.h"

/* y = x . W^T + b. Of the two forms of the weight a model has one. */
typedef struct linear {
  int32_t inputs, outputs;
  float *weight;        /* f32: packed by pack_row() */
  weights_i8 weight_i8; /* int8: packed by pack_row_i8() */
  float *bias;          /* [outputs] */
} linear;

/* Rows to look up, in one of two forms. */
typedef struct embedding {
  int32_t rows;
  float *values; /* f32: [rows][embedding] */
  struct {
    int8_t *values; /* [rows][embedding] */
    float *scale;   /* [rows] */
    int32_t *zero;  /* [rows] */
  } i8;             /* int8 */
} embedding;

/* Layer normalization (Ba et al. 2016, https://arxiv.org/abs/1607.06450). */
typedef struct norm {
  float *gamma; /* [hidden], of the embeddings [embedding] */
  float *beta;
} norm;

/* One Transformer block (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, the encoder of figure 1). */
typedef struct layer {
  linear qkv; /* hidden -> 3 * hidden: the rows of the query, key and value layers of all heads, one after the other */
  linear attention_output; /* hidden -> hidden */
  norm attention_norm;
  linear intermediate; /* hidden -> intermediate */
  linear output;       /* intermediate -> hidden */
  norm output_norm;
} layer;

/* Where a tensor of the checkpoint goes, and how much of it has come. One of the three places is not NULL. */
typedef struct tensor {
  int32_t rows, columns;
  float *vector; /* [columns] */
  const embedding *table;
  const linear *weight;
  int32_t first_row; /* in the weight */
  int32_t rows_written;
} tensor;

/* Raise it with every change of what the writer makes of a weight: of packing, quantizing, or the order in the memory
 * plan. It keeps images of before from being taken for images of now. */
enum { PACKING_VERSION = 2 };

/* How an image begins; the hashes follow. */
typedef struct image_header {
  _Alignas(BERTLET_ALIGNMENT) char magic[8];
  uint32_t packing; /* PACKING_VERSION */
  int32_t path;     /* int8_path of an int8 model */
  uint64_t bytes;   /* of the image, header included */
  uint64_t checksum;
  bertlet_config config; /* with max_batch_tokens 0 */
} image_header;

/* scale . B . A, to be added to a tensor [rows][columns]. */
typedef struct adapter {
  const float *a, *b; /* [rank][columns], [rows][rank] */
  int32_t rank;       /* 0: there is none */
  float scale;
} adapter;

struct bertlet_model {
  bertlet_config config;
  bertlet_threads *threads;
  int8_path path; /* of an int8 model */

  layer *layers; /* [num_hidden_layers] */

  /* The image: from here on all that the writer fills lies together, up to the workspace. */
  image_header *image;
  size_t image_bytes;
  uint64_t *hashes; /* [bertlet_tensor_count()]: of the rows written of each tensor */
  embedding words, positions, types;
  norm embedding_norm;
  linear embedding_projection; /* embedding -> hidden, where they differ */

  /* Workspace of bertlet_forward(), for max_batch_tokens tokens. */
  /* [tokens][widest]: normalized embeddings; queries, keys and values; the intermediate layer */
  float *wide;
  float *context;        /* [tokens][hidden]: what attention gathers */
  float *projected;      /* [tokens][hidden]: a block's output before residual and normalization */
  rows_i8 quantized;     /* int8: [tokens][inputs], the input of a linear layer */
  float *scratch;        /* [threads][scratch_floats] */
  size_t scratch_floats; /* of one thread */

  /* The writer. */
  tensor *tensors; /* [bertlet_tensor_count()] */
  tensor *open;    /* the one being written, or NULL */
  bertlet_dtype open_dtype;
  adapter adapter;        /* of the open tensor */
  unsigned char *cut_row; /* first bytes of a row whose rest is still to come */
  size_t cut_bytes;
  float *row; /* a row as f32, before it is packed or quantized */
};

static inline float *scratch_of(const bertlet_model *model, int32_t thread) {
  return model->scratch + (size_t)thread * model->scratch_floats;
}

/* Row `index` [n] of a table of rows of n values; `row` [n] is room for it if it is to be computed. */
const float *embedding_row(const embedding *table, int32_t index, int32_t n, float *row);

#endif
