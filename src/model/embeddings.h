#ifndef BERTLET_EMBEDDINGS_H
#define BERTLET_EMBEDDINGS_H

#include "model/model.h"

/* Row `index` of a table. `buffer` [columns] is where it is computed if the table is quantized. */
const float *embedding_row(const embedding_table *table, int32_t index, float *buffer);

/* The embeddings of a batch -> hidden [tokens][hidden]: the sum of those of word, position and token type, normalized
 * and projected as far as the architecture does that. `type_ids` may be NULL, for all 0. */
void embeddings_forward(const bertlet_model *model, const bertlet_lora *lora, const int32_t *ids,
                        const int32_t *type_ids, const int32_t *starts, int32_t sequences, float *hidden);

/* Its steps, for training: their sum -> rows [tokens][embedding]; the sum, normalized. A model
 * with an embedding_projection then projects that to hidden [tokens][hidden]. */
void sum_embeddings(const bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                    int32_t sequences, float *rows);

void normalized_embeddings(const bertlet_model *model, const int32_t *ids, const int32_t *type_ids,
                           const int32_t *starts, int32_t sequences, float *rows);

bool projects_embeddings(const bertlet_model *model);

/* The backward pass of sum_embeddings(): adds the derivative by the sums, row_gradient [tokens][embedding], to the rows
 * of the tables in `gradient` (where it has the arrays) that were looked up. */
void sum_embeddings_backward(const bertlet_model *model, const model_weights *gradient, const int32_t *ids,
                             const int32_t *type_ids, const int32_t *starts, int32_t sequences,
                             const float *row_gradient);

#endif
