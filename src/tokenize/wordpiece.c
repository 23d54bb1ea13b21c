/* WordPiece (Wu et al. 2016, https://arxiv.org/abs/1609.08144, as in BERT): a word becomes the longest piece of the
 * vocabulary that it begins with, then the longest "##" piece that the rest begins with, and so on; when none fits, the
 * whole word becomes [UNK].
 *
 * The vocabulary is a hash table with open addressing; its slots refer to the lines of vocab.txt, which are not copied.
 * Most of the time goes into its cache misses. Therefore
 *   - a slot itself holds a piece of up to 12 bytes, as nearly all English words are;
 *   - a filter of 1/16 of the table's size tells of most byte strings that they are no piece: a word in several pieces
 * is searched for many of those;
 *   - plain words (see plain_word), which most are, are looked up many at a time, so that their cache misses overlap.
 */
#include "bertlet.h"
#include "tokenize/normalizer.h"

#include <string.h>

enum {
  SPECIALS = 5,
  PREFIX = 2,
  MAX_LINES = (1 << 23) - 1,
  BLOCK = 8,
  SLOT_BYTES = BLOCK + 4,
  PLAIN_WORDS = 64, /* looked up at a time */
  PIECE_BYTES = PREFIX + 4 * WORD_CHARACTERS
};
_Static_assert((int)PREFIX <= (int)WORD_MARGIN && (int)BLOCK <= (int)WORD_MARGIN, "a word's margins must do");

static const char special_pieces[SPECIALS][BLOCK] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

typedef struct slot {
  uint64_t head;     /* of the piece the first 8 bytes, or all of them and zeros */
  uint32_t rest;     /* the other bytes and zeros; of a piece of more than 12, where it begins in the vocabulary */
  uint32_t size : 9; /* in bytes; 0: an empty slot */
  uint32_t id : 23;
} slot;

/* In its block slots [slot_count] and filter [slot_count] follow it. */
struct bertlet_tokenizer {
  _Alignas(BERTLET_ALIGNMENT) const uint8_t *vocab; /* aligned, so that no slot lies in two cache lines */
  slot *slots;
  uint8_t *filter; /* by home slot: bit number b is set if it is the home of a piece whose hash ends in the 3 bits b */
  uint32_t slot_count;
  int32_t lines;
  int32_t longest; /* bytes of the longest piece */
  int32_t specials[SPECIALS];
  uint64_t lowercase; /* the bits that make ASCII letters lowercase, and leave digits as they are; or 0 */
  normalizer normalizer;
};

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static const uint8_t prefix[PREFIX] = {'#', '#'};

/* The first 8 of these bytes; fewer are filled up with zeros. 8 bytes must be readable in any case. */
static uint64_t read_block(const uint8_t *bytes, int32_t size) {
  uint64_t block;
  memcpy(&block, bytes, BLOCK);
  return size < BLOCK ? block & ((UINT64_C(1) << 8 * size) - 1) : block;
}

static uint32_t read_rest(const uint8_t *bytes, int32_t size) {
  return size > BLOCK ? (uint32_t)read_block(bytes + BLOCK, size - BLOCK) : 0;
}

static inline uint32_t hash_of(const uint8_t *bytes, int32_t size) {
  uint64_t hash = (uint64_t)size;
  for (int32_t at = 0; at < size; at += BLOCK) {
    hash = (hash ^ read_block(bytes + at, size - at)) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 32;
  }
  return (uint32_t)hash;
}

/* Where the search for a piece begins. */
static uint32_t home_of(const bertlet_tokenizer *t, uint32_t hash) {
  return (uint32_t)((uint64_t)hash * t->slot_count >> 32);
}

static uint8_t filter_bit(uint32_t hash) { return (uint8_t)(1 << (hash & 7)); }

/* The slot of the piece that consists of these bytes, or an empty one where it belongs. */
static inline slot *find_slot(const bertlet_tokenizer *t, uint32_t hash, const uint8_t *bytes, int32_t size) {
  uint64_t head = read_block(bytes, size);
  uint32_t rest = read_rest(bytes, size);
  for (uint32_t i = home_of(t, hash);; i = i + 1 < t->slot_count ? i + 1 : 0) {
    slot *found = &t->slots[i];
    if (found->size == 0) return found;
    if (found->head == head && found->size == (uint32_t)size &&
        (size <= SLOT_BYTES ? found->rest == rest
                            : memcmp(t->vocab + found->rest + BLOCK, bytes + BLOCK, (size_t)(size - BLOCK)) == 0)) {
      return found;
    }
  }
}

static int32_t count_lines(const char *vocab, size_t vocab_bytes) {
  int32_t lines = 0;
  for (size_t i = 0; i < vocab_bytes && lines <= MAX_LINES; i++) lines += vocab[i] == '\n' || i + 1 == vocab_bytes;
  return lines;
}

/* So many that two thirds of them get filled. */
static uint32_t slots_for(int32_t lines) { return (uint32_t)lines + (uint32_t)lines / 2 + 1; }

size_t bertlet_tokenizer_bytes(const char *vocab, size_t vocab_bytes) {
  int32_t lines = count_lines(vocab, vocab_bytes);
  if (lines > MAX_LINES || vocab_bytes > UINT32_MAX ||
      length_without_trailing_whitespace((const uint8_t *)vocab, vocab_bytes) == 0) {
    return 0;
  }
  return sizeof(bertlet_tokenizer) + slots_for(lines) * (sizeof(slot) + 1);
}

/* As in Hugging Face's reader, white space at the end of a line does not count, and a later line replaces an earlier
 * one with the same piece. */
static void add_line(bertlet_tokenizer *t, int32_t id, uint32_t start, size_t length) {
  length = length_without_trailing_whitespace(t->vocab + start, length);
  if (length == 0 || length > PIECE_BYTES) return; /* no word has such a piece */
  int32_t size = (int32_t)length;
  uint8_t piece[PIECE_BYTES + BLOCK];
  memcpy(piece, t->vocab + start, length);
  uint32_t hash = hash_of(piece, size);
  uint32_t rest = size <= SLOT_BYTES ? read_rest(piece, size) : start;
  *find_slot(t, hash, piece, size) =
      (slot){read_block(piece, size), rest, (uint32_t)size & 0x1FF, (uint32_t)id & MAX_LINES};
  t->filter[home_of(t, hash)] |= filter_bit(hash);
  if (t->longest < size) t->longest = size;
}

bertlet_tokenizer *bertlet_tokenizer_init(void *block, const char *vocab, size_t vocab_bytes, uint32_t flags) {
  if (bertlet_tokenizer_bytes(vocab, vocab_bytes) == 0) return NULL;
  bertlet_tokenizer *t = block;
  t->vocab = (const uint8_t *)vocab;
  t->lines = count_lines(vocab, vocab_bytes);
  t->slot_count = slots_for(t->lines);
  t->slots = (slot *)(t + 1);
  t->longest = 0;
  t->filter = (uint8_t *)(t->slots + t->slot_count);
  memset(t->slots, 0, t->slot_count * (sizeof(slot) + 1));
  normalizer_init(&t->normalizer, flags);

  size_t start = 0;
  for (int32_t id = 0; id < t->lines; id++) {
    const char *newline = memchr(vocab + start, '\n', vocab_bytes - start);
    size_t end = newline ? (size_t)(newline - vocab) : vocab_bytes;
    add_line(t, id, (uint32_t)start, end - start);
    start = end + 1;
  }

  t->lowercase = flags & BERTLET_LOWERCASE ? EACH_BYTE(0x20) : 0;
  for (int i = 0; i < SPECIALS; i++) {
    const uint8_t *piece = (const uint8_t *)special_pieces[i];
    int32_t size = (int32_t)strlen(special_pieces[i]);
    const slot *found = find_slot(t, hash_of(piece, size), piece, size);
    t->specials[i] = found->size > 0 ? (int32_t)found->id : -1;
  }
  if (t->specials[BERTLET_UNK] < 0 || t->specials[BERTLET_CLS] < 0 || t->specials[BERTLET_SEP] < 0) return NULL;
  return t;
}

int32_t bertlet_tokenizer_vocab_size(const bertlet_tokenizer *tokenizer) { return tokenizer->lines; }

int32_t bertlet_tokenizer_special(const bertlet_tokenizer *tokenizer, bertlet_special which) {
  return (unsigned)which < SPECIALS ? tokenizer->specials[which] : -1;
}

typedef struct output {
  const bertlet_tokenizer *tokenizer;
  int32_t *ids;     /* [capacity] */
  int32_t *offsets; /* [capacity][2] or NULL */
  int32_t capacity;
  int32_t count; /* may exceed the capacity, since a word's pieces are taken back when the word turns out unknown */
} output;

static void add_piece(output *out, int32_t id, int32_t from, int32_t to) {
  if (out->count < out->capacity) {
    out->ids[out->count] = id;
    if (out->offsets) {
      out->offsets[2 * out->count] = from;
      out->offsets[2 * out->count + 1] = to;
    }
  }
  out->count++;
}

/* The longest piece that `bytes` begin with, of more than `min_size` and at most `size` bytes, or NULL. */
static inline const slot *longest_piece(const bertlet_tokenizer *t, const uint8_t *bytes, int32_t min_size,
                                        int32_t size) {
  if (size > t->longest) size = t->longest;
  for (; size > min_size; size--) {
    if ((bytes[size] & 0xC0) == 0x80) continue; /* it would end inside a character */
    uint32_t hash = hash_of(bytes, size);
    if (!(t->filter[home_of(t, hash)] & filter_bit(hash))) continue;
    const slot *found = find_slot(t, hash, bytes, size);
    if (found->size > 0) return found;
  }
  return NULL;
}

static void add_word(void *context, word *found) {
  output *out = context;
  int32_t first = out->count, begin = WORD_MARGIN, skip = 0;
  found->bytes[found->end] = 0; /* longest_piece() reads it: not the middle of a character */
  while (begin < found->end && found->length <= WORD_CHARACTERS) {
    const slot *piece = longest_piece(out->tokenizer, found->bytes + begin - skip, skip, found->end - begin + skip);
    if (!piece) break;
    int32_t end = begin - skip + (int32_t)piece->size;
    add_piece(out, (int32_t)piece->id, found->from[begin], found->to[end - 1]);
    begin = end;
    skip = PREFIX; /* "##" is written before the rest, over bytes that are done */
    memcpy(found->bytes + begin - skip, prefix, PREFIX);
  }
  if (begin < found->end) {
    out->count = first;
    add_piece(out, out->tokenizer->specials[BERTLET_UNK], found->from[WORD_MARGIN], found->to[found->end - 1]);
  }
}

/* A word of ASCII letters and digits that white space or punctuation ends, or an ASCII punctuation character. */
typedef struct plain_word {
  uint64_t blocks[2]; /* normalized: its bytes and zeros */
  const uint8_t *begin;
  int32_t size; /* 0: only white space */
  uint32_t hash;
} plain_word;

/* The next 8 bytes of the text; what lies behind its end are spaces. */
static inline uint64_t read_text(const uint8_t *at, const uint8_t *end) {
  uint64_t block = EACH_BYTE(' ');
  if (end - at >= BLOCK) {
    memcpy(&block, at, BLOCK);
  } else if (end > at) {
    memcpy(&block, at, (size_t)(end - at));
  }
  return block;
}

/* Has the top bit of each byte set that is neither an ASCII letter nor a digit; all other bits are 0. */
static inline uint64_t find_others(uint64_t block) {
  uint64_t low = block & EACH_BYTE(0x7F), small = low | EACH_BYTE(0x20);
  uint64_t letters = (small + EACH_BYTE(0x80 - 'a')) ^ (small + EACH_BYTE(0x7F - 'z'));
  uint64_t digits = (low + EACH_BYTE(0x80 - '0')) ^ (low + EACH_BYTE(0x7F - '9'));
  return (block | ~(letters | digits)) & EACH_BYTE(0x80);
}

/* All bits set in the bytes before the first one that `others` marks. */
static inline uint64_t bytes_before(uint64_t others) { return ((others & -others) >> 7) - 1; }

/* Reads a plain word and the space after it if there is one, or just one character of white space (size 0). Returns
 * where the text goes on, or NULL if it begins with anything else, "[" included, with which special tokens begin. */
static inline const uint8_t *read_plain_word(const bertlet_tokenizer *t, const uint8_t *text, const uint8_t *end,
                                             plain_word *found) {
  int32_t size = 0;
  uint64_t block = read_text(text, end), others = find_others(block), rest = 0;
  uint64_t head = (block | t->lowercase) & bytes_before(others);
  if (!others) {
    size = BLOCK;
    block = read_text(text + BLOCK, end);
    others = find_others(block);
    if (!others) return NULL;
    rest = (block | t->lowercase) & bytes_before(others);
  }
  int32_t length = __builtin_ctzll(others) / 8; /* of the word's part in the block */
  size += length;
  uint8_t after = (uint8_t)(block >> 8 * length);
  if (!ends_word(&t->normalizer, after) || (size == 0 && after == '[')) return NULL;
  if (size == 0 && t->normalizer.classes[after] == CLASS_PUNCTUATION) {
    size = 1;
    head = after;
    after = (uint8_t)(block >> 8);
  }
  *found = (plain_word){{head, rest}, text, size, 0};
  found->hash = hash_of((const uint8_t *)found->blocks, size);
  const uint8_t *next = text + size;
  return next < end ? next + (after == ' ' || size == 0) : end;
}

static void add_plain_word(output *out, const plain_word *of, int32_t from) {
  const slot *found = find_slot(out->tokenizer, of->hash, (const uint8_t *)of->blocks, of->size);
  if (found->size > 0) {
    add_piece(out, (int32_t)found->id, from, from + of->size);
  } else {
    cursor several = {of->begin, of->begin + of->size, from};
    normalizer_split(&out->tokenizer->normalizer, &several, add_word, out);
  }
}

/* Adds plain words from the beginning of the text, up to PLAIN_WORDS; false if it begins with something else. */
static bool add_plain_words(output *out, cursor *at) {
  const bertlet_tokenizer *t = out->tokenizer;
  const uint8_t *begin = at->next, *next;
  plain_word words[PLAIN_WORDS];
  int32_t count = 0;
  while (count < PLAIN_WORDS && at->next < at->end && (next = read_plain_word(t, at->next, at->end, &words[count]))) {
    count += words[count].size > 0;
    at->next = next;
  }
  /* Touch all their slots, so that the cache misses overlap: WebAssembly has no instruction to prefetch. */
  for (int32_t i = 0; i < count; i++) (void)*(const volatile uint64_t *)&t->slots[home_of(t, words[i].hash)].head;
  for (int32_t i = 0; i < count; i++) add_plain_word(out, &words[i], at->position + (int32_t)(words[i].begin - begin));
  at->position += (int32_t)(at->next - begin);
  return at->next > begin;
}

/* The special token of the vocabulary that the text begins with, or -1. */
static int special_at(const bertlet_tokenizer *t, const uint8_t *text, const uint8_t *end) {
  for (int i = 0; i < SPECIALS; i++) {
    size_t size = strlen(special_pieces[i]);
    if (t->specials[i] >= 0 && (size_t)(end - text) >= size && memcmp(text, special_pieces[i], size) == 0) return i;
  }
  return -1;
}

int32_t bertlet_tokenize(const bertlet_tokenizer *tokenizer, const char *text, size_t text_bytes, int32_t *ids,
                         int32_t *offsets, int32_t capacity) {
  if (text_bytes == 0) return 0;
  if (text_bytes > INT32_MAX) return BERTLET_ERROR_ARGUMENT;
  output out = {tokenizer, ids, offsets, capacity, 0};
  cursor at = {(const uint8_t *)text, (const uint8_t *)text + text_bytes, 0};
  while (at.next < at.end && out.count <= capacity) {
    if (add_plain_words(&out, &at)) continue;
    int special = special_at(tokenizer, at.next, at.end);
    if (special < 0) {
      normalizer_split(&tokenizer->normalizer, &at, add_word, &out);
      continue;
    }
    int32_t size = (int32_t)strlen(special_pieces[special]);
    add_piece(&out, tokenizer->specials[special], at.position, at.position + size);
    at.position += size;
    at.next += size;
  }
  return out.count <= capacity ? out.count : BERTLET_ERROR_CAPACITY;
}
