/* What the tests of the model share: safetensors files, pools of real threads, models loaded from a checkpoint. */
#ifndef BERTLET_TEST_SUPPORT_H
#define BERTLET_TEST_SUPPORT_H

#include "bertlet.h"
#include "check.h"

typedef struct safetensors {
  unsigned char *bytes;
  char *header;              /* NUL-terminated */
  const unsigned char *data; /* what data_offsets count from */
} safetensors;

typedef struct stored_tensor {
  bertlet_dtype dtype; /* meaningless for I32 */
  const unsigned char *data;
  size_t bytes;
} stored_tensor;

/* False when the file is absent. Exits on anything else that is wrong: fixtures are the tests' own. */
bool safetensors_open(safetensors *file, const char *path);
void safetensors_close(safetensors *file);
/* Finds a tensor by its name, with or without the prefix "bert.". */
stored_tensor safetensors_find(const safetensors *file, const char *name);

/* A pool whose other threads are pthreads. */
typedef struct pool pool;
pool *pool_start(int32_t count);
bertlet_threads *pool_threads(pool *p);
void pool_stop(pool *p);

/* A model filled from a checkpoint. Its bytes come in pieces of random sizes, up to `longest_piece`. */
bertlet_model *load_model(const bertlet_config *config, bertlet_threads *threads, int32_t thread_count,
                          const safetensors *checkpoint, size_t longest_piece);

/* The same for a model that is there and has no weights yet. */
void write_weights(bertlet_model *model, const safetensors *checkpoint, size_t longest_piece);

/* The configuration of fixtures/model/tiny-*. */
bertlet_config tiny_config(int32_t max_batch_tokens);

/* One of them: its checkpoint, a batch, and what PyTorch computes for it. */
typedef struct tiny_fixture {
  const char *name;
  bertlet_config config; /* for all of its tokens in one batch */
  safetensors checkpoint, expected;
  const int32_t *ids, *type_ids, *starts;
  int32_t sequences, tokens;
} tiny_fixture;

/* Exits where there is none. */
void open_tiny_fixture(tiny_fixture *f, const char *name);
void close_tiny_fixture(tiny_fixture *f);

/* Largest |a - b|, the smallest and the mean cosine between rows of a and b [rows][columns]. */
typedef struct difference {
  double largest, cosine, mean_cosine;
} difference;
difference compare(const float *a, const float *b, int32_t rows, int32_t columns);

/* Checks derivatives [count] against an oracle's. The oracle's numbers are in double; sums in f32 err by some 1e-7 of
 * what they add up, also where that cancels, as in the gradient of the keys' bias, which is 0. */
void check_near(const char *name, const float *got, const float *expected, size_t count);

#endif
