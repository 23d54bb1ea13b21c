/* Hashes of weights: to recognize values and to notice damage, not to withstand an attack. */
#ifndef BERTLET_HASH_H
#define BERTLET_HASH_H

#include <stdint.h>
#include <string.h>

/* The finalizer of MurmurHash3 (Austin Appleby, public domain): every input bit changes every output bit. */
static inline uint64_t mix(uint64_t h) {
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
  return h ^ h >> 33;
}

/* Hash of `count` bytes, a multiple of 32; `seed` is the hash of the bytes before them, or 0. For every input word a
 * lane maps its states one to one, so a change of one word always changes the hash. The multiplications of four lanes
 * overlap in time. */
static inline uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t count) {
  enum { LANES = 4 };
  uint64_t lanes[LANES] = {seed, seed + 1, seed + 2, seed + 3};
  for (const unsigned char *at = bytes, *end = at + count; at < end; at += sizeof lanes) {
    uint64_t words[LANES];
    memcpy(words, at, sizeof words);
    for (int32_t lane = 0; lane < LANES; lane++) {
      uint64_t h = (lanes[lane] ^ words[lane]) * 0x9e3779b97f4a7c15u;
      lanes[lane] = h ^ h >> 32;
    }
  }
  uint64_t hash = 0;
  for (int32_t lane = 0; lane < LANES; lane++) hash = mix(hash ^ lanes[lane]);
  return hash;
}

#endif
