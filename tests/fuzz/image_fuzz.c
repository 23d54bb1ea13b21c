/* Fuzz target: an image with any bytes changed is refused, and then the model is without weights; unchanged it brings
 * the same bits back. */
#include "models.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  bertlet_config config = take_config(&in);
  bertlet_model *model = make_model(&config);
  if (!model) return 0;
  fill(model, (uint32_t)size);
  REQUIRE(bertlet_model_seal(model) == BERTLET_OK);
  size_t bytes = bertlet_model_image_bytes(model);
  uint8_t *original = malloc(bytes);
  REQUIRE(original);
  memcpy(original, bertlet_model_image(model), bytes);

  bertlet_config other_config = config;
  if (take_below(&in, 4) == 0) ((int32_t *)&other_config)[take_below(&in, 9)] = take_wild(&in, 64);
  bertlet_model *other = make_model(&other_config);
  if (other) {
    size_t room = bertlet_model_image_bytes(other);
    uint8_t *image = bertlet_model_image(other);
    memcpy(image, original, bytes < room ? bytes : room);
    for (int32_t changes = take_below(&in, 4); changes > 0; changes--) {
      size_t at = (take_below(&in, 2) ? (size_t)take_below(&in, 128) : (size_t)take_below(&in, 65536)) % room;
      image[at] = take_byte(&in);
    }
    bool same =
        room == bytes && memcmp(image, original, bytes) == 0 && memcmp(&config, &other_config, sizeof config) == 0;
    bertlet_status status = bertlet_model_restore(other);
    REQUIRE(status == BERTLET_OK || status == BERTLET_ERROR_IMAGE);
    REQUIRE(!same || status == BERTLET_OK);
    REQUIRE((bertlet_model_first_missing_tensor(other) == -1) == (status == BERTLET_OK));

    float *hidden = malloc((size_t)other_config.hidden_size * 2 * sizeof *hidden);
    float *expected = malloc((size_t)config.hidden_size * 2 * sizeof *expected);
    bertlet_status run = bertlet_forward(other, (int32_t[]){0}, NULL, (int32_t[]){0, 1}, 1,
                                         other_config.num_hidden_layers, hidden, NULL);
    if (status == BERTLET_ERROR_IMAGE) REQUIRE(run == BERTLET_ERROR_INCOMPLETE);
    if (same) {
      REQUIRE(run == BERTLET_OK && bertlet_model_fingerprint(other) == bertlet_model_fingerprint(model));
      REQUIRE(!bertlet_forward(model, (int32_t[]){0}, NULL, (int32_t[]){0, 1}, 1, config.num_hidden_layers, expected,
                               NULL));
      REQUIRE(memcmp(hidden, expected, (size_t)config.hidden_size * sizeof *hidden) == 0);
    }
    free(expected);
    free(hidden);
    free(other);
  }
  free(original);
  free(model);
  return 0;
}
