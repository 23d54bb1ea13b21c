#ifndef BERTLET_MODEL_H
#define BERTLET_MODEL_H

#include "bertlet.h"
#include "kernels/kernels.h"
#include "model/buffers.h"
#include "model/image.h"
#include "model/tensors.h"
#include "model/weights.h"

/* A LoRA adapter's part for one tensor [rows][columns], to be added to it: scale . B . A. */
typedef struct lora {
  const float *a, *b; /* [rank][columns], [rows][rank] */
  int32_t rank;       /* 0: there is none */
  float scale;
} lora;

/* The streaming writer. */
typedef struct tensor_writer {
  tensor *open; /* the one being written, or NULL */
  bertlet_dtype dtype;
  lora lora;
  unsigned char *partial_row; /* first bytes of a row whose rest is still to come */
  size_t partial_bytes;
  float *row; /* a row as f32, before it is packed or quantized */
} tensor_writer;

struct bertlet_model {
  bertlet_config config;
  bertlet_threads *threads;
  int8_path path; /* of an int8 model */
  model_weights weights;

  /* The image: header, hashes and all that `weights` point to, except the layers' structs, lie together. */
  image_header *image;
  size_t image_bytes;
  uint64_t *hashes; /* [tensor_count]: of the rows written of each tensor */

  workspace workspace;

  int32_t tensor_count;
  tensor *tensors; /* [tensor_count] */
  tensor_writer writer;
};

/* Floats of a thread's scratch memory, rounded up to whole cache lines, so that no two threads write to one. */
static inline size_t whole_lines(size_t floats) {
  const size_t line = BERTLET_ALIGNMENT / sizeof(float);
  return (floats + line - 1) / line * line;
}

static inline float *scratch_of(const bertlet_model *model, int32_t thread) {
  return model->workspace.scratch + (size_t)thread * model->workspace.scratch_floats;
}

#endif
