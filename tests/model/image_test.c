/* Images of models: the same bits come back, and nothing else is taken for one. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "support.h"

enum { TOKENS = 24, HIDDEN = 32 };

/* A model filled with small numbers of all signs, packed for `path`. */
static bertlet_model *filled_model(const bertlet_config *config, int8_path path) {
  bertlet_model *model = bertlet_model_init(allocate(bertlet_model_bytes(config, 1)), config, NULL);
  model->path = path;
  uint32_t state = 1;
  for (int32_t index = 0; index < bertlet_tensor_count(model); index++) {
    size_t count = (size_t)bertlet_tensor_rows(model, index) * bertlet_tensor_columns(model, index);
    float *values = allocate(count * sizeof(float));
    for (size_t i = 0; i < count; i++) values[i] = (float)((int32_t)(random_number(&state) >> 8 & 0xff) - 128) / 512;
    CHECK(bertlet_tensor_begin(model, index, BERTLET_F32) == BERTLET_OK);
    CHECK(bertlet_tensor_write(model, values, count * sizeof(float)) == BERTLET_OK);
    free(values);
  }
  return model;
}

static bertlet_config config_of(bertlet_weights weights) {
  bertlet_config config = tiny_config(TOKENS);
  config.weights = weights;
  config.intermediate_size = 400; /* inputs of more than one block */
  return config;
}

static void *copy_of_image(bertlet_model *model) {
  CHECK(bertlet_model_seal(model) == BERTLET_OK);
  void *image = allocate(bertlet_model_image_bytes(model));
  return memcpy(image, bertlet_model_image(model), bertlet_model_image_bytes(model));
}

/* A model in a block of noise that takes `image` [bytes] for its own; `status` is what came of it. */
static bertlet_model *restored(const bertlet_config *config, int8_path path, const void *image, size_t bytes,
                               int32_t threads, bertlet_status *status) {
  size_t size = bertlet_model_bytes(config, threads);
  void *block = allocate(size);
  memset(block, 0xa5, size);
  bertlet_model *model = bertlet_model_init(block, config, NULL);
  model->path = path;
  size_t own = bertlet_model_image_bytes(model);
  memcpy(bertlet_model_image(model), image, bytes < own ? bytes : own);
  *status = bertlet_model_restore(model);
  return model;
}

static void forward(bertlet_model *model, float *hidden) {
  int32_t ids[TOKENS];
  for (int32_t i = 0; i < TOKENS; i++) ids[i] = i * 3;
  CHECK(bertlet_forward(model, ids, NULL, (int32_t[]){0, 5, TOKENS}, 2, 2, hidden, NULL) == BERTLET_OK);
}

static void the_same_bits_come_back(bertlet_weights weights, int8_path path) {
  bertlet_config config = config_of(weights);
  bertlet_model *model = filled_model(&config, path);
  void *image = copy_of_image(model);
  bertlet_status status;
  bertlet_config larger = config;
  larger.max_batch_tokens = 2 * TOKENS; /* what an image does not depend on */
  bertlet_model *again = restored(&larger, path, image, bertlet_model_image_bytes(model), 2, &status);
  CHECK(status == BERTLET_OK);
  CHECK(bertlet_model_first_missing_tensor(again) == -1);
  CHECK(bertlet_model_fingerprint(again) == bertlet_model_fingerprint(model));
  float expected[TOKENS * HIDDEN], actual[TOKENS * HIDDEN];
  forward(model, expected);
  forward(again, actual);
  CHECK(memcmp(expected, actual, sizeof expected) == 0);
  free(again);
  free(image);
  free(model);
}

/* An image from elsewhere is refused, leaves the model without weights, and does not keep it from getting some. */
static void refuses(const bertlet_config *config, int8_path path, const void *image, size_t bytes) {
  bertlet_status status;
  bertlet_model *model = restored(config, path, image, bytes, 1, &status);
  CHECK(status == BERTLET_ERROR_IMAGE);
  CHECK(bertlet_model_first_missing_tensor(model) == 0);
  float hidden[HIDDEN];
  CHECK(bertlet_forward(model, (int32_t[]){0}, NULL, (int32_t[]){0, 1}, 1, 2, hidden, NULL) ==
        BERTLET_ERROR_INCOMPLETE);
  CHECK(bertlet_model_seal(model) == BERTLET_ERROR_INCOMPLETE);
  free(model);
}

static void damage_is_noticed(bertlet_weights weights) {
  bertlet_config config = config_of(weights);
  bertlet_model *model = filled_model(&config, INT8_WIDE);
  size_t bytes = bertlet_model_image_bytes(model);
  unsigned char *image = copy_of_image(model);
  for (size_t at = 0; at < bytes; at += at < 128 ? 1 : 1 + at / 40) {
    image[at] ^= 1;
    refuses(&config, INT8_WIDE, image, bytes);
    image[at] ^= 1;
  }
  image[bytes - 1] ^= 0x80;
  refuses(&config, INT8_WIDE, image, bytes);
  image[bytes - 1] ^= 0x80;
  size_t lengths[] = {0, 8, sizeof(image_header), 4096, bytes / 2, bytes - BERTLET_ALIGNMENT};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) refuses(&config, INT8_WIDE, image, lengths[i]);
  bertlet_status status;
  free(restored(&config, INT8_WIDE, image, bytes, 1, &status)); /* and it was the changes that were refused */
  CHECK(status == BERTLET_OK);
  free(image);
  free(model);
}

static void other_models_are_refused(void) {
  bertlet_config config = config_of(BERTLET_WEIGHTS_INT8);
  bertlet_model *model = filled_model(&config, INT8_WIDE);
  size_t bytes = bertlet_model_image_bytes(model);
  void *image = copy_of_image(model);
  static const int8_path others[] = {INT8_PAIRS, INT8_DOT_UNSIGNED, INT8_DOT_SIGNED};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) refuses(&config, others[i], image, bytes);
#define OTHER(field, value)                                                                                            \
  do {                                                                                                                 \
    bertlet_config other = config;                                                                                     \
    other.field = value;                                                                                               \
    refuses(&other, INT8_WIDE, image, bytes);                                                                          \
  } while (0)
  OTHER(vocab_size, 95);
  OTHER(num_hidden_layers, 1);
  OTHER(num_attention_heads, 2);
  OTHER(max_position_embeddings, 39);
  OTHER(hidden_act, BERTLET_RELU);
  OTHER(layer_norm_eps, 1e-5f);
  OTHER(weights, BERTLET_WEIGHTS_F32);
#undef OTHER
  free(image);
  free(model);
}

static void incomplete_models_have_no_image(void) {
  bertlet_config config = config_of(BERTLET_WEIGHTS_F32);
  bertlet_model *model = filled_model(&config, INT8_WIDE);
  CHECK(bertlet_tensor_begin(model, 7, BERTLET_F32) == BERTLET_OK);
  CHECK(bertlet_model_seal(model) == BERTLET_ERROR_INCOMPLETE);
  free(model);
}

/* Not a proof of anything but that the packing is the one that PACKING_VERSION numbers. When this fails because packing
 * was changed on purpose, raise PACKING_VERSION: images that users have kept hold the old packing. Then write the new
 * checksums here. */
static void packing_is_what_its_version_says(void) {
  static const struct {
    bertlet_weights weights;
    int8_path path;
    uint64_t checksum;
  } known[] = {{BERTLET_WEIGHTS_F32, INT8_WIDE, 0x1f4b7ed6cc1d36a4},
               {BERTLET_WEIGHTS_INT8, INT8_WIDE, 0xb76fd3a0b2b302e6},
               {BERTLET_WEIGHTS_INT8, INT8_PAIRS, 0xefc66889037b20b4},
               {BERTLET_WEIGHTS_INT8, INT8_DOT_UNSIGNED, 0x335df08c537a72c6},
               {BERTLET_WEIGHTS_INT8, INT8_DOT_SIGNED, 0x7f6ebcb9b158ca80}};
  CHECK(PACKING_VERSION == 2);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    bertlet_config config = config_of(known[i].weights);
    bertlet_model *model = filled_model(&config, known[i].path);
    CHECK(bertlet_model_seal(model) == BERTLET_OK);
    if (!CHECK(model->image->checksum == known[i].checksum))
      printf("  weights %d, path %d: 0x%016llx\n", known[i].weights, known[i].path,
             (unsigned long long)model->image->checksum);
    free(model);
  }
}

int main(void) {
  the_same_bits_come_back(BERTLET_WEIGHTS_F32, INT8_WIDE);
  for (int8_path path = INT8_WIDE; path <= INT8_DOT_SIGNED; path++) the_same_bits_come_back(BERTLET_WEIGHTS_INT8, path);
  damage_is_noticed(BERTLET_WEIGHTS_F32);
  damage_is_noticed(BERTLET_WEIGHTS_INT8);
  other_models_are_refused();
  incomplete_models_have_no_image();
  packing_is_what_its_version_says();
  return report();
}
