/* A model's image: its weights as the writer packed them, to be stored and brought back by a copy. */
#include <string.h>

#include "base/hash.h"
#include "model/model.h"

static const char magic[8] = "bertlet";

/* The header of this model's images, all but the checksum: whatever decides what their bytes mean. */
static void describe(const bertlet_model *model, image_header *header) {
  memset(header, 0, sizeof *header); /* the padding too, since headers are compared by their bytes */
  memcpy(header->magic, magic, sizeof magic);
  header->packing = PACKING_VERSION;
  if (model->config.weights == BERTLET_WEIGHTS_INT8) header->path = model->path;
  header->bytes = model->image_bytes;
  header->config = model->config;
  header->config.max_batch_tokens = 0; /* sizes the workspace only */
}

/* Hashes are computed in many short calls of a function that is not inlined: a JavaScript engine starts with slow code
 * for a function, and takes the optimized code, once it is compiled, at the next call. */
static __attribute__((noinline)) uint64_t hash_piece(uint64_t seed, const unsigned char *bytes, size_t count) {
  return hash_bytes(seed, bytes, count);
}

/* Of everything behind the header. */
static uint64_t checksum(const bertlet_model *model) {
  enum { PIECE = 65536 };
  const unsigned char *bytes = (const unsigned char *)model->hashes;
  size_t left = (size_t)((const unsigned char *)model->image + model->image_bytes - bytes);
  uint64_t hash = 0;
  for (size_t piece; left > 0; bytes += piece, left -= piece) {
    piece = left < PIECE ? left : PIECE;
    hash = hash_piece(hash, bytes, piece);
  }
  return hash;
}

int32_t bertlet_int8_path(void) { return fastest_int8(); }

void *bertlet_model_image(bertlet_model *model) { return model->image; }

size_t bertlet_model_image_bytes(const bertlet_model *model) { return model->image_bytes; }

bertlet_status bertlet_model_seal(bertlet_model *model) {
  if (bertlet_model_first_missing_tensor(model) >= 0) return BERTLET_ERROR_INCOMPLETE;
  describe(model, model->image);
  model->image->checksum = checksum(model);
  return BERTLET_OK;
}

bertlet_status bertlet_model_restore(bertlet_model *model) {
  image_header expected;
  describe(model, &expected);
  expected.checksum = model->image->checksum;
  bool valid = memcmp(model->image, &expected, sizeof expected) == 0 && checksum(model) == expected.checksum;
  model->writer.open = NULL;
  for (int32_t i = 0; i < model->tensor_count; i++) model->tensors[i].rows_written = valid ? model->tensors[i].rows : 0;
  return valid ? BERTLET_OK : BERTLET_ERROR_IMAGE;
}
