/* The tokenizer's contract at its edges: strange vocabularies, ill-formed text, output that does not fit. That ids and
 * offsets are right is golden_test.c's subject. */
#include "bertlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST = 64,
  USUAL = BERTLET_LOWERCASE | BERTLET_STRIP_ACCENTS | BERTLET_CLEAN_TEXT | BERTLET_SPLIT_CHINESE_CHARS
};
#define SPECIALS "[PAD]\n[UNK]\n[CLS]\n[SEP]\n" /* ids 0 to 3 */

static int failures;
#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) printf("%s:%d: %s\n", __FILE__, __LINE__, #condition), failures++;                               \
  } while (0)

static _Alignas(BERTLET_ALIGNMENT) char block[1 << 16];

static bertlet_tokenizer *make(const char *vocab, uint32_t flags) {
  size_t bytes = bertlet_tokenizer_bytes(vocab, strlen(vocab));
  if (bytes > sizeof block) exit(1);
  return bertlet_tokenizer_init(block, vocab, strlen(vocab), flags);
}

/* Whether `text` becomes the pieces of `ids`, which a negative one ends. */
static bool becomes(const bertlet_tokenizer *tokenizer, const char *text, const int32_t *ids) {
  int32_t found[MOST], count = bertlet_tokenize(tokenizer, text, strlen(text), found, NULL, MOST), expected = 0;
  while (ids[expected] >= 0) expected++;
  return count == expected && memcmp(found, ids, (size_t)count * sizeof *ids) == 0;
}
#define IDS(...) ((const int32_t[]){__VA_ARGS__, -1})

static void test_vocabulary(void) {
  CHECK(bertlet_tokenizer_bytes("", 0) == 0);
  CHECK(bertlet_tokenizer_bytes("\n \r\n\n", 5) == 0);
  CHECK(make("", USUAL) == NULL);
  CHECK(make("[PAD]\n[UNK]\n[CLS]\n", USUAL) == NULL);
  CHECK(make("[UNK]\n[SEP]\n[CLS]", USUAL) != NULL);

  CHECK(bertlet_tokenizer_vocab_size(make(SPECIALS, USUAL)) == 4);
  CHECK(bertlet_tokenizer_vocab_size(make(SPECIALS "a", USUAL)) == 5);
  CHECK(bertlet_tokenizer_vocab_size(make(SPECIALS "\n\na\n", USUAL)) == 7);

  const bertlet_tokenizer *tokenizer = make(SPECIALS, USUAL);
  CHECK(bertlet_tokenizer_special(tokenizer, BERTLET_PAD) == 0);
  CHECK(bertlet_tokenizer_special(tokenizer, BERTLET_SEP) == 3);
  CHECK(bertlet_tokenizer_special(tokenizer, BERTLET_MASK) == -1);
  CHECK(bertlet_tokenizer_special(tokenizer, (bertlet_special)5) == -1);
}

/* As WordPiece::read_file of Hugging Face's tokenizers reads them. */
static void test_lines(void) {
  CHECK(becomes(make(SPECIALS "a\nb\na\n", USUAL), "a b", IDS(6, 5))); /* the last one counts */
  CHECK(becomes(make("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n##b", USUAL), "ab", IDS(4, 5)));
  CHECK(becomes(make(SPECIALS "a \t\nb\xE3\x80\x80\n", USUAL), "a b", IDS(4, 5))); /* trailing white space */
  CHECK(becomes(make(SPECIALS "\n \na\n", USUAL), "a", IDS(6)));                   /* empty lines */
  CHECK(becomes(make(SPECIALS "a\xFF\nb", USUAL), "a\xFF b", IDS(1, 5)));          /* not UTF-8 */
  CHECK(becomes(make(SPECIALS "##\na\n##a\n#\n", USUAL), "aa##", IDS(5, 6, 7, 7)));
}

/* Pairs of the same size and hash, which only the comparison of the bytes tells apart: within the first 8, and behind
 * them. */
static void test_colliding_pieces(void) {
  static const char *const pairs[][2] = {{"daavxq", "svnwmv"}, {"collidedfyybqx", "collidedwmlzpz"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    const char *a = pairs[i][0], *b = pairs[i][1];
    char one[MOST], both[MOST], text[MOST];
    snprintf(one, sizeof one, SPECIALS "%s\n", b);
    snprintf(both, sizeof both, SPECIALS "%s\n%s\n", a, b);
    snprintf(text, sizeof text, "%s %s", a, b);
    CHECK(becomes(make(one, USUAL), text, IDS(1, 4)));
    CHECK(becomes(make(both, USUAL), text, IDS(4, 5)));
  }
}

/* A piece with capital letters is never met where texts are lowercased. */
static void test_capital_pieces(void) {
  const char *vocab = SPECIALS "The\nthe\nHEADQUARTERS\nheadquarters\n";
  CHECK(becomes(make(vocab, USUAL), "The THE the HEADQUARTERS Headquarters", IDS(5, 5, 5, 7, 7)));
  CHECK(becomes(make(vocab, USUAL & ~BERTLET_LOWERCASE), "The THE the HEADQUARTERS Headquarters", IDS(4, 1, 5, 6, 1)));
}

static void test_special_pieces_in_text(void) {
  const bertlet_tokenizer *tokenizer = make(SPECIALS "[\n]\nmask\n##a\n", USUAL);
  CHECK(becomes(tokenizer, "[SEP][PAD]x[UNK]", IDS(3, 0, 1, 1)));
  CHECK(becomes(tokenizer, "[MASK] [sep", IDS(4, 6, 5, 4, 1))); /* not in this vocabulary; not its spelling */
  CHECK(becomes(tokenizer, "[[CLS]]", IDS(4, 2, 5)));
  CHECK(becomes(tokenizer, "\xC3\xBC[SEP]\xCC\x81mask[PAD]", IDS(1, 3, 6, 0)));
}

static void test_capacity(void) {
  const bertlet_tokenizer *tokenizer = make(SPECIALS "a\n##b\n", USUAL);
  int32_t ids[4] = {-9, -9, -9, -9}, offsets[8] = {0};
  CHECK(bertlet_tokenize(tokenizer, "ab a", 4, ids, offsets, 2) == BERTLET_ERROR_CAPACITY);
  CHECK(ids[2] == -9 && offsets[4] == 0);
  CHECK(bertlet_tokenize(tokenizer, "a [SEP]", 7, ids, offsets, 1) == BERTLET_ERROR_CAPACITY);
  CHECK(bertlet_tokenize(tokenizer, "ab a", 4, ids, offsets, 3) == 3);
  CHECK(bertlet_tokenize(tokenizer, "abbb?", 4, ids, offsets, 0) == BERTLET_ERROR_CAPACITY);
  CHECK(bertlet_tokenize(tokenizer, "abbx", 4, ids, offsets, 1) == 1 && ids[0] == 1); /* "abb" is taken back */
  CHECK(offsets[0] == 0 && offsets[1] == 4);
  CHECK(bertlet_tokenize(tokenizer, NULL, 0, NULL, NULL, 0) == 0);
}

/* An ill-formed text must be split like the text that Python's decode("utf-8", "replace") makes of it; ? is U+FFFD. */
static void test_ill_formed(void) {
  static const char *const pairs[][2] = {
      {"\x80", "?"},
      {"a\xFF", "a?"},
      {"\xC3", "?"},
      {"\xC3"
       "a",
       "?a"},
      {"\xC0\xAF", "??"},
      {"\xE2\x82", "?"},
      {"\xE2\x82"
       "a\xE2",
       "?a?"},
      {"\xE0\x80\xAF", "???"},
      {"\xED\xA0\x80", "???"},
      {"\xF0\x9F\x98", "?"},
      {"\xF0\x9F\x98"
       "b\xF0\x9F",
       "?b?"},
      {"\xF4\x90\x80\x80", "????"},
      {"\xF5\x80", "??"},
      {"\xF0\x80\x80\x80", "????"},
      {"\xF8\x88\x80\x80\x80", "?????"},
      {"\xF0\x9F\x98\x80\xE2\x28\xA1", "\xF0\x9F\x98\x80?(?"},
  };
  const bertlet_tokenizer *tokenizer =
      make(SPECIALS "a\n##a\nb\n##b\n(\n\xEF\xBF\xBD\n##\xEF\xBF\xBD\n\xF0\x9F\x98\x80\n", 0);
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    char replaced[MOST];
    size_t length = 0;
    for (const char *c = pairs[i][1]; *c; c++) {
      bool mark = *c == '?';
      memcpy(replaced + length, mark ? "\xEF\xBF\xBD" : c, mark ? 3 : 1);
      length += mark ? 3 : 1;
    }
    int32_t ids[2][MOST], offsets[2][2 * MOST];
    int32_t count = bertlet_tokenize(tokenizer, pairs[i][0], strlen(pairs[i][0]), ids[0], offsets[0], MOST);
    int32_t expected = bertlet_tokenize(tokenizer, replaced, length, ids[1], offsets[1], MOST);
    bool same = count == expected && memcmp(ids[0], ids[1], (size_t)count * sizeof(int32_t)) == 0 &&
                memcmp(offsets[0], offsets[1], (size_t)count * 2 * sizeof(int32_t)) == 0;
    if (!same) printf("ill-formed text %zu differs\n", i);
    CHECK(same);
    CHECK(ids[0][0] != 1);
  }
}

/* Of the longest word that is not unknown every character has its place, also if each takes four bytes. */
static void test_longest_word(void) {
  enum { LONGEST = 100, LETTER = 4 };
  char text[LETTER * (LONGEST + 1) + 1] = "";
  const bertlet_tokenizer *tokenizer = make(SPECIALS "\xF0\x90\x8C\xB0\n##\xF0\x90\x8C\xB0\n", USUAL);
  int32_t ids[LONGEST + 1], offsets[2 * (LONGEST + 1)];
  for (int32_t i = 0; i < LONGEST; i++) memcpy(text + LETTER * i, "\xF0\x90\x8C\xB0", LETTER);
  CHECK(bertlet_tokenize(tokenizer, text, LETTER * LONGEST, ids, offsets, LONGEST + 1) == LONGEST);
  for (int32_t i = 0; i < LONGEST; i++)
    CHECK(ids[i] == (i ? 5 : 4) && offsets[2 * i] == 2 * i && offsets[2 * i + 1] == 2 * i + 2);
  memcpy(text + LETTER * LONGEST, "\xF0\x90\x8C\xB0", LETTER);
  CHECK(bertlet_tokenize(tokenizer, text, LETTER * (LONGEST + 1), ids, offsets, LONGEST + 1) == 1);
  CHECK(ids[0] == 1 && offsets[0] == 0 && offsets[1] == 2 * (LONGEST + 1));
}

int main(void) {
  test_longest_word();
  test_vocabulary();
  test_lines();
  test_colliding_pieces();
  test_special_pieces_in_text();
  test_capital_pieces();
  test_capacity();
  test_ill_formed();
  printf("%d checks failed\n", failures);
  return failures > 0;
}
