/* The words of a text, normalized, as a vocabulary is trained on them: Hugging Face's trainers see what BertNormalizer
 * and BertPreTokenizer give, of any length, and no special tokens. */
#include "bertlet.h"
#include "tokenize/normalizer.h"

#include <string.h>

/* Code points, of which NFD makes at most three times as many: a part of a word is whole, and there is room for marks.
 */
enum { PART = 25 };
_Static_assert(3 * (int)PART < (int)WORD_CHARACTERS, "a part must fit into a word");

typedef struct output {
  uint8_t *words;
  size_t capacity, count; /* bytes; the count may exceed the capacity, and then nothing is written */
  bool in_parts;          /* whether the text comes in parts that are short enough */
  bool overlong;          /* whether a word came that is longer than WORD_CHARACTERS, which is left out */
} output;

static void add_word(void *context, word *found) {
  output *out = context;
  if (found->length > WORD_CHARACTERS && !out->in_parts) {
    out->overlong = true;
    return;
  }
  size_t size = (size_t)(found->end - WORD_MARGIN);
  if (out->count + size < out->capacity) {
    memcpy(out->words + out->count, found->bytes + WORD_MARGIN, size);
    out->words[out->count + size] = ' ';
  }
  out->count += size + 1;
}

/* Adds the words of a text in which one is longer than WORD_CHARACTERS. Each part but the last ends in the midst of a
 * word, which the next one goes on with: there the space behind it is taken back. */
static void add_in_parts(const normalizer *by, const uint8_t *text, const uint8_t *end, output *out) {
  out->in_parts = true;
  while (text < end) {
    cursor at = {text, text + normalizer_cut(by, text, (size_t)(end - text), PART), 0};
    while (at.next < at.end) normalizer_split(by, &at, add_word, out);
    text = at.end;
    if (text < end) out->count--;
  }
  out->in_parts = false;
}

int32_t bertlet_words(const char *text, size_t text_bytes, uint32_t flags, char *words, int32_t capacity) {
  if (text_bytes > INT32_MAX / 4) return BERTLET_ERROR_ARGUMENT;
  normalizer by;
  normalizer_init(&by, flags);
  output out = {(uint8_t *)words, (size_t)(capacity > 0 ? capacity : 0), 0, false, false};
  cursor at = {(const uint8_t *)text, (const uint8_t *)text + text_bytes, 0};
  while (at.next < at.end) {
    const uint8_t *begin = at.next;
    size_t before = out.count;
    normalizer_split(&by, &at, add_word, &out);
    if (!out.overlong) continue;
    out.overlong = false;
    out.count = before;
    add_in_parts(&by, begin, at.next, &out);
  }
  return out.count <= out.capacity ? (int32_t)out.count : BERTLET_ERROR_CAPACITY;
}
