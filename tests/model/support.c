#define _POSIX_C_SOURCE 200809L /* strndup */
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void give_up(const char *what, const char *name) {
  printf("%s: %s\n", what, name);
  exit(1);
}

bool safetensors_open(safetensors *file, const char *path) {
  FILE *stream = fopen(path, "rb");
  if (!stream) return false;
  fseek(stream, 0, SEEK_END);
  size_t size = (size_t)ftell(stream);
  rewind(stream);
  file->bytes = allocate(size);
  uint64_t header_bytes;
  if (fread(file->bytes, 1, size, stream) != size || size < 8) give_up("cannot read", path);
  fclose(stream);
  memcpy(&header_bytes, file->bytes, 8);
  if (header_bytes > size - 8) give_up("not a safetensors file", path);
  file->header = strndup((const char *)file->bytes + 8, header_bytes);
  file->data = file->bytes + 8 + header_bytes;
  return true;
}

void safetensors_close(safetensors *file) {
  free(file->header);
  free(file->bytes);
}

stored_tensor safetensors_find(const safetensors *file, const char *name) {
  char key[160], dtype[8];
  size_t begin, end;
  snprintf(key, sizeof key, "\"%s\":{", name);
  const char *entry = strstr(file->header, key);
  if (!entry) {
    snprintf(key, sizeof key, "\"bert.%s\":{", name);
    entry = strstr(file->header, key);
  }
  if (!entry || sscanf(strstr(entry, "\"dtype\":"), "\"dtype\":\"%7[^\"]", dtype) != 1 ||
      sscanf(strstr(entry, "\"data_offsets\":"), "\"data_offsets\":[%zu,%zu]", &begin, &end) != 2)
    give_up("no such tensor", name);
  bertlet_dtype code = !strcmp(dtype, "F16") ? BERTLET_F16 : !strcmp(dtype, "BF16") ? BERTLET_BF16 : BERTLET_F32;
  return (stored_tensor){.dtype = code, .data = file->data + begin, .bytes = end - begin};
}

enum { MOST_THREADS = 8 };

struct pool {
  bertlet_threads *threads;
  int32_t count, next_index;
  pthread_t others[MOST_THREADS];
};

typedef struct server {
  bertlet_threads *threads;
  int32_t index;
} server;

static void *serve(void *argument) {
  server own = *(server *)argument;
  free(argument);
  bertlet_threads_serve(own.threads, own.index);
  return NULL;
}

pool *pool_start(int32_t count) {
  pool *p = allocate(sizeof *p);
  p->count = count;
  p->threads = bertlet_threads_init(allocate(bertlet_threads_bytes(count)), count);
  for (int32_t i = 1; i < count; i++) {
    server *own = allocate(sizeof *own);
    *own = (server){p->threads, i};
    pthread_create(&p->others[i], NULL, serve, own);
  }
  return p;
}

bertlet_threads *pool_threads(pool *p) { return p->threads; }

void pool_stop(pool *p) {
  bertlet_threads_stop(p->threads);
  for (int32_t i = 1; i < p->count; i++) pthread_join(p->others[i], NULL);
  free(p->threads);
  free(p);
}

bertlet_model *load_model(const bertlet_config *config, bertlet_threads *threads, int32_t thread_count,
                          const safetensors *checkpoint, size_t longest_piece) {
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(config, thread_count)), config, threads);
  write_weights(model, checkpoint, longest_piece);
  return model;
}

void write_weights(bertlet_model *model, const safetensors *checkpoint, size_t longest_piece) {
  uint32_t state = 1;
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(model, i, name);
    stored_tensor stored = safetensors_find(checkpoint, name);
    CHECK(bertlet_tensor_begin(model, i, stored.dtype) == BERTLET_OK);
    for (size_t written = 0; written < stored.bytes;) {
      size_t piece = random_number(&state) % longest_piece + 1;
      if (piece > stored.bytes - written) piece = stored.bytes - written;
      if (bertlet_tensor_write(model, stored.data + written, piece) != BERTLET_OK) give_up("refused", name);
      written += piece;
    }
  }
  CHECK(bertlet_model_first_missing_tensor(model) == -1);
}

bertlet_config tiny_config(int32_t max_batch_tokens) {
  return (bertlet_config){.vocab_size = 94,
                          .hidden_size = 32,
                          .num_hidden_layers = 2,
                          .num_attention_heads = 4,
                          .intermediate_size = 64,
                          .max_position_embeddings = 40,
                          .type_vocab_size = 2,
                          .hidden_act = BERTLET_GELU,
                          .layer_norm_eps = 1e-12f,
                          .max_batch_tokens = max_batch_tokens};
}

void open_tiny_fixture(tiny_fixture *f, const char *name) {
  char path[128];
  f->name = name;
  snprintf(path, sizeof path, "tests/fixtures/model/%s/model.safetensors", name);
  bool found = safetensors_open(&f->checkpoint, path);
  snprintf(path, sizeof path, "tests/fixtures/model/%s/expected.safetensors", name);
  if (!found || !safetensors_open(&f->expected, path)) give_up("run this from the root of the repository: no", path);
  f->ids = (const int32_t *)(const void *)safetensors_find(&f->expected, "ids").data;
  f->type_ids = (const int32_t *)(const void *)safetensors_find(&f->expected, "type_ids").data;
  stored_tensor starts = safetensors_find(&f->expected, "starts");
  f->starts = (const int32_t *)(const void *)starts.data;
  f->sequences = (int32_t)(starts.bytes / sizeof(int32_t)) - 1;
  f->tokens = f->starts[f->sequences];
  f->config = tiny_config(f->tokens);
  if (strcmp(name, "tiny-megatron") == 0) {
    f->config.architecture = BERTLET_ARCHITECTURE_MEGATRON_BERT;
    f->config.hidden_size = 16;
    f->config.num_attention_heads = 2;
    f->config.intermediate_size = 32;
  }
}

void close_tiny_fixture(tiny_fixture *f) {
  safetensors_close(&f->checkpoint);
  safetensors_close(&f->expected);
}

difference compare(const float *a, const float *b, int32_t rows, int32_t columns) {
  difference worst = {0, 1, 0};
  for (int32_t row = 0; row < rows; row++) {
    double dot = 0, aa = 0, bb = 0;
    for (int32_t i = 0; i < columns; i++) {
      double x = a[(size_t)row * columns + i], y = b[(size_t)row * columns + i];
      dot += x * y, aa += x * x, bb += y * y;
      if (!(fabs(x - y) <= worst.largest)) worst.largest = fabs(x - y); /* NaN counts as a difference */
    }
    double cosine = dot / sqrt(aa * bb);
    if (!(cosine >= worst.cosine)) worst.cosine = cosine;
    worst.mean_cosine += cosine / rows;
  }
  return worst;
}

void check_near(const char *name, const float *got, const float *expected, size_t count) {
  double largest = 0, size = 0;
  for (size_t i = 0; i < count; i++) {
    const double difference = fabs((double)got[i] - (double)expected[i]);
    if (!(difference <= largest)) largest = difference;
    size = fmax(size, fabs((double)expected[i]));
  }
  if (!CHECK(largest <= 3e-5 * size + 3e-6)) printf("  %s: off by %.3g of %.3g\n", name, largest, size);
}
