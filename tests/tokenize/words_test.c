/* The edges of bertlet_words(): what does not fit, words that are cut to be normalized, ill-formed text. That words are
 * right is tests/tokenize/words.test.js's subject. */
#include "bertlet.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum {
  USUAL = BERTLET_LOWERCASE | BERTLET_STRIP_ACCENTS | BERTLET_CLEAN_TEXT | BERTLET_SPLIT_CHINESE_CHARS,
  REPEATS = 400
};

/* Whether a text has these words. The memory is exactly as large as it may have to be, and then as it has to be. */
static bool has_words(const char *text, size_t size, uint32_t flags, const char *expected) {
  int32_t length = (int32_t)strlen(expected), most = (int32_t)(3 * size + 1);
  char *input = malloc(size + 1), *words = malloc((size_t)most), *exact = malloc((size_t)length + 1);
  memcpy(input, text, size);
  bool same = bertlet_words(input, size, flags, words, most) == length && memcmp(words, expected, (size_t)length) == 0;
  same = same && bertlet_words(input, size, flags, exact, length) == length &&
         memcmp(exact, expected, (size_t)length) == 0;
  for (int32_t capacity = 0; same && capacity < length; capacity += 1 + capacity / 8) {
    same = bertlet_words(input, size, flags, words, capacity) == BERTLET_ERROR_CAPACITY;
  }
  free(input);
  free(words);
  free(exact);
  return same;
}

static bool words_are(const char *text, uint32_t flags, const char *expected) {
  return has_words(text, strlen(text), flags, expected);
}

/* Whether a unit, repeated, becomes one word, or of several ones each, of `expected`, repeated. */
static bool repeats_to(const char *unit, uint32_t flags, const char *expected, bool one_word) {
  static char text[64 * REPEATS], words[64 * REPEATS];
  char *text_end = text, *words_end = words;
  for (int i = 0; i < REPEATS; i++) {
    text_end += sprintf(text_end, "%s", unit);
    words_end += sprintf(words_end, "%s", expected);
  }
  if (one_word) sprintf(words_end, " ");
  return words_are(text, flags, words);
}

static void test_words(void) {
  CHECK(words_are("", USUAL, ""));
  CHECK(words_are(" \t\n", USUAL, ""));
  CHECK(words_are("The  caf\xC3\xA9's [MASK]", USUAL, "the cafe ' s [ mask ] "));
  CHECK(words_are("The caf\xC3\xA9", BERTLET_CLEAN_TEXT, "The caf\xC3\xA9 "));
  CHECK(words_are("\xEA\xB0\x81", USUAL, "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8 ")); /* 3 bytes become 10 */
  CHECK(words_are("!!", USUAL, "! ! "));
  CHECK(has_words("a\xFF\xC3", 3, 0, "a\xEF\xBF\xBD\xEF\xBF\xBD "));
  CHECK(bertlet_words("a", (size_t)1 << 30, USUAL, NULL, 0) == BERTLET_ERROR_ARGUMENT);
  CHECK(bertlet_words("a", 1, USUAL, NULL, -1) == BERTLET_ERROR_CAPACITY);
}

static void test_long_words(void) {
  CHECK(repeats_to("Ab", USUAL, "ab", true));
  CHECK(repeats_to("a\xCC\x81", USUAL, "a", true));
  CHECK(repeats_to("a\xCC\x81", BERTLET_CLEAN_TEXT, "a\xCC\x81", true));
  CHECK(repeats_to("\xEA\xB0\x81", USUAL, "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", true));
  CHECK(repeats_to("a\xC2\xAD", USUAL, "a", true));                         /* a soft hyphen, which is removed */
  CHECK(repeats_to("a\xF0\x9D\x85\xA5", USUAL, "a\xF0\x9D\x85\xA5", true)); /* a mark that is kept */
  CHECK(repeats_to("\xE5\xAD\x97", USUAL, "\xE5\xAD\x97 ", false));         /* ideographs are words */
  CHECK(repeats_to("\xE5\xAD\x97", BERTLET_CLEAN_TEXT, "\xE5\xAD\x97", true));
  CHECK(repeats_to("\xE2\x89\xA0", USUAL, "= ", false)); /* not equal: punctuation, once it is decomposed */
  CHECK(repeats_to("a\xE2\x89\xA0", USUAL, "a = ", false));
}

int main(void) {
  test_words();
  test_long_words();
  return report();
}
