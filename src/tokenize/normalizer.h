/* From text to words: what Hugging Face's BertNormalizer and BertPreTokenizer do, in one pass. Every normalized
 * character knows its place in the original text. */
#ifndef BERTLET_NORMALIZER_H
#define BERTLET_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WORD_CHARACTERS = 100, /* in BERT's WordPiece any longer word is unknown */
  WORD_MARGIN = 8,
  WORD_ROOM = WORD_MARGIN + 4 * WORD_CHARACTERS + WORD_MARGIN
};

/* A word after normalization: bytes[WORD_MARGIN .. end), in UTF-8. The visitor may use the margins on both sides. Of a
 * word of more than WORD_CHARACTERS only `length`, `from` of its first byte and to[end - 1] are valid. */
typedef struct word {
  int32_t length; /* in characters, at least 1 */
  int32_t end;
  int32_t from[WORD_ROOM]; /* by a character's first byte: its place in the original text, in UTF-16 code units */
  int32_t to[WORD_ROOM];   /* by a character's last byte: where it ends there */
  uint8_t bytes[WORD_ROOM];
} word;

/* Is called with each word in turn, and may overwrite it. */
typedef void word_visitor(void *context, word *found);

/* What a byte is by itself: one of these, or else a letter, digit or the like, for which a number below 0x80 is the
 * byte that it is normalized to. */
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

/* Normalizes and splits the text from `at`, where no word may have begun and the text may not end, to the next place
 * outside of words, calling `visit` for each word; moves `at` there. */
void normalizer_split(const normalizer *of, cursor *at, word_visitor *visit, void *context);

/* Where a text may be cut so that its parts, normalized and split one by one, give the words of the whole, but for one
 * that ends with the first part and goes on in the next: bytes up to the first such place behind `least` code points,
 * which is in the midst of a word, before one of its letters; or `length`. */
size_t normalizer_cut(const normalizer *of, const uint8_t *text, size_t length, int32_t least);

/* Length of UTF-8 `text` without the white space at its end. */
size_t length_without_trailing_whitespace(const uint8_t *text, size_t length);

#endif
