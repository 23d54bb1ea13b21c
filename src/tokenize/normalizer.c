/* The steps of Hugging Face's BertNormalizer, each of which sees the output of the one before:
 *   clean_text            drop control characters, white space becomes U+0020
 *   handle_chinese_chars  spaces around ideographs
 *   strip_accents         canonical decomposition (NFD), then drop non-spacing marks
 *   lowercase
 * and of its BertPreTokenizer: words end at white space, and each punctuation character is a word of its own. Here one
 * character takes all steps before the next one is read; only combining characters, which NFD sorts, need a look ahead.
 *
 * Places. A normalized character has the place (start and end) of the original one that it comes from. When NFD makes
 * several characters from one, the first has its place and the others are "inserted": each has the place of the
 * character that stands before it after sorting. */
#include "tokenize/normalizer.h"

#include "bertlet.h"
#include "tokenize/unicode_tables.h"

enum { REPLACEMENT = 0xFFFD, CAPITAL_I_WITH_DOT = 0x130, DOT_ABOVE = 0x307 };

/* Korean syllables are decomposed by arithmetic (The Unicode Standard, section 3.12). */
enum {
  SYLLABLE_FIRST = 0xAC00,
  SYLLABLE_LAST = 0xD7A3,
  LEAD = 0x1100,
  VOWEL = 0x1161,
  TAIL = 0x11A7,
  VOWELS = 21,
  TAILS = 28
};

typedef struct splitter {
  const normalizer *normalizer;
  cursor at;
  word_visitor *visit;
  void *context;
  word word; /* the one being collected; length 0 between words */
} splitter;

/* Reads one code point. In an ill-formed sequence the longest part that could begin a well-formed one, or else one
 * byte, is read as U+FFFD, as browsers do (The Unicode Standard, section 3.9, table 3-7). */
static uint32_t decode(cursor *at) {
  uint8_t lead = *at->next++;
  at->position++;
  if (lead < 0x80) return lead;

  int following;
  uint8_t lowest = 0x80, highest = 0xBF; /* of the second byte */
  uint32_t code;
  if (lead >= 0xC2 && lead <= 0xDF) {
    following = 1;
    code = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    following = 2;
    code = lead & 0x0F;
    if (lead == 0xE0) lowest = 0xA0;  /* below: characters of fewer bytes */
    if (lead == 0xED) highest = 0x9F; /* surrogates */
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    following = 3;
    code = lead & 0x07;
    if (lead == 0xF0) lowest = 0x90;
    if (lead == 0xF4) highest = 0x8F; /* past U+10FFFF */
  } else {
    return REPLACEMENT;
  }
  for (; following > 0; following--, lowest = 0x80, highest = 0xBF) {
    if (at->next == at->end || *at->next < lowest || *at->next > highest) return REPLACEMENT;
    code = code << 6 | (*at->next++ & 0x3F);
  }
  at->position += code > 0xFFFF;
  return code;
}

static const unicode_record *record_of(uint32_t code) {
  uint32_t block = code / UNICODE_BLOCK;
  uint8_t values = unicode_blocks[unicode_sections[block / UNICODE_BLOCK]][block % UNICODE_BLOCK];
  return &unicode_records[unicode_values[values][code % UNICODE_BLOCK]];
}

/* The canonical decomposition of a character that has one; the tables leave out inserted characters that would be
 * stripped. Returns the number of `parts`. */
static int decompose(uint32_t code, uint32_t parts[3]) {
  if (code >= SYLLABLE_FIRST && code <= SYLLABLE_LAST) {
    uint32_t syllable = code - SYLLABLE_FIRST, tail = syllable % TAILS;
    parts[0] = LEAD + syllable / TAILS / VOWELS;
    parts[1] = VOWEL + syllable / TAILS % VOWELS;
    parts[2] = TAIL + tail;
    return tail ? 3 : 2;
  }
  uint16_t value = decomposition_values[decomposition_blocks[code / DECOMPOSITION_BLOCK]][code % DECOMPOSITION_BLOCK];
  if (value < LONG_DECOMPOSITION ||
      value >= LONG_DECOMPOSITION + sizeof long_decompositions / sizeof *long_decompositions) {
    parts[0] = value;
    return 1;
  }
  int count = 0;
  for (const uint32_t *row = long_decompositions[value - LONG_DECOMPOSITION]; count < 3 && row[count]; count++) {
    parts[count] = row[count];
  }
  return count;
}

static void begin_word(word *of) {
  of->length = 0;
  of->end = WORD_MARGIN;
}

static void end_word(splitter *s) {
  if (s->word.length > 0) s->visit(s->context, &s->word);
  begin_word(&s->word);
}

static void append(word *to, uint32_t code, int32_t from, int32_t until) {
  if (to->length++ < WORD_CHARACTERS) {
    to->from[to->end] = from;
    int continuation = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t leads[4] = {0, 0xC0, 0xE0, 0xF0};
    to->bytes[to->end++] = (uint8_t)(leads[continuation] | code >> 6 * continuation);
    for (int rest = continuation - 1; rest >= 0; rest--) {
      to->bytes[to->end++] = (uint8_t)(0x80 | (code >> 6 * rest & 0x3F));
    }
  }
  to->to[to->end - 1] = until;
}

/* The last steps, strip_accents and lowercase, for a character that comes out of NFD. White space and punctuation can
 * be told before lowercasing, which makes neither of them. */
static void add_decomposed(splitter *s, uint32_t code, const unicode_record *record, int32_t from, int32_t to) {
  uint32_t flags = s->normalizer->flags;
  if (flags & BERTLET_STRIP_ACCENTS && record->flags & UNICODE_STRIPPED) return;
  if (record->flags & (UNICODE_WHITESPACE | UNICODE_PUNCTUATION)) {
    end_word(s);
    if (record->flags & UNICODE_WHITESPACE) return;
    append(&s->word, code, from, to);
    end_word(s);
    return;
  }
  bool lowercase = flags & BERTLET_LOWERCASE;
  append(&s->word, lowercase ? code + (uint32_t)record->lowercase : code, from, to);
  /* The only character whose lowercase is two characters. */
  if (lowercase && code == CAPITAL_I_WITH_DOT) append(&s->word, DOT_ABOVE, from, to);
}

/* A combining character of the text, decomposed. */
typedef struct mark {
  uint32_t code;
  const unicode_record *record;
  int32_t from, to;
} mark;

/* Reads the next one of a run of combining characters; false, with `at` behind the run, when it has ended. */
static bool next_mark(const splitter *s, cursor *at, mark *found) {
  while (at->next < at->end) {
    cursor after = *at;
    uint32_t parts[3] = {decode(&after)};
    const unicode_record *record = record_of(parts[0]);
    if (!(s->normalizer->flags & BERTLET_CLEAN_TEXT && record->flags & UNICODE_REMOVED)) {
      if (record->flags & UNICODE_DECOMPOSES) {
        decompose(parts[0], parts);
        record = record_of(parts[0]);
      }
      if (record->order == 0) return false;
      *found = (mark){parts[0], record, at->position, after.position};
      *at = after;
      return true;
    }
    *at = after;
  }
  return false;
}

/* The combining characters from s->at on, which NFD sorts, stably, by their class. `inserted` are those that the
 * decomposition of `starter`, the character before the run, ends with.
 *
 * Nearly always all of them are stripped, and their order does not matter. A few are kept (musical stems, some viramas,
 * marks that are newer than the reference's tables); for these the run, which may be of any length, is read again for
 * each combining class that occurs among them. The n-th sorted character that is not inserted has the place of the n-th
 * character of the text. */
static void add_marks(splitter *s, mark starter, const uint32_t *inserted, int inserted_count) {
  cursor begin = s->at;
  uint32_t orders = 0; /* a bit for each class of a character that is kept */
  for (int i = 0; i < inserted_count; i++) orders |= 1u << record_of(inserted[i])->order;
  for (mark each; next_mark(s, &s->at, &each);) {
    if (!(each.record->flags & UNICODE_STRIPPED)) orders |= 1u << each.record->order;
  }

  cursor behind_place = begin;
  mark place = starter; /* of the `placed`-th character of the run */
  int32_t placed = 0;
  for (uint32_t order = 1; orders >> order; order++) {
    if (!(orders >> order & 1)) continue;
    int32_t before = 0; /* characters of the text that are sorted before */
    cursor at = begin;
    for (mark each; next_mark(s, &at, &each);) before += each.record->order < order;

    for (; placed < before; placed++) next_mark(s, &behind_place, &place);
    for (int i = 0; i < inserted_count; i++) {
      const unicode_record *record = record_of(inserted[i]);
      if (record->order == order) add_decomposed(s, inserted[i], record, place.from, place.to);
    }
    at = begin;
    for (mark each; next_mark(s, &at, &each);) {
      if (each.record->order != order) continue;
      next_mark(s, &behind_place, &place);
      placed++;
      add_decomposed(s, each.code, each.record, place.from, place.to);
    }
  }
}

/* A character outside ASCII, and the combining characters after it if they belong together. */
static void add_character(splitter *s) {
  uint32_t flags = s->normalizer->flags;
  cursor before = s->at;
  uint32_t parts[3] = {decode(&s->at)};
  int count = 1;
  const unicode_record *record = record_of(parts[0]);
  if (flags & BERTLET_CLEAN_TEXT && record->flags & UNICODE_REMOVED) return;
  bool apart = flags & BERTLET_SPLIT_CHINESE_CHARS && record->flags & UNICODE_CHINESE;
  mark whole = {parts[0], record, before.position, s->at.position};

  if (apart) end_word(s);
  if (flags & BERTLET_STRIP_ACCENTS) {
    if (record->flags & UNICODE_DECOMPOSES) {
      count = decompose(parts[0], parts);
      record = record_of(parts[0]);
    }
    if (record->order > 0) {
      s->at = before;
      add_marks(s, whole, NULL, 0);
      return;
    }
  }
  add_decomposed(s, parts[0], record, whole.from, whole.to);
  for (int i = 1; i < count; i++) {
    record = record_of(parts[i]);
    if (record->order > 0) {
      add_marks(s, whole, parts + i, count - i);
      break;
    }
    add_decomposed(s, parts[i], record, whole.from, whole.to);
  }
  if (apart) end_word(s);
}

/* The ASCII letters, digits and the like from s->at on. */
static void add_ascii(splitter *s) {
  const uint8_t *classes = s->normalizer->classes, *next = s->at.next, *stop = s->at.end;
  word *to = &s->word;
  int32_t length = to->length, end = to->end, position = s->at.position;
  for (uint8_t class; next < stop && (class = classes[*next]) < 0x80; next++) {
    if (length++ < WORD_CHARACTERS) {
      to->from[end] = position;
      to->bytes[end++] = class;
    }
    to->to[end - 1] = ++position;
  }
  to->length = length;
  to->end = end;
  s->at.next = next;
  s->at.position = position;
}

void normalizer_init(normalizer *of, uint32_t flags) {
  of->flags = flags;
  for (uint32_t byte = 0; byte < 256; byte++) {
    const unicode_record *record = record_of(byte);
    if (byte >= 0x80) {
      of->classes[byte] = CLASS_NOT_ASCII;
    } else if (flags & BERTLET_CLEAN_TEXT && record->flags & UNICODE_REMOVED) {
      of->classes[byte] = CLASS_REMOVED;
    } else if (record->flags & UNICODE_WHITESPACE) {
      of->classes[byte] = CLASS_WHITESPACE;
    } else if (record->flags & UNICODE_PUNCTUATION) {
      of->classes[byte] = CLASS_PUNCTUATION;
    } else {
      of->classes[byte] = (uint8_t)(flags & BERTLET_LOWERCASE ? (int32_t)byte + record->lowercase : (int32_t)byte);
    }
  }
}

void normalizer_split(const normalizer *of, cursor *at, word_visitor *visit, void *context) {
  splitter s;
  s.normalizer = of;
  s.at = *at;
  s.visit = visit;
  s.context = context;
  begin_word(&s.word);
  do {
    uint8_t class = of->classes[*s.at.next];
    if (class < 0x80) {
      add_ascii(&s);
    } else if (class == CLASS_NOT_ASCII) {
      add_character(&s);
    } else {
      if (class == CLASS_PUNCTUATION) {
        append(&s.word, *s.at.next, s.at.position, s.at.position + 1);
        end_word(&s);
      }
      s.at.next++;
      s.at.position++;
    }
  } while (s.word.length > 0 && s.at.next < s.at.end && !ends_word(of, *s.at.next));
  end_word(&s);
  *at = s.at;
}

size_t normalizer_cut(const normalizer *of, const uint8_t *text, size_t length, int32_t least) {
  bool strips = of->flags & BERTLET_STRIP_ACCENTS;
  bool in_word = false;
  cursor at = {text, text + length, 0};
  for (int32_t passed = 0; at.next < at.end; passed++) {
    const uint8_t *begin = at.next;
    uint32_t parts[3] = {decode(&at)};
    const unicode_record *record = record_of(parts[0]);
    if (of->flags & BERTLET_CLEAN_TEXT && record->flags & UNICODE_REMOVED) continue;
    bool apart = of->flags & BERTLET_SPLIT_CHINESE_CHARS && record->flags & UNICODE_CHINESE;
    if (strips && record->flags & UNICODE_DECOMPOSES) {
      decompose(parts[0], parts);
      record = record_of(parts[0]);
    }
    /* NFD sorts marks with those before them. */
    if (strips && (record->order > 0 || record->flags & UNICODE_STRIPPED)) continue;
    bool letter = !apart && !(record->flags & (UNICODE_WHITESPACE | UNICODE_PUNCTUATION));
    if (letter && in_word && passed >= least) return (size_t)(begin - text);
    in_word = letter;
  }
  return length;
}

size_t length_without_trailing_whitespace(const uint8_t *text, size_t length) {
  while (length > 0) {
    size_t begin = length - 1;
    while (begin > 0 && length - begin < 4 && (text[begin] & 0xC0) == 0x80) begin--;
    cursor last = {text + begin, text + length, 0};
    if (!(record_of(decode(&last))->flags & UNICODE_WHITESPACE) || last.next != last.end) break;
    length = begin;
  }
  return length;
}
