/* WordPiece (Wu et al. 2016, https://arxiv.org/abs/1609.08144, as in BERT): a word becomes the longest piece of the
 * vocabulary that it begins with, then the longest "##" piece that the rest begins with, and so on; when none fits, the
 * whole word becomes [UNK].
 *
 * The vocabulary is an open-addressing hash table over the lines of vocab.txt, which stay where they are. The hash runs
 * over bytes from left to right, so that one pass over a word gives the hashes of all its prefixes. */
#include "bertlet.h"
#include "normalizer.h"

#include <string.h>

enum { SPECIALS = 5, PREFIX = 2, MOST_LINES = 1 << 24, WORD_BYTES = 4 * WORD_CHARACTERS };

static const char *const special_pieces[SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

typedef struct slot {
  uint32_t entry; /* 0 when empty, else id + 1 in the bits of `mask` and the piece's hash in the others */
  uint32_t start; /* where the piece begins in the vocabulary */
} slot;

/* The block: this, then slots [mask + 1] and reach [reach_mask + 1]. */
struct bertlet_tokenizer {
  const uint8_t *vocab, *vocab_end;
  slot *slots;
  uint16_t *reach; /* by the hash of two characters: bytes of the longest piece that begins with them, "##" counted */
  uint32_t mask, reach_mask;
  int32_t lines;
  int32_t specials[SPECIALS];
  normalizer normalizer;
};

static const uint8_t prefix[PREFIX] = {'#', '#'};

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
static uint32_t hash_bytes(uint32_t hash, const uint8_t *bytes, int32_t size) {
  for (int32_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

/* The hash of what comes before the characters of a piece: nothing, or "##". */
static uint32_t hash_begin(bool continues) { return hash_bytes(2166136261u, prefix, continues ? PREFIX : 0); }

/* Lets every bit of the hash count in the low ones, which choose the slot. */
static uint32_t mix(uint32_t hash) {
  hash = (hash ^ hash >> 16) * 0x7FEB352Du;
  return hash ^ hash >> 15;
}

static bool equal(const uint8_t *a, const uint8_t *b, int32_t size) {
  int32_t i = 0;
  while (i < size && a[i] == b[i]) i++;
  return i == size;
}

/* Whether a line of the vocabulary ends here, white space before its end not counted. */
static bool at_line_end(const bertlet_tokenizer *t, const uint8_t *at) {
  if (at == t->vocab_end || *at == '\n') return true;
  if (*at > ' ' && *at < 0x80) return false;
  const uint8_t *newline = memchr(at, '\n', (size_t)(t->vocab_end - at));
  return length_without_trailing_whitespace(at, (size_t)((newline ? newline : t->vocab_end) - at)) == 0;
}

/* Whether the line at `start` is the piece of "##", if it continues a word, and `bytes`. */
static bool is_piece(const bertlet_tokenizer *t, uint32_t start, bool continues, const uint8_t *bytes, int32_t size) {
  const uint8_t *piece = t->vocab + start;
  int32_t skip = continues ? PREFIX : 0;
  return t->vocab_end - piece >= skip + size && equal(piece, prefix, skip) && equal(piece + skip, bytes, size) &&
         at_line_end(t, piece + skip + size);
}

/* The slot of the piece that consists of "##", if it continues a word, and `bytes`, or an empty one where it belongs.
 * `hash` is that of the whole piece. */
static slot *find_slot(const bertlet_tokenizer *t, uint32_t hash, bool continues, const uint8_t *bytes, int32_t size) {
  hash = mix(hash);
  for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
    slot *found = &t->slots[i];
    if (found->entry == 0) return found;
    if (((found->entry ^ hash) & ~t->mask) == 0 && is_piece(t, found->start, continues, bytes, size)) return found;
  }
}

static int32_t find_piece(const bertlet_tokenizer *t, uint32_t hash, bool continues, const uint8_t *bytes,
                          int32_t size) {
  return (int32_t)(find_slot(t, hash, continues, bytes, size)->entry & t->mask) - 1;
}

static uint16_t *reach_of(const bertlet_tokenizer *t, uint32_t hash_of_two) {
  return &t->reach[mix(hash_of_two) & t->reach_mask];
}

static int32_t count_lines(const char *vocab, size_t vocab_bytes) {
  int32_t lines = 0;
  for (size_t i = 0; i < vocab_bytes && lines <= MOST_LINES; i++) lines += vocab[i] == '\n' || i + 1 == vocab_bytes;
  return lines;
}

/* A power of two such that at most two thirds of the slots are taken. */
static uint32_t slots_for(int32_t lines) {
  uint32_t slots = 8;
  while (slots < (uint32_t)lines + (uint32_t)lines / 2 + 1) slots *= 2;
  return slots;
}

size_t bertlet_tokenizer_bytes(const char *vocab, size_t vocab_bytes) {
  int32_t lines = count_lines(vocab, vocab_bytes);
  if (lines > MOST_LINES || vocab_bytes > UINT32_MAX ||
      length_without_trailing_whitespace((const uint8_t *)vocab, vocab_bytes) == 0) {
    return 0;
  }
  return sizeof(bertlet_tokenizer) + slots_for(lines) * sizeof(slot) + slots_for(lines) / 8 * sizeof(uint16_t);
}

/* As in Hugging Face's reader, white space at the end of a line does not count, and a later line replaces an earlier
 * one with the same piece. */
static void add_line(bertlet_tokenizer *t, int32_t id, uint32_t start, size_t length) {
  const uint8_t *piece = t->vocab + start;
  length = length_without_trailing_whitespace(piece, length);
  if (length == 0 || length > PREFIX + WORD_BYTES) return; /* no word has such a piece */
  int32_t size = (int32_t)length;
  bool continues = size > PREFIX && equal(piece, prefix, PREFIX);
  int32_t skip = continues ? PREFIX : 0;
  uint32_t hash = hash_bytes(hash_begin(false), piece, size);
  slot *into = find_slot(t, hash, continues, piece + skip, size - skip);
  into->entry = (mix(hash) & ~t->mask) | (uint32_t)(id + 1);
  into->start = start;

  int32_t two = skip;
  for (int32_t characters = 0; two < size; two++) {
    characters += (piece[two] & 0xC0) != 0x80;
    if (characters == 3) break;
  }
  uint16_t *reach = reach_of(t, hash_bytes(hash_begin(false), piece, two));
  if (*reach < size) *reach = (uint16_t)size;
}

bertlet_tokenizer *bertlet_tokenizer_init(void *block, const char *vocab, size_t vocab_bytes, uint32_t flags) {
  if (bertlet_tokenizer_bytes(vocab, vocab_bytes) == 0) return NULL;
  bertlet_tokenizer *t = block;
  t->vocab = (const uint8_t *)vocab;
  t->vocab_end = t->vocab + vocab_bytes;
  t->lines = count_lines(vocab, vocab_bytes);
  uint32_t slots = slots_for(t->lines);
  t->mask = slots - 1;
  t->reach_mask = slots / 8 - 1;
  t->slots = (slot *)(t + 1);
  t->reach = (uint16_t *)(t->slots + slots);
  memset(t->slots, 0, slots * sizeof(slot));
  memset(t->reach, 0, slots / 8 * sizeof(uint16_t));
  normalizer_init(&t->normalizer, flags);

  size_t start = 0;
  for (int32_t id = 0; id < t->lines; id++) {
    const char *newline = memchr(vocab + start, '\n', vocab_bytes - start);
    size_t end = newline ? (size_t)(newline - vocab) : vocab_bytes;
    add_line(t, id, (uint32_t)start, end - start);
    start = end + 1;
  }

  for (int i = 0; i < SPECIALS; i++) {
    const uint8_t *piece = (const uint8_t *)special_pieces[i];
    int32_t size = (int32_t)strlen(special_pieces[i]);
    t->specials[i] = find_piece(t, hash_bytes(hash_begin(false), piece, size), false, piece, size);
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
  int32_t count; /* goes on counting past the capacity: the last pieces may still be taken back */
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

/* Id of the longest piece that fits from character `begin` on, and in `*end` the character after it; -1 if none. */
static int32_t longest_piece(const bertlet_tokenizer *t, const word *of, int32_t begin, int32_t *end) {
  uint32_t hashes[WORD_CHARACTERS]; /* of the piece that ends with each character */
  bool continues = begin > 0;
  int32_t first = continues ? of->ends[begin - 1] : 0, most = WORD_BYTES, i = begin;
  uint32_t hash = hash_begin(continues);
  for (int32_t byte = first; i < of->length && of->ends[i] - first <= most; i++) {
    hash = hash_bytes(hash, of->bytes + byte, of->ends[i] - byte);
    hashes[i] = hash;
    byte = of->ends[i];
    if (i == begin + 1) most = *reach_of(t, hash) - (continues ? PREFIX : 0);
  }
  for (; i > begin; i--) {
    int32_t id = find_piece(t, hashes[i - 1], continues, of->bytes + first, of->ends[i - 1] - first);
    if (id >= 0) {
      *end = i;
      return id;
    }
  }
  return -1;
}

static bool add_word(void *context, const word *found) {
  output *out = context;
  int32_t first = out->count, begin = 0;
  if (found->length <= WORD_CHARACTERS) {
    for (int32_t id, end; begin < found->length; begin = end) {
      id = longest_piece(out->tokenizer, found, begin, &end);
      if (id < 0) break;
      add_piece(out, id, found->from[begin], found->to[end - 1]);
    }
  }
  if (begin < found->length) {
    int32_t last = found->length <= WORD_CHARACTERS ? found->length - 1 : WORD_CHARACTERS;
    out->count = first;
    add_piece(out, out->tokenizer->specials[BERTLET_UNK], found->from[0], found->to[last]);
  }
  return out->count <= out->capacity;
}

/* Which special piece of the vocabulary the text begins with, or -1. */
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
  const uint8_t *end = (const uint8_t *)text + text_bytes, *search = (const uint8_t *)text;
  cursor at = {search, end, 0};
  bool fits = true;
  while (fits && at.next < end) {
    const uint8_t *bracket = search < end ? memchr(search, '[', (size_t)(end - search)) : NULL;
    int special = bracket ? special_at(tokenizer, bracket, end) : -1;
    if (bracket && special < 0) {
      search = bracket + 1;
      continue;
    }
    at.end = bracket ? bracket : end;
    fits = normalizer_split(&tokenizer->normalizer, &at, add_word, &out);
    if (fits && bracket) {
      int32_t size = (int32_t)strlen(special_pieces[special]);
      add_piece(&out, tokenizer->specials[special], at.position, at.position + size);
      at.position += size;
      at.next = search = bracket + size;
    }
  }
  return out.count <= capacity ? out.count : BERTLET_ERROR_CAPACITY;
}
