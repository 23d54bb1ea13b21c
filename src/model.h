/* A model's weights in the form the kernels want them, and the workspace of the encoder. */
#ifndef BERTLET_MODEL_H
#define BERTLET_MODEL_H

#include "bertlet.h"

/* y = x . W^T + b */
typedef struct linear {
  int32_t inputs, outputs;
  float *weight; /* [outputs / PANEL][inputs][PANEL], see pack_row() */
  float *bias;   /* [outputs] */
} linear;

/* Layer normalization (Ba et al. 2016, https://arxiv.org/abs/1607.06450). */
typedef struct norm {
  float *gamma; /* [hidden] */
  float *beta;  /* [hidden] */
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

/* Where a tensor of the checkpoint goes, and how much of it has come. */
typedef struct tensor {
  int32_t rows, columns;
  float *place;      /* [rows][columns], or the packed weight of a linear layer */
  int32_t first_row; /* in the packed weight, or NOT_PACKED */
  int32_t rows_written;
  uint64_t hash; /* of the rows written */
} tensor;

enum { NOT_PACKED = -1 };

struct bertlet_model {
  bertlet_config config;
  bertlet_threads *threads;

  float *word_embeddings;     /* [vocab_size][hidden] */
  float *position_embeddings; /* [max_position_embeddings][hidden] */
  float *type_embeddings;     /* [type_vocab_size][hidden] */
  norm embedding_norm;
  layer *layers; /* [num_hidden_layers] */

  /* Workspace of bertlet_forward(), for max_batch_tokens tokens. */
  float *wide;    /* [tokens][max(3 * hidden, intermediate)]: queries, keys and values, later the intermediate layer */
  float *context; /* [tokens][hidden]: what attention gathers */
  float *projected;      /* [tokens][hidden]: a block's output before residual and normalization */
  float *scratch;        /* [threads][scratch_floats] */
  size_t scratch_floats; /* of one thread */

  /* The writer. */
  tensor *tensors; /* [bertlet_tensor_count()] */
  tensor *open;    /* the one being written, or NULL */
  bertlet_dtype open_dtype;
  unsigned char *cut_row; /* first bytes of a row whose rest is still to come */
  size_t cut_bytes;
  float *row; /* a row as f32, before it is packed */
};

/* False when one of values [count] is NaN or infinite. */
bool all_finite(const float *values, size_t count);

#endif
