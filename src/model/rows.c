#include "model/rows.h"

#include <string.h>

/* How many of the rows belong to tokens before `token`. */
static int32_t rows_before(token_rows rows, int32_t token) {
  int32_t begin = 0, end = rows.count;
  while (begin < end) {
    const int32_t middle = begin + (end - begin) / 2;
    if (rows.tokens[middle] < token) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

range rows_between(token_rows rows, int32_t begin, int32_t end) {
  return (range){rows_before(rows, begin), rows_before(rows, end)};
}

const float *gather_rows(const float *x, token_rows rows, int32_t tokens, int32_t columns, float *room) {
  if (rows.count == tokens) return x;
  for (int32_t i = 0; i < rows.count; i++)
    memcpy(room + (size_t)i * columns, x + (size_t)rows.tokens[i] * columns, (size_t)columns * sizeof(float));
  return room;
}

/* From the last row on: since the tokens ascend, no row moves to where one still lies. */
void scatter_rows(float *x, token_rows rows, int32_t tokens, int32_t columns) {
  if (rows.count == tokens) return;
  for (int32_t token = tokens - 1, i = rows.count - 1; token >= 0; token--) {
    float *to = x + (size_t)token * columns;
    if (i < 0 || rows.tokens[i] != token) {
      memset(to, 0, (size_t)columns * sizeof(float));
    } else {
      memmove(to, x + (size_t)i-- * columns, (size_t)columns * sizeof(float));
    }
  }
}
