#ifndef BERTLET_IMAGE_H
#define BERTLET_IMAGE_H

#include "bertlet.h"

/* To be raised whenever the bytes of an image change: with packing, quantizing, or the order of the weights in memory.
 * So an image that an older version has stored is not taken for one of this version. */
enum { PACKING_VERSION = 2 };

/* How an image begins; the tensors' hashes and the weights follow. */
typedef struct image_header {
  _Alignas(BERTLET_ALIGNMENT) char magic[8];
  uint32_t packing; /* PACKING_VERSION */
  int32_t path;     /* int8_path of an int8 model */
  uint64_t bytes;   /* of the image, header included */
  uint64_t checksum;
  bertlet_config config; /* with max_batch_tokens 0 */
} image_header;

#endif
