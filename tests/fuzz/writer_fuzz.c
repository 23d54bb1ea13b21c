/* Fuzz target: any configuration, and any calls of the streaming writer in any order. What is refused changes nothing
 * that was written; a model says truly what it lacks; when it lacks nothing it can be sealed, and computes. */
#include "models.h"

/* Fields of any value. */
static bertlet_config wild_config(input *in) {
  bertlet_config config = take_config(in);
  int32_t *fields = (int32_t *)&config;
  for (int32_t changes = take_below(in, 3); changes > 0; changes--)
    fields[take_below(in, sizeof config / sizeof *fields)] = take_wild(in, 256);
  return config;
}

/* The matrices of an adapter, which must live as long as its tensor is open. */
typedef struct adapter {
  float *a, *b;
} adapter;

static void drop(adapter *lora) {
  free(lora->a);
  free(lora->b);
  *lora = (adapter){0};
}

static void begin(bertlet_model *model, input *in, int32_t *open, adapter *lora) {
  int32_t tensor = take_wild(in, bertlet_tensor_count(model)), dtype = take_wild(in, 3);
  bool known = tensor >= 0 && tensor < bertlet_tensor_count(model);
  bertlet_status status = bertlet_tensor_begin(model, tensor, dtype);
  REQUIRE((status == BERTLET_OK) == (known && dtype >= 0 && dtype < 3));
  if (status != BERTLET_OK) return;
  drop(lora);
  *open = tensor;
}

static void merge(bertlet_model *model, input *in, int32_t open, adapter *lora) {
  int32_t rank = take_wild(in, 4);
  if (rank > 4 || open < 0) return;
  size_t width = rank > 0 ? (size_t)rank : 0;
  adapter fresh = {floats_of(in, width * (size_t)bertlet_tensor_columns(model, open), true),
                   floats_of(in, width * (size_t)bertlet_tensor_rows(model, open), true)};
  if (bertlet_tensor_merge_lora(model, fresh.a, fresh.b, rank, take_float(in, true)) == BERTLET_OK) {
    REQUIRE(rank > 0);
    drop(lora);
    *lora = fresh;
  } else {
    drop(&fresh);
  }
}

static void write(bertlet_model *model, input *in) {
  size_t bytes = (size_t)take_below(in, 2048);
  uint8_t *values = malloc(bytes + 1);
  REQUIRE(values);
  bool noise = take_below(in, 4) == 0;
  for (size_t i = 0; i < bytes; i++) values[i] = noise ? take_byte(in) : 0;
  bertlet_status status = bertlet_tensor_write(model, values, bytes);
  REQUIRE(status == BERTLET_OK || status == BERTLET_ERROR_ARGUMENT || status == BERTLET_ERROR_NUMERIC);
  free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  bertlet_config config = wild_config(&in);
  bertlet_model *model = make_model(&config);
  if (!model) return 0;
  int32_t open = -1;
  adapter lora = {0};
  while (in.left > 0) {
    switch (take_below(&in, 4)) {
    case 0:
      begin(model, &in, &open, &lora);
      break;
    case 1:
      merge(model, &in, open, &lora);
      break;
    default:
      write(model, &in);
    }
    bool complete = bertlet_model_first_missing_tensor(model) == -1;
    if (complete || in.left % 16 == 0) REQUIRE((bertlet_model_seal(model) == BERTLET_OK) == complete);
  }
  fill(model, (uint32_t)size);
  drop(&lora);
  REQUIRE(bertlet_model_seal(model) == BERTLET_OK);

  float *hidden = malloc((size_t)config.hidden_size * sizeof *hidden);
  REQUIRE(bertlet_forward(model, (int32_t[]){0}, NULL, (int32_t[]){0, 1}, 1, config.num_hidden_layers, hidden, NULL) ==
          BERTLET_OK);
  for (int32_t i = 0; i < config.hidden_size; i++) REQUIRE(isfinite(hidden[i]));
  free(hidden);
  free(model);
  return 0;
}
