/* The numbers of a checkpoint as f32. */
#include "model/dtype.h"

#include <string.h>

size_t dtype_bytes(bertlet_dtype dtype) { return dtype == BERTLET_F32 ? 4 : 2; }

/* IEEE 754 half precision: the exponent's bias goes from 15 to 127 by an exact multiplication, which also makes
 * subnormals normal; infinity and NaN need f32's all-ones exponent. */
static void convert_f16(const unsigned char *bytes, int32_t count, float *values) {
  for (int32_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * (size_t)i, 2);
    uint32_t magnitude = half & 0x7fffu, shifted = magnitude << 13, bits;
    float scaled;
    memcpy(&scaled, &shifted, 4);
    scaled *= 0x1p112f;
    memcpy(&bits, &scaled, 4);
    bits |= magnitude >= 0x7c00u ? 0x7f800000u : 0;
    bits |= (uint32_t)(half & 0x8000u) << 16;
    memcpy(&values[i], &bits, 4);
  }
}

/* bfloat16 is the upper half of an f32. */
static void convert_bf16(const unsigned char *bytes, int32_t count, float *values) {
  for (int32_t i = 0; i < count; i++) {
    uint16_t upper;
    memcpy(&upper, bytes + 2 * (size_t)i, 2);
    uint32_t bits = (uint32_t)upper << 16;
    memcpy(&values[i], &bits, 4);
  }
}

void convert_to_f32(const unsigned char *bytes, bertlet_dtype dtype, int32_t count, float *values) {
  switch (dtype) {
  case BERTLET_F32:
    memcpy(values, bytes, (size_t)count * sizeof(float));
    break;
  case BERTLET_F16:
    convert_f16(bytes, count, values);
    break;
  case BERTLET_BF16:
    convert_bf16(bytes, count, values);
    break;
  }
}
