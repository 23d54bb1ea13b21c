/* The streaming writer: a checkpoint's bytes, as they arrive, become rows of f32; each row gets its part of a LoRA
 * adapter, is hashed, and goes to its place as it is, packed or quantized. */
#include <string.h>

#include "base/finite.h"
#include "base/hash.h"
#include "model/dtype.h"
#include "model/model.h"

bertlet_status bertlet_tensor_begin(bertlet_model *model, int32_t index, bertlet_dtype dtype) {
  tensor_writer *w = &model->writer;
  w->open = NULL;
  if (index < 0 || index >= model->tensor_count || dtype > BERTLET_BF16) return BERTLET_ERROR_ARGUMENT;
  w->open = &model->tensors[index];
  w->open->rows_written = 0;
  model->hashes[index] = 0;
  w->dtype = dtype;
  w->lora.rank = 0;
  w->partial_bytes = 0;
  return BERTLET_OK;
}

bertlet_status bertlet_tensor_merge_lora(bertlet_model *model, const float *a, const float *b, int32_t rank,
                                         float scale) {
  tensor_writer *w = &model->writer;
  if (!w->open || w->open->rows_written > 0 || w->partial_bytes > 0 || rank < 1) return BERTLET_ERROR_ARGUMENT;
  w->lora = (lora){a, b, rank, scale};
  return BERTLET_OK;
}

/* row [columns] += row `index` of scale . B . A */
static void add_lora_row(const lora *from, int32_t index, int32_t columns, float *row) {
  const float *b = from->b + (size_t)index * from->rank;
  for (int32_t i = 0; i < from->rank; i++) {
    const float *a = from->a + (size_t)i * columns;
    const float factor = from->scale * b[i];
    for (int32_t column = 0; column < columns; column++) row[column] += factor * a[column];
  }
}

/* Packs or quantizes the next row of a table or weight. */
static void store_row(int8_path path, const tensor *t, const float *row) {
  if (t->entry->kind == TENSOR_TABLE) {
    const embedding_table *table = t->place;
    size_t index = (size_t)t->rows_written;
    quantize_row(row, t->columns, table->values_i8 + index * t->columns, &table->scale_i8[index],
                 &table->zero_i8[index]);
    return;
  }
  const linear *into = t->place;
  int32_t output = t->entry->part * t->rows + t->rows_written;
  if (into->weight) {
    pack_row(into->weight, t->columns, output, row);
  } else {
    pack_row_i8(path, &into->weight_i8, t->columns, output, row);
  }
}

/* Takes one whole row of source bytes. */
static bertlet_status write_row(bertlet_model *model, const unsigned char *bytes) {
  tensor_writer *w = &model->writer;
  tensor *t = w->open;
  float *place = tensor_row(t, t->rows_written), *row = place ? place : w->row;
  convert_to_f32(bytes, w->dtype, t->columns, row);
  if (w->lora.rank > 0) add_lora_row(&w->lora, t->rows_written, t->columns, row);
  if (!all_plausible(row, (size_t)t->columns)) return BERTLET_ERROR_NUMERIC;
  uint64_t *hash = &model->hashes[t - model->tensors];
  *hash = hash_bytes(*hash, row, (size_t)t->columns * sizeof(float));
  if (!place) store_row(model->path, t, row);
  t->rows_written++;
  return BERTLET_OK;
}

static bertlet_status write_rows(bertlet_model *model, const unsigned char *bytes, size_t count) {
  tensor_writer *w = &model->writer;
  size_t row_bytes = (size_t)w->open->columns * dtype_bytes(w->dtype);
  size_t rows_left = (size_t)(w->open->rows - w->open->rows_written);
  if (count > rows_left * row_bytes - w->partial_bytes) return BERTLET_ERROR_ARGUMENT;
  while (w->partial_bytes + count >= row_bytes) {
    const unsigned char *row = bytes;
    size_t used = row_bytes;
    if (w->partial_bytes > 0) {
      used -= w->partial_bytes;
      memcpy(w->partial_row + w->partial_bytes, bytes, used);
      w->partial_bytes = 0;
      row = w->partial_row;
    }
    bertlet_status status = write_row(model, row);
    if (status != BERTLET_OK) return status;
    bytes += used;
    count -= used;
  }
  if (count > 0) memcpy(w->partial_row + w->partial_bytes, bytes, count);
  w->partial_bytes += count;
  return BERTLET_OK;
}

bertlet_status bertlet_tensor_write(bertlet_model *model, const void *bytes, size_t count) {
  tensor_writer *w = &model->writer;
  if (!w->open) return BERTLET_ERROR_ARGUMENT;
  bertlet_status status = write_rows(model, bytes, count);
  if (status != BERTLET_OK) {
    w->open->rows_written = 0;
    w->open = NULL;
  }
  return status;
}
