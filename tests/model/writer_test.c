/* The memory plan, the table of tensors and the streaming writer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "support.h"

#ifdef BERTLET_SIMD
#include "relaxed_engine.h" /* each multiplies 8-bit numbers in its own way */
#endif

static void impossible_configurations_have_no_size(void) {
  bertlet_config good = tiny_config(64);
  CHECK(bertlet_model_bytes(&good, 1) > 0);
  CHECK(bertlet_model_bytes(&good, 4) > bertlet_model_bytes(&good, 1));
  CHECK(bertlet_model_bytes(&good, 0) == 0);
#define REFUSED(field, value)                                                                                          \
  do {                                                                                                                 \
    bertlet_config bad = good;                                                                                         \
    bad.field = value;                                                                                                 \
    CHECK(bertlet_model_bytes(&bad, 1) == 0);                                                                          \
  } while (0)
  REFUSED(vocab_size, 0);
  REFUSED(vocab_size, -1);
  REFUSED(hidden_size, 0);
  REFUSED(hidden_size, 36);
  REFUSED(hidden_size, INT32_MAX - 7);
  REFUSED(num_hidden_layers, 0);
  REFUSED(num_hidden_layers, 1001);
  REFUSED(num_hidden_layers, INT32_MAX);
  REFUSED(num_attention_heads, 0);
  REFUSED(num_attention_heads, 5);
  REFUSED(intermediate_size, 0);
  REFUSED(intermediate_size, 12);
  REFUSED(intermediate_size, INT32_MAX - 7);
  REFUSED(max_position_embeddings, 0);
  REFUSED(type_vocab_size, -1);
  REFUSED(embedding_size, -8);
  REFUSED(embedding_size, 12);
  REFUSED(embedding_size, INT32_MAX - 7);
  REFUSED(hidden_act, 3);
  REFUSED(hidden_act, -1);
  REFUSED(layer_norm_eps, -1.0f);
  REFUSED(layer_norm_eps, NAN);
  REFUSED(layer_norm_eps, INFINITY);
  REFUSED(max_batch_tokens, 0);
  REFUSED(max_batch_tokens, INT32_MAX);
  REFUSED(weights, -1);
  REFUSED(weights, 2);
  REFUSED(architecture, -1);
  REFUSED(architecture, BERTLET_ARCHITECTURE_MEGATRON_BERT + 1);
  good.architecture = BERTLET_ARCHITECTURE_MEGATRON_BERT;
  CHECK(bertlet_model_bytes(&good, 1) > 0);
  REFUSED(embedding_size, 24); /* it has no projection */
#undef REFUSED
}

static void int8_is_smaller(void) {
  bertlet_config config = tiny_config(64), int8 = config;
  int8.weights = BERTLET_WEIGHTS_INT8;
  CHECK(bertlet_model_bytes(&int8, 1) > 0);
  CHECK(bertlet_model_bytes(&int8, 1) < bertlet_model_bytes(&config, 1));
}

/* Sizes past any address space are none, not small: the sum must not wrap around. */
static void sizes_do_not_wrap(void) {
  bertlet_config config = tiny_config(1);
  config.hidden_size = INT32_MAX / 3 / 8 * 8;
  config.num_attention_heads = config.hidden_size / 8;
  config.vocab_size = config.max_position_embeddings = config.type_vocab_size = INT32_MAX;
  uint64_t one_table = (uint64_t)config.vocab_size * (uint64_t)config.hidden_size * 4;
  size_t bytes = bertlet_model_bytes(&config, 1);
  CHECK(bytes == 0 || bytes / 3 >= one_table);
  config.num_hidden_layers = 1000000;
  CHECK(bertlet_model_bytes(&config, 1) == 0);
}

static void tensors_have_hugging_face_names(void) {
  bertlet_config config = tiny_config(1);
  config.num_hidden_layers = 12;
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  CHECK(bertlet_tensor_count(model) == 5 + 12 * 16);
  static const struct {
    int32_t index;
    const char *name;
    int32_t rows, columns;
  } cases[] = {
      {0, "embeddings.word_embeddings.weight", 94, 32},
      {1, "embeddings.position_embeddings.weight", 40, 32},
      {2, "embeddings.token_type_embeddings.weight", 2, 32},
      {3, "embeddings.LayerNorm.weight", 1, 32},
      {4, "embeddings.LayerNorm.bias", 1, 32},
      {5, "encoder.layer.0.attention.self.query.weight", 32, 32},
      {8, "encoder.layer.0.attention.self.key.bias", 1, 32},
      {5 + 11 * 16 + 4, "encoder.layer.11.attention.self.value.weight", 32, 32},
      {5 + 10 * 16 + 6, "encoder.layer.10.attention.output.dense.weight", 32, 32},
      {5 + 10 * 16 + 9, "encoder.layer.10.attention.output.LayerNorm.bias", 1, 32},
      {5 + 16 + 10, "encoder.layer.1.intermediate.dense.weight", 64, 32},
      {5 + 16 + 11, "encoder.layer.1.intermediate.dense.bias", 1, 64},
      {5 + 16 + 12, "encoder.layer.1.output.dense.weight", 32, 64},
      {5 + 16 + 14, "encoder.layer.1.output.LayerNorm.weight", 1, 32},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    CHECK(bertlet_tensor_name(model, cases[i].index, name) == (int32_t)strlen(cases[i].name));
    CHECK(strcmp(name, cases[i].name) == 0);
    CHECK(bertlet_tensor_rows(model, cases[i].index) == cases[i].rows);
    CHECK(bertlet_tensor_columns(model, cases[i].index) == cases[i].columns);
  }
  free(model);
}

/* DistilBERT has no types, ELECTRA a projection between embeddings and layers. */
static void absent_tensors_are_not_listed(void) {
  bertlet_config config = tiny_config(1);
  config.type_vocab_size = 0;
  config.embedding_size = 24;
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  static const struct {
    const char *name;
    int32_t rows, columns;
  } expected[] = {{"embeddings.word_embeddings.weight", 94, 24},
                  {"embeddings.position_embeddings.weight", 40, 24},
                  {"embeddings.LayerNorm.weight", 1, 24},
                  {"embeddings.LayerNorm.bias", 1, 24},
                  {"embeddings_project.weight", 32, 24},
                  {"embeddings_project.bias", 1, 32},
                  {"encoder.layer.0.attention.self.query.weight", 32, 32}};
  CHECK(bertlet_tensor_count(model) == 6 + 2 * 16);
  for (int32_t i = 0; i < (int32_t)(sizeof expected / sizeof *expected); i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(model, i, name);
    CHECK(strcmp(name, expected[i].name) == 0);
    CHECK(bertlet_tensor_rows(model, i) == expected[i].rows);
    CHECK(bertlet_tensor_columns(model, i) == expected[i].columns);
  }
  free(model);
  config.type_vocab_size = 2;
  config.embedding_size = config.hidden_size; /* no projection, as with 0 */
  model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  CHECK(bertlet_tensor_count(model) == 5 + 2 * 16);
  free(model);
}

static void megatron_bert_has_other_normalizations(void) {
  bertlet_config config = tiny_config(1);
  config.architecture = BERTLET_ARCHITECTURE_MEGATRON_BERT;
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  static const char *const model_names[] = {
      "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
      "embeddings.token_type_embeddings.weight", "encoder.ln.weight", "encoder.ln.bias"};
  static const char *const layer_names[] = {"attention.ln.weight",
                                            "attention.ln.bias",
                                            "attention.self.query.weight",
                                            "attention.self.query.bias",
                                            "attention.self.key.weight",
                                            "attention.self.key.bias",
                                            "attention.self.value.weight",
                                            "attention.self.value.bias",
                                            "attention.output.dense.weight",
                                            "attention.output.dense.bias",
                                            "ln.weight",
                                            "ln.bias",
                                            "intermediate.dense.weight",
                                            "intermediate.dense.bias",
                                            "output.dense.weight",
                                            "output.dense.bias"};
  enum { MODEL_TENSORS = 5, LAYER_TENSORS = 16 };
  CHECK(bertlet_tensor_count(model) == MODEL_TENSORS + 2 * LAYER_TENSORS);
  for (int32_t i = 0; i < MODEL_TENSORS + 2 * LAYER_TENSORS; i++) {
    char name[BERTLET_TENSOR_NAME_BYTES], expected[BERTLET_TENSOR_NAME_BYTES];
    int32_t in_layers = i - MODEL_TENSORS;
    if (in_layers < 0) {
      snprintf(expected, sizeof expected, "%s", model_names[i]);
    } else {
      snprintf(expected, sizeof expected, "encoder.layer.%d.%s", in_layers / LAYER_TENSORS,
               layer_names[in_layers % LAYER_TENSORS]);
    }
    CHECK(bertlet_tensor_name(model, i, name) == (int32_t)strlen(expected));
    if (!CHECK(strcmp(name, expected) == 0)) printf("  %s, not %s\n", name, expected);
  }
  free(model);
}

/* In a block of noise: what an architecture has no bias for must not add any. */
static void biases_are_zero_at_first(void) {
  for (bertlet_weights weights = BERTLET_WEIGHTS_F32; weights <= BERTLET_WEIGHTS_INT8; weights++) {
    bertlet_config config = tiny_config(1);
    config.weights = weights;
    size_t bytes = bertlet_model_bytes(&config, 1);
    void *block = memset(allocate(bytes), 0xa5, bytes);
    const bertlet_model *model = bertlet_model_init(block, &config, NULL);
    const layer *l = &model->weights.layers[1];
    for (int32_t i = 0; i < l->qkv.outputs; i++) CHECK(l->qkv.bias[i] == 0);
    for (int32_t i = 0; i < l->intermediate.outputs; i++) CHECK(l->intermediate.bias[i] == 0);
    free(block);
  }
}

/* Every F16 and BF16 number, read back from the word embeddings: rows of 32, 65536 / 32 of them. */
static double half_value(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 1023;
  double magnitude = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
  return half >> 15 ? -magnitude : magnitude;
}

static void sixteen_bit_numbers_are_exact(void) {
  bertlet_config config = tiny_config(1);
  config.vocab_size = 2048;
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  static uint16_t numbers[65536];
  for (int32_t i = 0; i < 65536; i++) numbers[i] = (i >> 10 & 31) == 31 ? (uint16_t)(i & 0x83ff) : (uint16_t)i;
  CHECK(bertlet_tensor_begin(model, 0, BERTLET_F16) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, numbers, sizeof numbers) == BERTLET_OK);
  bool exact = true;
  for (int32_t i = 0; i < 65536; i++) {
    double expected = half_value(numbers[i]), value = model->weights.words.values[i];
    exact = exact && value == expected && !signbit(value) == !signbit(expected);
  }
  CHECK(exact);

  /* Without those beyond 2^20. */
  for (int32_t i = 0; i < 65536; i++) numbers[i] = (i & 0x7fff) > 0x4980 ? (uint16_t)(i & 0x807f) : (uint16_t)i;
  CHECK(bertlet_tensor_begin(model, 0, BERTLET_BF16) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, numbers, sizeof numbers) == BERTLET_OK);
  exact = true;
  for (int32_t i = 0; i < 65536; i++) {
    uint32_t bits;
    memcpy(&bits, &model->weights.words.values[i], 4);
    exact = exact && bits == (uint32_t)numbers[i] << 16;
  }
  CHECK(exact);
  free(model);
}

/* What is not finite is refused in every dtype, in the first and in the last place, and leaves the tensor missing. */
static void not_finite_is_refused(void) {
  bertlet_config config = tiny_config(1);
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  static const struct {
    bertlet_dtype dtype;
    size_t size;
    uint32_t bits;
  } cases[] = {{BERTLET_F32, 4, 0x7f800000}, {BERTLET_F32, 4, 0xff800000}, {BERTLET_F32, 4, 0x7fc00000},
               {BERTLET_F32, 4, 0x7f800001}, {BERTLET_F16, 2, 0x7c00},     {BERTLET_F16, 2, 0xfc00},
               {BERTLET_F16, 2, 0x7e00},     {BERTLET_F16, 2, 0x7c01},     {BERTLET_BF16, 2, 0x7f80},
               {BERTLET_BF16, 2, 0xff80},    {BERTLET_BF16, 2, 0x7fc0},    {BERTLET_BF16, 2, 0x7f81}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int32_t index = 3; index < 6; index++) { /* two vectors and a packed matrix */
      size_t count = (size_t)bertlet_tensor_rows(model, index) * bertlet_tensor_columns(model, index);
      size_t places[] = {0, count - 1};
      for (int32_t p = 0; p < 2; p++) {
        unsigned char bytes[32 * 32 * 4] = {0};
        CHECK(bertlet_tensor_begin(model, index, cases[i].dtype) == BERTLET_OK);
        memcpy(bytes + places[p] * cases[i].size, &cases[i].bits, cases[i].size);
        CHECK(bertlet_tensor_write(model, bytes, count * cases[i].size) == BERTLET_ERROR_NUMERIC);
        CHECK(bertlet_tensor_write(model, bytes, 1) == BERTLET_ERROR_ARGUMENT); /* it is closed */
        CHECK(bertlet_model_first_missing_tensor(model) == 0);
      }
    }
  }
  free(model);
}

static void wrong_lengths_are_refused(void) {
  bertlet_config config = tiny_config(1);
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  static const float zeros[94 * 32 + 1];
  const size_t whole = 94 * 32 * sizeof(float);
  CHECK(bertlet_tensor_write(model, zeros, 4) == BERTLET_ERROR_ARGUMENT); /* none is open */
  CHECK(bertlet_tensor_begin(model, -1, BERTLET_F32) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_tensor_begin(model, bertlet_tensor_count(model), BERTLET_F32) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_tensor_begin(model, 0, (bertlet_dtype)3) == BERTLET_ERROR_ARGUMENT);

  CHECK(bertlet_tensor_begin(model, 0, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, zeros, whole - 1) == BERTLET_OK);
  CHECK(bertlet_model_first_missing_tensor(model) == 0);
  CHECK(bertlet_tensor_write(model, zeros, 1) == BERTLET_OK);
  CHECK(bertlet_model_first_missing_tensor(model) == 1);
  CHECK(bertlet_tensor_write(model, zeros, 0) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, zeros, 1) == BERTLET_ERROR_ARGUMENT); /* one byte too many */
  CHECK(bertlet_model_first_missing_tensor(model) == 0);
  CHECK(bertlet_tensor_begin(model, 0, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, zeros, whole + 1) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_tensor_begin(model, 0, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, zeros, 100) == BERTLET_OK);
  CHECK(bertlet_tensor_write(model, zeros, whole - 99) == BERTLET_ERROR_ARGUMENT);

  float hidden[32];
  CHECK(bertlet_forward(model, (int32_t[]){0}, NULL, (int32_t[]){0, 1}, 1, 2, hidden, NULL) ==
        BERTLET_ERROR_INCOMPLETE);
  free(model);
}

/* How a model is written whose value number i of tensor t is a small function of i and t, exact in every dtype. */
typedef struct recipe {
  bertlet_dtype dtype;
  bool backwards; /* the last tensor first */
  bool retry;     /* each tensor after an attempt that breaks off */
  bool swapped;   /* the first layer's query and key weights exchanged */
  bool changed;   /* the signs of two values of a tensor, or of one if both are the same */
  int32_t changed_tensor;
  size_t changed_values[2];
} recipe;

enum { QUERY = 5, KEY = 7 };

static uint64_t fingerprint(recipe how) {
  bertlet_config config = tiny_config(1);
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  int32_t count = bertlet_tensor_count(model);
  for (int32_t step = 0; step < count; step++) {
    int32_t index = how.backwards ? count - 1 - step : step;
    int32_t content = how.swapped && (index == QUERY || index == KEY) ? QUERY + KEY - index : index;
    size_t values = (size_t)bertlet_tensor_rows(model, index) * bertlet_tensor_columns(model, index);
    float *source = allocate(values * sizeof(float));
    uint16_t *upper = allocate(values * sizeof(uint16_t));
    for (size_t i = 0; i < values; i++) {
      uint32_t bits;
      source[i] = (float)((int32_t)(i + (size_t)content) % 16 - 8);
      bool negate =
          how.changed && index == how.changed_tensor && (i == how.changed_values[0] || i == how.changed_values[1]);
      if (negate) source[i] = -source[i];
      memcpy(&bits, &source[i], 4);
      upper[i] = (uint16_t)(bits >> 16);
    }
    if (how.retry) {
      bertlet_tensor_begin(model, index, BERTLET_F32);
      bertlet_tensor_write(model, source, values * 2 + 3);
    }
    bertlet_tensor_begin(model, index, how.dtype);
    const void *bytes = how.dtype == BERTLET_F32 ? (const void *)source : upper;
    CHECK(bertlet_tensor_write(model, bytes, values * (how.dtype == BERTLET_F32 ? 4 : 2)) == BERTLET_OK);
    free(upper);
    free(source);
  }
  uint64_t result = bertlet_model_fingerprint(model);
  free(model);
  return result;
}

static void fingerprints_tell_values_only(void) {
  uint64_t plain = fingerprint((recipe){0});
  CHECK(plain == fingerprint((recipe){.backwards = true}));
  CHECK(plain == fingerprint((recipe){.dtype = BERTLET_BF16}));
  CHECK(plain == fingerprint((recipe){.retry = true}));
  CHECK(plain != fingerprint((recipe){.swapped = true}));
  /* A value of 0 gives a -0, which is another number to a hash. */
  for (int32_t index = 0; index < 37; index += 6) {
    for (size_t value = 0; value < 24; value++) {
      CHECK(plain != fingerprint((recipe){.changed = true, .changed_tensor = index, .changed_values = {value, value}}));
      CHECK(plain !=
            fingerprint((recipe){.changed = true, .changed_tensor = index, .changed_values = {value, value + 8}}));
    }
  }
}

/* A tensor of each kind, written with a LoRA adapter, is that written as W + scale . B . A, computed here in double. */
static void adapters_are_merged(void) {
  enum { RANK = 3, MOST = 94 * 32 };
  bertlet_config config = tiny_config(1);
  bertlet_model *merged = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  bertlet_model *expected = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  static float w[MOST], sum[MOST], a[RANK * 64], b[94 * RANK];
  const float scale = 0.5f;
  uint32_t state = 1;
  /* Multiples of 1/16 up to 1, so that every sum is exact and the order of additions does not matter. */
#define FILL(array)                                                                                                    \
  for (size_t i = 0; i < sizeof array / sizeof *array; i++) array[i] = (float)(random_number(&state) % 33) / 16 - 1
  FILL(w);
  FILL(a);
  FILL(b);
#undef FILL
  static const int32_t tensors[] = {0, 3, QUERY, QUERY + 1, QUERY + 14}; /* table, vectors, packed, more inputs */
  for (size_t t = 0; t < sizeof tensors / sizeof *tensors; t++) {
    int32_t rows = bertlet_tensor_rows(merged, tensors[t]), columns = bertlet_tensor_columns(merged, tensors[t]);
    size_t count = (size_t)rows * columns;
    for (int32_t row = 0; row < rows; row++)
      for (int32_t column = 0; column < columns; column++) {
        double product = 0;
        for (int32_t i = 0; i < RANK; i++) product += (double)b[row * RANK + i] * a[i * columns + column];
        sum[row * columns + column] = (float)(w[row * columns + column] + scale * product);
      }
    CHECK(bertlet_tensor_begin(expected, tensors[t], BERTLET_F32) == BERTLET_OK);
    CHECK(bertlet_tensor_write(expected, sum, count * sizeof(float)) == BERTLET_OK);
    CHECK(bertlet_tensor_begin(merged, tensors[t], BERTLET_F32) == BERTLET_OK);
    CHECK(bertlet_tensor_merge_lora(merged, a, b, RANK, scale) == BERTLET_OK);
    CHECK(bertlet_tensor_write(merged, w, 5) == BERTLET_OK); /* cut in the middle of a number */
    CHECK(bertlet_tensor_write(merged, (const char *)w + 5, count * sizeof(float) - 5) == BERTLET_OK);
    CHECK(merged->hashes[tensors[t]] == expected->hashes[tensors[t]]);
  }

  /* It ends with the tensor that it was given for. */
  CHECK(bertlet_tensor_begin(merged, QUERY, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_write(merged, w, 32 * 32 * sizeof(float)) == BERTLET_OK);
  CHECK(merged->hashes[QUERY] != expected->hashes[QUERY]);

  CHECK(bertlet_tensor_begin(merged, QUERY, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_tensor_merge_lora(merged, a, b, 0, scale) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_tensor_merge_lora(merged, a, b, 1, scale) == BERTLET_OK);
  CHECK(bertlet_tensor_write(merged, w, 5) == BERTLET_OK);
  CHECK(bertlet_tensor_merge_lora(merged, a, b, RANK, scale) == BERTLET_ERROR_ARGUMENT); /* too late */
  CHECK(bertlet_tensor_write(merged, w, sizeof w) == BERTLET_ERROR_ARGUMENT);            /* closes it */
  CHECK(bertlet_tensor_merge_lora(merged, a, b, RANK, scale) == BERTLET_ERROR_ARGUMENT);
  free(expected);
  free(merged);
}

/* Whole tensors and some of their rows, bit for bit. */
static void weights_are_read_back(void) {
  tiny_fixture f;
  open_tiny_fixture(&f, "tiny-f32");
  bertlet_model *model = load_model(&f.config, NULL, 1, &f.checkpoint, 1000);
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(model, i, name);
    stored_tensor stored = safetensors_find(&f.checkpoint, name);
    int32_t rows = bertlet_tensor_rows(model, i), columns = bertlet_tensor_columns(model, i);
    float *values = malloc(stored.bytes);
    bertlet_tensor_read(model, i, 0, rows, values);
    CHECK(memcmp(values, stored.data, stored.bytes) == 0);
    bertlet_tensor_read(model, i, rows / 3, rows, values);
    size_t skipped = (size_t)(rows / 3) * (size_t)columns * sizeof(float);
    CHECK(memcmp(values, stored.data + skipped, stored.bytes - skipped) == 0);
    free(values);
  }
  free(model);
  close_tiny_fixture(&f);
}

/* What an element of an int8 tensor stands for, by the layouts that kernels.h and weights.h describe. */
static float dequantized(const bertlet_model *model, const tensor *t, int32_t row, int32_t column) {
  if (t->entry->kind == TENSOR_TABLE) {
    const embedding_table *table = t->place;
    return table->scale_i8[row] * (float)(table->values_i8[(size_t)row * t->columns + column] - table->zero_i8[row]);
  }
  if (t->entry->kind != TENSOR_WEIGHT) return tensor_row(t, row)[column];
  const weights_i8 *w = &((const linear *)t->place)->weight_i8;
  const int32_t output = t->entry->part * t->rows + row, block = column / 384, begin = block * 384;
  const int32_t left = t->columns - begin, count = left < 384 ? left : 384;
  const int32_t step = model->path == INT8_WIDE ? 2 : 4, i = column - begin;
  const bool is_signed = model->path == INT8_WIDE || model->path == INT8_DOT_SIGNED;
  const size_t at =
      (size_t)begin * w->n + (size_t)(output / 8) * 8 * count + (i / step * 8 + output % 8) * step + i % step;
  const int32_t q = is_signed ? ((const int8_t *)w->values)[at] : ((const uint8_t *)w->values)[at];
  const size_t of_block = ((size_t)(output / 8) * ((t->columns + 383) / 384) + block) * 8 + output % 8;
  return w->scale[of_block] * (float)(q - w->zero[of_block]);
}

/* Of an int8 model: exactly what its numbers stand for, which is near what was written. Several blocks of inputs. */
static void int8_weights_are_read_back(void) {
  bertlet_config config = tiny_config(8);
  config.weights = BERTLET_WEIGHTS_INT8;
  config.intermediate_size = 400;
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(&config, 1)), &config, NULL);
  uint32_t state = 5;
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    const tensor *t = &model->tensors[i];
    const size_t count = (size_t)t->rows * t->columns;
    float *written = allocate(count * sizeof(float)), *read = allocate(count * sizeof(float));
    for (size_t k = 0; k < count; k++) written[k] = (float)(random_number(&state) >> 8) / 0x1p24f - 0.4f;
    CHECK(bertlet_tensor_begin(model, i, BERTLET_F32) == BERTLET_OK);
    CHECK(bertlet_tensor_write(model, written, count * sizeof(float)) == BERTLET_OK);
    bertlet_tensor_read(model, i, 0, t->rows, read);
    bool exact = true, near = true;
    for (int32_t row = 0; row < t->rows; row++)
      for (int32_t column = 0; column < t->columns; column++) {
        const size_t at = (size_t)row * t->columns + column;
        exact = exact && read[at] == dequantized(model, t, row, column);
        near = near && fabsf(read[at] - written[at]) <= 0.5f / 127; /* half a step of the coarsest mapping, 7 bits */
      }
    CHECK(exact && near);
    const int32_t first = t->rows / 3;
    bertlet_tensor_read(model, i, first, t->rows, written);
    const size_t skipped = (size_t)first * t->columns;
    CHECK(memcmp(written, read + skipped, (count - skipped) * sizeof(float)) == 0);
    free(read);
    free(written);
  }
  free(model);
}

int main(void) {
  impossible_configurations_have_no_size();
  int8_is_smaller();
  sizes_do_not_wrap();
  tensors_have_hugging_face_names();
  absent_tensors_are_not_listed();
  megatron_bert_has_other_normalizations();
  biases_are_zero_at_first();
  sixteen_bit_numbers_are_exact();
  not_finite_is_refused();
  wrong_lengths_are_refused();
  fingerprints_tell_values_only();
  adapters_are_merged();
  weights_are_read_back();
#ifdef BERTLET_SIMD
  for (emulated_engine = ENGINE_X86; emulated_engine <= ENGINE_WRONG; emulated_engine++)
#endif
    int8_weights_are_read_back();
  return report();
}
