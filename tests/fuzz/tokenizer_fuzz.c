/* libFuzzer target: any vocabulary and any text must give ids of the vocabulary and ordered places within the text, the
 * same whatever the room for them; and any text words without a space in them, likewise. Input: a byte of flags; lines
 * that are added to the vocabulary, up to a NUL; the text. All memory is exactly as large as promised, so that
 * AddressSanitizer sees the first byte too many. */
#define _POSIX_C_SOURCE 200112L
#include "bertlet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static void *copy_of(const void *bytes, size_t size) {
  void *copy = malloc(size);
  if (size > 0) memcpy(copy, bytes, size);
  return copy;
}

static bertlet_tokenizer *make_tokenizer(const char *vocab, size_t size, uint32_t flags) {
  void *block;
  require(posix_memalign(&block, BERTLET_ALIGNMENT, bertlet_tokenizer_bytes(vocab, size)) == 0);
  bertlet_tokenizer *tokenizer = bertlet_tokenizer_init(block, vocab, size, flags);
  require(tokenizer != NULL);
  return tokenizer;
}

static void check(const bertlet_tokenizer *tokenizer, const char *text, size_t size) {
  int32_t *ids = malloc(size * sizeof *ids), *offsets = malloc(2 * size * sizeof *offsets);
  int32_t count = bertlet_tokenize(tokenizer, text, size, ids, offsets, (int32_t)size);
  require(count >= 0 && count <= (int32_t)size);
  for (int32_t i = 0, last_start = 0, last_end = 0; i < count; i++) {
    int32_t start = offsets[2 * i], end = offsets[2 * i + 1];
    require(ids[i] >= 0 && ids[i] < bertlet_tokenizer_vocab_size(tokenizer));
    require(last_start <= start && last_end <= end && start < end && end <= (int32_t)size);
    last_start = start;
    last_end = end;
  }

  int32_t *again = malloc((size_t)count * sizeof *again);
  require(bertlet_tokenize(tokenizer, text, size, again, NULL, count) == count);
  for (int32_t i = 0; i < count; i++) require(again[i] == ids[i]);
  if (count > 0) require(bertlet_tokenize(tokenizer, text, size, again, NULL, count - 1) == BERTLET_ERROR_CAPACITY);
  free(again);
  free(offsets);
  free(ids);
}

static void check_words(const char *text, size_t size, uint32_t flags) {
  int32_t most = (int32_t)(3 * size + 1);
  char *words = malloc((size_t)most);
  int32_t count = bertlet_words(text, size, flags, words, most);
  require(count >= 0 && count <= most);
  for (int32_t i = 0; i < count; i++) require(words[i] != ' ' || (i > 0 && words[i - 1] != ' '));
  require(count == 0 || words[count - 1] == ' ');

  char *again = malloc((size_t)count);
  require(bertlet_words(text, size, flags, again, count) == count && memcmp(again, words, (size_t)count) == 0);
  if (count > 0) require(bertlet_words(text, size, flags, again, count - 1) == BERTLET_ERROR_CAPACITY);
  free(again);
  free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *lines_end = size > 0 ? memchr(data + 1, 0, size - 1) : NULL;
  if (!lines_end) return 0;

  static const char specials[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  size_t specials_size = sizeof specials - 1, lines_size = (size_t)(lines_end - data) - 1;
  char *vocab = malloc(specials_size + lines_size);
  memcpy(vocab, specials, specials_size);
  memcpy(vocab + specials_size, data + 1, lines_size);
  bertlet_tokenizer *tokenizer = make_tokenizer(vocab, specials_size + lines_size, data[0] & 15);

  size_t text_size = size - lines_size - 2;
  char *text = copy_of(lines_end + 1, text_size);
  check(tokenizer, text, text_size);
  check_words(text, text_size, data[0] & 15);
  free(text);
  free(tokenizer);
  free(vocab);
  return 0;
}
