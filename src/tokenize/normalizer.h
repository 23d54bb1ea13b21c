/* From text to words: what Hugging Face's BertNormalizer and BertPreTokenizer do, in one pass and with the place in the
 * original text of every normalized character. */
#ifndef BERTLET_NORMALIZER_H
#define BERTLET_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WORD_CHARACTERS = 100, /* WordPiece takes any longer word for unknown */
  WORD_MARGIN = 8,
  WORD_ROOM = WORD_MARGIN + 4 * WORD_CHARACTERS + WORD_MARGIN
};

/* A word after normalization: bytes[WORD_MARGIN .. end), in UTF-8. The margins on both sides are for the visitor. Of a
 * word that is too long only `length`, `from` of its first byte and to[end - 1] are valid. */
typedef struct word {
  int32_t length; /* in characters, at least 1 */
  int32_t end;
  int32_t from[WORD_ROOM]; /* by a character's first byte: its place in the original text, in UTF-16 code units */
  int32_t to[WORD_ROOM];   /* by a character's last byte: where it ends there */
  uint8_t bytes[WORD_ROOM];
} word;

/* Gets every word in turn, which it may overwrite. */
typedef void word_visitor(void *context, word *found);

/* What a byte means by itself. Anything below 0x80 is a letter, digit or the like: the byte to write for it. */
enum { CLASS_WHITESPACE = 0x80, CLASS_PUNCTUATION, CLASS_REMOVED, CLASS_NOT_ASCII };

typedef struct normalizer {
  uint32_t flags; /* bertlet_tokenizer_flags */
  uint8_t classes[256];
} normalizer;

static inline bool ends_word(const normalizer *of, uint8_t byte) {
  return of->classes[byte] == CLASS_WHITESPACE || of->classes[byte] == CLASS_PUNCTUATION;
}

/* A place in a text: the next byte, and the number of UTF-16 code units before it. */
typedef struct cursor {
  const uint8_t *next, *end;
  int32_t position;
} cursor;

void normalizer_init(normalizer *of, uint32_t flags);

/* Splits off what the text begins with: `at`, which is not in a word and not at the end, moves on to the next place
 * that is not in one. */
void normalizer_split(const normalizer *of, cursor *at, word_visitor *visit, void *context);

/* Length of UTF-8 `text` without the white space at its end. */
size_t length_without_trailing_whitespace(const uint8_t *text, size_t length);

#endif
