#ifndef BERTLET_EMBEDDINGS_H
#define BERTLET_EMBEDDINGS_H

#include "model/model.h"

/* Row `index` of a table. `buffer` [columns] is where it is computed if the table is quantized. */
const float *embedding_row(const embedding_table *table, int32_t index, float *buffer);

/* The embeddings of a batch -> hidden [tokens][hidden]: the sum of those of word, position and token type, normalized
 * and projected as far as the architecture does that. `type_ids` may be NULL, for all 0. */
void embeddings_forward(const bertlet_model *model, const int32_t *ids, const int32_t *type_ids, const int32_t *starts,
                        int32_t sequences, float *hidden);

#endif
