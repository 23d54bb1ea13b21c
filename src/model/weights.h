/* A model's weights, in the form that the kernels want. In an f32 model `weight` and `values` are there, in an int8
 * model the fields whose names end in _i8. */
#ifndef BERTLET_WEIGHTS_H
#define BERTLET_WEIGHTS_H

#include "kernels/kernels.h"

/* Linear layer y = x . W^T + bias. */
typedef struct linear {
  int32_t inputs, outputs;
  float *weight; /* packed by pack_row() */
  weights_i8 weight_i8;
  weights_i8 transposed_i8; /* of W^T, while an int8 model is trained */
  float *bias;              /* [outputs]; 0 where the architecture has none */
} linear;

/* A table whose rows are looked up by an id. It has no rows where the architecture has no such table. */
typedef struct embedding_table {
  int32_t rows, columns;
  float *values; /* [rows][columns] */
  int8_t *values_i8;
  float *scale_i8;  /* [rows] */
  int32_t *zero_i8; /* [rows] */
} embedding_table;

/* Layer normalization (Ba et al. 2016, https://arxiv.org/abs/1607.06450). Both are NULL where the architecture has none
 * in this place. */
typedef struct norm {
  float *gamma, *beta; /* [columns] */
} norm;

/* One Transformer layer (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, the encoder of figure 1), with all the
 * places that a normalization can have. */
typedef struct layer {
  norm norm_before_attention;
  linear qkv; /* hidden -> 3 * hidden: outputs are the queries of all heads, then their keys, then their values */
  linear attention_output; /* hidden -> hidden */
  norm norm_after_attention;

  norm norm_before_feed_forward;
  linear intermediate;        /* hidden -> intermediate */
  linear feed_forward_output; /* intermediate -> hidden */
  norm norm_after_feed_forward;
} layer;

/* A low-rank adapter beside a linear layer, y += scale . B (A x): LoRA, Hu et al. 2021,
 * https://arxiv.org/abs/2106.09685.
 *
 * The layer's outputs are `parts` equal ones (those of the query, key and value projections lie in one layer), of which
 * any may be adapted. They share one input, and so one product: the A's of the adapted parts stand below each other. */
enum { ADAPTER_PARTS = 3 };

typedef struct adapter {
  int32_t rank;            /* of each part, a multiple of PANEL; the rows and columns beyond a part's own are 0 */
  int32_t adapted;         /* how many parts are; 0: there is no adapter */
  int32_t part_outputs;    /* outputs of one part */
  float scale;             /* of all parts; 1 where B is scaled already, as it is in inference */
  float *a;                /* [adapted * rank][inputs], packed */
  float *b[ADAPTER_PARTS]; /* of each part [part_outputs][rank], packed; NULL for one that is not adapted */
} adapter;

/* A rank as adapters have it in memory. */
static inline int32_t padded_rank(int32_t rank) { return whole_panels(rank); }

/* The row of `a` at which that of a part begins. */
static inline int32_t first_row_of_a(const adapter *of, int32_t part) {
  int32_t row = 0;
  for (int32_t before = 0; before < part; before++) row += of->b[before] ? of->rank : 0;
  return row;
}

/* The adapters of a layer, or their gradients. */
typedef struct layer_adapters {
  adapter qkv, attention_output, intermediate, feed_forward_output;
} layer_adapters;

typedef struct model_weights {
  embedding_table words, positions, token_types; /* columns: embedding_size */
  norm embedding_norm;                           /* over embedding_size columns */
  linear embedding_projection;                   /* embedding_size -> hidden, where they differ */
  layer *layers;                                 /* [num_hidden_layers] */
  norm final_norm;                               /* after the last layer */
} model_weights;

static inline bool has_norm(const norm *n) { return n->gamma != NULL; }

#endif
