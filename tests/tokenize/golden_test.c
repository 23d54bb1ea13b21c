/* Holds the tokenizer against the ids and offsets that Hugging Face `tokenizers` gives:
 *
 *     tokenizer_golden VOCAB FLAGS EXPECTED [TEXTS]
 *
 * EXPECTED holds one JSON object a line, {"ids": [...], "off": [[start, end], ...]} with [CLS] and [SEP] and offsets in
 * code points. "text" stands in the same line, and "flags", if there are any, instead of FLAGS; or else in the same
 * line of TEXTS. Exits with 77, which CTest takes as skipped, when a file does not exist. */
#include "bertlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77, LONGEST_LINE = 1 << 20 };

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    printf("skipped: %s does not exist\n", path);
    exit(SKIPPED);
  }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *content = malloc(*size + 1);
  if (fread(content, 1, *size, file) != *size) exit(1);
  content[*size] = 0;
  fclose(file);
  return content;
}

/* Cuts the next line off `*rest` and ends it with NUL; NULL when there is none. */
static char *next_line(char **rest) {
  char *line = *rest, *end = strchr(line, '\n');
  if (*line == 0) return NULL;
  if (end) *end = 0;
  *rest = end ? end + 1 : line + strlen(line);
  return line;
}

/* What stands behind `"key":` in a line. */
static const char *value_of(const char *line, const char *key) {
  char quoted[16];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *found = strstr(line, quoted);
  return found ? found + strlen(quoted) + strspn(found + strlen(quoted), " ") : NULL;
}

static char *write_utf8(char *out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
    return out;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  *out++ = (char)((0xFF80 >> more & 0xFF) | code >> 6 * more);
  while (more-- > 0) *out++ = (char)(0x80 | (code >> 6 * more & 0x3F));
  return out;
}

static uint32_t read_hex(const char *digits) {
  char four[5] = {digits[0], digits[1], digits[2], digits[3], 0};
  return (uint32_t)strtoul(four, NULL, 16);
}

/* Decodes the ASCII-escaped JSON string at `json` into `text`, and the place in UTF-16 of each code point, and of the
 * end, into `utf16`. Returns the number of bytes. */
static size_t read_string(const char *json, char *text, int32_t *utf16) {
  char *out = text;
  int32_t place = 0;
  for (json++; *json != '"'; json++) {
    uint32_t code = (uint8_t)*json;
    if (*json == '\\') {
      json++;
      const char *escape = strchr("b\bf\fn\nr\rt\t", *json);
      code = escape ? (uint32_t)escape[1] : (uint32_t)*json;
      if (*json == 'u') {
        code = read_hex(json + 1);
        json += 4;
        if (code >= 0xD800 && code < 0xDC00) {
          code = 0x10000 + ((code - 0xD800) << 10) + (read_hex(json + 3) - 0xDC00);
          json += 6;
        }
      }
    }
    out = write_utf8(out, code);
    *utf16++ = place;
    place += code > 0xFFFF ? 2 : 1;
  }
  *utf16 = place;
  return (size_t)(out - text);
}

/* Reads the numbers of a possibly nested JSON array and returns how many there are. */
static int32_t read_numbers(const char *json, int32_t *numbers) {
  int32_t count = 0, depth = 0;
  do {
    if (*json == '[') depth++;
    if (*json == ']') depth--;
    if (*json >= '0' && *json <= '9') {
      char *end;
      numbers[count++] = (int32_t)strtol(json, &end, 10);
      json = end;
    } else {
      json++;
    }
  } while (depth > 0);
  return count;
}

static bertlet_tokenizer *make_tokenizer(const char *vocab, size_t size, uint32_t flags) {
  size_t bytes = bertlet_tokenizer_bytes(vocab, size);
  void *block =
      aligned_alloc(BERTLET_ALIGNMENT, (bytes + BERTLET_ALIGNMENT - 1) / BERTLET_ALIGNMENT * BERTLET_ALIGNMENT);
  bertlet_tokenizer *tokenizer = bertlet_tokenizer_init(block, vocab, size, flags);
  if (!tokenizer) {
    printf("the vocabulary was refused\n");
    exit(1);
  }
  return tokenizer;
}

static char text[LONGEST_LINE];
static int32_t utf16[LONGEST_LINE], ids[LONGEST_LINE], offsets[2 * LONGEST_LINE], expected_ids[LONGEST_LINE],
    expected_offsets[2 * LONGEST_LINE];

static bool same(const bertlet_tokenizer *tokenizer, const char *line, const char *string) {
  size_t text_bytes = read_string(string, text, utf16);
  int32_t count = bertlet_tokenize(tokenizer, text, text_bytes, ids, offsets, LONGEST_LINE);
  int32_t expected = read_numbers(value_of(line, "ids"), expected_ids) - 2;
  read_numbers(value_of(line, "off"), expected_offsets);
  if (count != expected || expected_ids[0] != bertlet_tokenizer_special(tokenizer, BERTLET_CLS) ||
      expected_ids[count + 1] != bertlet_tokenizer_special(tokenizer, BERTLET_SEP)) {
    printf("%d pieces, but expected %d: ", count, expected);
    return false;
  }
  for (int32_t i = 0; i < count; i++) {
    int32_t start = utf16[expected_offsets[2 * i + 2]], end = utf16[expected_offsets[2 * i + 3]];
    if (ids[i] != expected_ids[i + 1] || offsets[2 * i] != start || offsets[2 * i + 1] != end) {
      printf("piece %d is %d at %d..%d, but expected %d at %d..%d: ", i, ids[i], offsets[2 * i], offsets[2 * i + 1],
             expected_ids[i + 1], start, end);
      return false;
    }
  }
  return true;
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  size_t vocab_size, size;
  char *vocab = read_file(arguments[1], &vocab_size);
  char *expected = read_file(arguments[3], &size), *texts = count > 4 ? read_file(arguments[4], &size) : NULL;
  bertlet_tokenizer *tokenizers[16] = {NULL};

  int total = 0, wrong = 0;
  char *next_expected = expected, *next_text = texts;
  for (char *line; (line = next_line(&next_expected)) != NULL; total++) {
    const char *own_flags = value_of(line, "flags");
    const char *string = value_of(texts ? next_line(&next_text) : line, "text");
    long flags = strtol(own_flags ? own_flags : arguments[2], NULL, 10);
    if (!tokenizers[flags]) tokenizers[flags] = make_tokenizer(vocab, vocab_size, (uint32_t)flags);
    if (!same(tokenizers[flags], line, string)) {
      printf("line %d, flags %ld, %.200s\n", total + 1, flags, string);
      if (++wrong == 10) break;
    }
  }
  printf("%d lines compared, %d differ\n", total, wrong);
  for (int i = 0; i < 16; i++) free(tokenizers[i]);
  free(vocab);
  free(expected);
  free(texts);
  return wrong > 0 || total == 0;
}
