/* WordPiece (Wu et al. 2016, https://arxiv.org/abs/1609.08144, as in BERT): a word becomes the longest piece of the
 * vocabulary that it begins with, then the longest "##" piece that the rest begins with, and so on; when none fits, the
 * whole word becomes [UNK].
 *
 * The vocabulary is an open-addressing hash table over the lines of vocab.txt, which stay where they are. The hash runs
 * over bytes from left to right, so that one pass over a word gives the hashes of all its prefixes. */
#include "bertlet.h"
#include "normalizer.h"

#include <string.h>

enum { SPECIALS = 5, PREFIX = 2, MOST_LINES = 1 << 24 };

static const char *const special_pieces[SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

/* The block: this, then slots [mask + 1], starts [lines] and lengths [lines]. */
struct bertlet_tokenizer {
  const uint8_t *vocab;
  uint32_t *slots;   /* 0 when empty, else id + 1 in the bits of `mask` and the piece's hash in the others */
  uint32_t *starts;  /* where the piece of each id begins in `vocab` */
  uint16_t *lengths; /* and its bytes */
  uint32_t mask;
  int32_t lines;
  int32_t longest; /* bytes of the longest piece, a "##" not counted */
  int32_t specials[SPECIALS];
  normalizer normalizer;
};

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
static uint32_t hash_bytes(uint32_t hash, const uint8_t *bytes, int32_t size) {
  for (int32_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static const uint8_t prefix[PREFIX] = {'#', '#'};

static uint32_t hash_seed(bool continues) { return hash_bytes(2166136261u, prefix, continues ? PREFIX : 0); }

/* Lets every bit of the hash count in the low ones, which choose the slot. */
static uint32_t mix(uint32_t hash) {
  hash = (hash ^ hash >> 16) * 0x7FEB352Du;
  return hash ^ hash >> 15;
}

static bool equal(const uint8_t *a, const uint8_t *b, int32_t size) {
  while (size > 0 && a[size - 1] == b[size - 1]) size--;
  return size == 0;
}

/* The slot of the piece that consists of "##", if it continues a word, and `bytes`, or an empty one where it belongs.
 * `hash` is that of the whole piece. */
static uint32_t *find_slot(const bertlet_tokenizer *t, uint32_t hash, bool continues, const uint8_t *bytes,
                           int32_t size) {
  hash = mix(hash);
  int32_t skip = continues ? PREFIX : 0;
  for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
    uint32_t slot = t->slots[i];
    if (slot == 0) return &t->slots[i];
    if ((slot ^ hash) & ~t->mask) continue;
    uint32_t id = (slot & t->mask) - 1;
    const uint8_t *piece = t->vocab + t->starts[id];
    if (t->lengths[id] == skip + size && equal(piece + skip, bytes, size) && equal(piece, prefix, skip))
      return &t->slots[i];
  }
}

static int32_t find_piece(const bertlet_tokenizer *t, uint32_t hash, bool continues, const uint8_t *bytes,
                          int32_t size) {
  return (int32_t)(*find_slot(t, hash, continues, bytes, size) & t->mask) - 1;
}

static int32_t count_lines(const char *vocab, size_t vocab_bytes) {
  int32_t lines = 0;
  for (size_t i = 0; i < vocab_bytes && lines <= MOST_LINES; i++) lines += vocab[i] == '\n' || i + 1 == vocab_bytes;
  return lines;
}

/* A power of two such that at most two thirds of the slots are taken. */
static uint32_t slots_for(int32_t lines) {
  uint32_t slots = 2;
  while (slots < (uint32_t)lines + (uint32_t)lines / 2 + 1) slots *= 2;
  return slots;
}

size_t bertlet_tokenizer_bytes(const char *vocab, size_t vocab_bytes) {
  int32_t lines = count_lines(vocab, vocab_bytes);
  if (lines > MOST_LINES || vocab_bytes > UINT32_MAX ||
      length_without_trailing_whitespace((const uint8_t *)vocab, vocab_bytes) == 0) {
    return 0;
  }
  return sizeof(bertlet_tokenizer) + slots_for(lines) * sizeof(uint32_t) +
         (size_t)lines * (sizeof(uint32_t) + sizeof(uint16_t));
}

/* Later lines replace earlier ones with the same piece, as they do in Hugging Face's table. */
static void add_line(bertlet_tokenizer *t, int32_t id, uint32_t start, size_t length) {
  const uint8_t *piece = t->vocab + start;
  length = length_without_trailing_whitespace(piece, length);
  t->starts[id] = start;
  t->lengths[id] = 0;
  if (length == 0 || length > PREFIX + sizeof((word *)0)->bytes) return; /* no word has such a piece */
  int32_t size = (int32_t)length;
  t->lengths[id] = (uint16_t)size;
  bool continues = size > PREFIX && equal(piece, prefix, PREFIX);
  int32_t skip = continues ? PREFIX : 0;
  if (t->longest < size - skip) t->longest = size - skip;
  uint32_t hash = hash_bytes(2166136261u, piece, size);
  *find_slot(t, hash, continues, piece + skip, size - skip) = (mix(hash) & ~t->mask) | (uint32_t)(id + 1);
}

bertlet_tokenizer *bertlet_tokenizer_init(void *block, const char *vocab, size_t vocab_bytes, uint32_t flags) {
  if (bertlet_tokenizer_bytes(vocab, vocab_bytes) == 0) return NULL;
  bertlet_tokenizer *t = block;
  t->vocab = (const uint8_t *)vocab;
  t->lines = count_lines(vocab, vocab_bytes);
  t->mask = slots_for(t->lines) - 1;
  t->slots = (uint32_t *)(t + 1);
  t->starts = t->slots + t->mask + 1;
  t->lengths = (uint16_t *)(t->starts + t->lines);
  t->longest = 0;
  normalizer_init(&t->normalizer, flags);

  memset(t->slots, 0, (t->mask + (size_t)1) * sizeof *t->slots);
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
    t->specials[i] = find_piece(t, hash_bytes(hash_seed(false), piece, size), false, piece, size);
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
  uint32_t hashes[WORD_CHARACTERS];
  bool continues = begin > 0;
  int32_t first_byte = continues ? of->ends[begin - 1] : 0, byte = first_byte, i = begin;
  uint32_t hash = hash_seed(continues);
  for (; i < of->length && of->ends[i] <= first_byte + t->longest; i++) {
    hash = hash_bytes(hash, of->bytes + byte, of->ends[i] - byte);
    hashes[i] = hash;
    byte = of->ends[i];
  }
  for (; i > begin; i--) {
    int32_t id = find_piece(t, hashes[i - 1], continues, of->bytes + first_byte, of->ends[i - 1] - first_byte);
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
