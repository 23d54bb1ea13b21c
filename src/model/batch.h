/* Checks of what a caller passes as a batch. */
#ifndef BERTLET_BATCH_H
#define BERTLET_BATCH_H

#include "bertlet.h"

bool starts_are_valid(const bertlet_config *config, const int32_t *starts, int32_t sequences);

/* With `starts` that are valid. */
bool ids_are_valid(const bertlet_config *config, const int32_t *ids, const int32_t *type_ids, int32_t tokens);

bool layers_are_valid(const bertlet_config *config, int32_t begin, int32_t end);

/* BERTLET_ERROR_NUMERIC unless hidden [tokens][hidden_size] is finite. */
bertlet_status check_hidden(const bertlet_config *config, int32_t tokens, const float *hidden);

#endif
