/* Where dropout is applied while training, and how each of these places gets a mask of its own. */
#ifndef BERTLET_DROPOUT_H
#define BERTLET_DROPOUT_H

#include "model/model.h"
#include "model/rows.h"

typedef enum dropout_place {
  DROP_ATTENTION_PROBABILITIES,
  DROP_ATTENTION_OUTPUT,
  DROP_FEED_FORWARD_OUTPUT,
  DROP_ADAPTER_QKV,
  DROP_ADAPTER_ATTENTION_OUTPUT,
  DROP_ADAPTER_INTERMEDIATE,
  DROP_ADAPTER_FEED_FORWARD_OUTPUT,
  DROP_EMBEDDINGS,
  DROP_FEATURES,
  DROPOUT_PLACES
} dropout_place;

/* Rates are 0 where nothing is dropped. */
typedef struct dropout_plan {
  float hidden;    /* of the embeddings and of both outputs of a layer */
  float attention; /* of the attention probabilities */
  float adapter;   /* of the inputs of adapters */
  float features;  /* of what a head reads */
  uint32_t key;    /* of the seed and the step of training */
  /* The number, among all tokens of the step, of the first token of the batch: masks belong to tokens, so they are the
   * same however a step is cut into batches. */
  uint32_t first_token;
} dropout_plan;

/* The mask of a place in a layer (-1: outside of the layers), for elements that are numbered from the first of the
 * step's tokens on. */
dropout dropout_at(float rate, const dropout_plan *plan, int32_t layer, dropout_place place);

/* Drops elements of x [rows.count][columns], each by its token and column. Nothing happens at rate 0. */
void drop_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer, dropout_place place,
               float *x, token_rows rows, int32_t columns);

/* Likewise, but into a copy; at rate 0 too. */
void drop_copied_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer,
                      dropout_place place, const float *x, token_rows rows, int32_t columns, float *copy);

/* Likewise of x, and then sum [rows.count][columns] = x + y, which may be x or y; at rate 0 too. */
void drop_and_add_rows(const bertlet_model *model, float rate, const dropout_plan *plan, int32_t layer,
                       dropout_place place, float *x, const float *y, token_rows rows, int32_t columns, float *sum);

#endif
