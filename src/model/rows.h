/* Rows of some tokens of a batch: where a head reads few, the last layer computes no others. */
#ifndef BERTLET_ROWS_H
#define BERTLET_ROWS_H

#include <stdint.h>

#include "base/tasks.h"

/* Rows of a matrix that belong to tokens. */
typedef struct token_rows {
  int32_t count;
  const int32_t *tokens; /* [count]: the token of each row, ascending */
} token_rows;

/* The rows of the tokens begin .. end - 1. */
range rows_between(token_rows rows, int32_t begin, int32_t end);

/* These rows of x [tokens][columns], in `room` [rows.count][columns]; or x itself, if they are all of it. */
const float *gather_rows(const float *x, token_rows rows, int32_t tokens, int32_t columns, float *room);

/* Back, in place: x [rows.count][columns] becomes [tokens][columns], with 0 in all other rows. */
void scatter_rows(float *x, token_rows rows, int32_t tokens, int32_t columns);

#endif
