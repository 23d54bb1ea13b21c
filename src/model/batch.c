#include "model/batch.h"

#include "base/finite.h"

static bool all_in_range(const int32_t *numbers, int32_t count, int32_t end) {
  for (int32_t i = 0; i < count; i++)
    if (numbers[i] < 0 || numbers[i] >= end) return false;
  return true;
}

bool starts_are_valid(const bertlet_config *config, const int32_t *starts, int32_t sequences) {
  if (sequences < 0 || starts[0] != 0) return false;
  for (int32_t i = 0; i < sequences; i++) {
    /* The first test keeps the difference of the second from overflowing. */
    if (starts[i + 1] <= starts[i] || starts[i + 1] > config->max_batch_tokens) return false;
    if (starts[i + 1] - starts[i] > config->max_position_embeddings) return false;
  }
  return true;
}

bool ids_are_valid(const bertlet_config *config, const int32_t *ids, const int32_t *type_ids, int32_t tokens) {
  return all_in_range(ids, tokens, config->vocab_size) &&
         (!type_ids || config->type_vocab_size == 0 || all_in_range(type_ids, tokens, config->type_vocab_size));
}

bool layers_are_valid(const bertlet_config *config, int32_t begin, int32_t end) {
  return begin >= 0 && begin <= end && end <= config->num_hidden_layers;
}

bertlet_status check_hidden(const bertlet_config *config, int32_t tokens, const float *hidden) {
  return all_finite(hidden, (size_t)tokens * config->hidden_size) ? BERTLET_OK : BERTLET_ERROR_NUMERIC;
}
