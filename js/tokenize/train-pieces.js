// Trains the pieces of a WordPiece vocabulary, as Hugging Face's WordPieceTrainer does: byte pair encoding (Sennrich et al. 2016,
// https://arxiv.org/abs/1508.07909) on words, whose pieces but the first carry "##". Pieces begin as single characters; again and again the
// pair of neighbours that occurs most often becomes a piece, and of pairs that occur equally often the one with the lower ids.
//
// Here the pieces follow from the words and their counts alone. In Hugging Face's trainer they also depend on the order in which a hash table
// with a random seed lists the words: it numbers the characters with "##", and so settles ties, in another way in each run. Here these
// characters are numbered by code point, as those without "##" are there too; and of equally frequent characters at the limit of the alphabet
// those with the lower code points stay. Hugging Face's trainer gives the same if it is told the alphabet in this order.
//
// A merge is applied to all words, so a string of characters is made of the same two pieces wherever a piece is made of it: no piece comes twice,
// and a pair comes into being in one merge, that which makes the later one of its pieces. It is queued then, and can only become rarer.
//
// This is JavaScript, and only the words come from the core: it works on different words, of which there are few, and takes about as long as
// reading the texts. In the core, which allocates nothing, most of the code would be about memory that can't be planned ahead.
import { SPECIALS } from './added-tokens.js';
import { Found, Pairs, Queue } from './piece-pairs.js';

/** @typedef {import('./piece-pairs.js').Candidate} Candidate */

/**
 * @typedef {object} PieceOptions
 * @property {number} size how many pieces are wanted
 * @property {number} minFrequency how often a pair must occur to become a piece, at least 1
 * @property {number} limitAlphabet how many different characters are kept
 */

/** What goes before pieces that don't begin a word. */
const PREFIX = '##';

/** Words that are worked on between two pauses. */
const WORDS_AT_ONCE = 256;

/**
 * Finds the pieces, and pauses now and then.
 * @param {Map<string, number>} counts how often each word occurs; cleared when it is no longer needed
 * @param {PieceOptions} options
 * @param {(pieces: number) => void} report gets how many pieces there are
 * @returns {Generator<void, string[], void>} gives them by id: special tokens, the alphabet, the alphabet with "##", and what pairs make. There
 *   are fewer than `size` if no other pair occurs `minFrequency` times, and more if the alphabet is larger
 */
export function* trainPieces(counts, { size, minFrequency, limitAlphabet }, report) {
  const { all, later } = yield* chooseAlphabet(counts, limitAlphabet);
  const pieces = [...SPECIALS, ...all, ...later.map((character) => PREFIX + character)];
  const words = yield* splitWords(counts, new Map(pieces.map((piece, id) => [piece, id])));
  counts.clear();
  const pairs = new Pairs();
  const queue = new Queue(minFrequency);
  yield* countPairs(words, pairs, queue);

  while (pieces.length < size) {
    const best = queue.pop();
    if (!best) break;
    const count = pairs.counts[best.pair];
    if (best.count > count) {
      // Merges since have made it rarer.
      best.count = count;
      queue.push(best);
      continue;
    }
    const piece = pieces[best.first] + pieces[best.second].slice(PREFIX.length);
    yield* merge(words, best, pieces.push(piece) - 1, pairs, queue);
    report(pieces.length);
  }
  return pieces;
}

/**
 * The most frequent characters, and those of them that occur behind a word's first, by code point.
 * @param {Map<string, number>} counts
 * @param {number} limit
 * @returns {Generator<void, { all: string[], later: string[] }, void>}
 */
function* chooseAlphabet(counts, limit) {
  /** @type {Map<string, number>} */
  const frequencies = new Map();
  /** @type {Set<string>} */
  const later = new Set();
  let done = 0;
  for (const [word, count] of counts) {
    let isFirst = true;
    for (const character of word) {
      frequencies.set(character, (frequencies.get(character) ?? 0) + count);
      if (!isFirst) later.add(character);
      isFirst = false;
    }
    if (++done % WORDS_AT_ONCE === 0) yield;
  }
  const codeOf = (/** @type {string} */ character) => /** @type {number} */ (character.codePointAt(0));
  const all = [...frequencies]
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || codeOf(a) - codeOf(b))
    .slice(0, limit)
    .map(([character]) => character)
    .sort((a, b) => codeOf(a) - codeOf(b));
  return { all, later: all.filter((character) => later.has(character)) };
}

/**
 * The different words as ids of their pieces, which merges make fewer.
 * @typedef {object} Words
 * @property {Int32Array} ids of all words, one after the other
 * @property {Int32Array} starts [words] where each begins
 * @property {Int32Array} lengths [words] in pieces
 * @property {Float64Array} counts [words] how often each occurs
 */

/**
 * Splits words into characters. Those that are not in the alphabet are left out; what follows a word's first character carries "##" even if
 * that is left out.
 * @param {Map<string, number>} counts
 * @param {Map<string, number>} idOf pieces
 * @returns {Generator<void, Words, void>}
 */
function* splitWords(counts, idOf) {
  let units = 0;
  for (const word of counts.keys()) units += word.length;
  /** @type {Words} */
  const words = {
    ids: new Int32Array(units),
    starts: new Int32Array(counts.size),
    lengths: new Int32Array(counts.size),
    counts: Float64Array.from(counts.values()),
  };
  let number = 0;
  let end = 0;
  for (const word of counts.keys()) {
    words.starts[number] = end;
    let prefix = '';
    for (const character of word) {
      const id = idOf.get(prefix + character);
      if (id !== undefined) words.ids[end++] = id;
      prefix = PREFIX;
    }
    words.lengths[number] = end - words.starts[number];
    if (++number % WORDS_AT_ONCE === 0) yield;
  }
  return words;
}

/**
 * @param {Words} words
 * @param {Pairs} pairs empty
 * @param {Queue} queue gets all pairs
 * @returns {Generator<void, void, void>}
 */
function* countPairs({ ids, starts, lengths, counts }, pairs, queue) {
  const found = new Found();
  for (let word = 0; word < starts.length; word++) {
    const last = starts[word] + lengths[word] - 1;
    for (let at = starts[word]; at < last; at++)
      found.add(pairs.add(ids[at], ids[at + 1], counts[word]), ids[at], ids[at + 1], word);
    if (word % WORDS_AT_ONCE === 0) yield;
  }
  found.moveTo(queue, pairs);
}

/**
 * Merges a candidate's pair in its words.
 * @param {Words} words
 * @param {Candidate} pair
 * @param {number} merged the piece that the pair becomes
 * @param {Pairs} pairs
 * @param {Queue} queue gets the new pairs
 * @returns {Generator<void, void, void>}
 */
function* merge(words, pair, merged, pairs, queue) {
  const found = new Found();
  let done = 0;
  for (const word of pair.words) {
    mergeInWord(words, word, pair, merged, pairs, found);
    if (++done % WORDS_AT_ONCE === 0) yield;
  }
  found.moveTo(queue, pairs);
}

/**
 * Merges a pair in a word, and counts what stands beside it then.
 * @param {Words} words
 * @param {number} word
 * @param {Candidate} pair
 * @param {number} merged
 * @param {Pairs} pairs
 * @param {Found} found gets the new pairs
 */
function mergeInWord({ ids, starts, lengths, counts }, word, { first, second }, merged, pairs, found) {
  const start = starts[word];
  const end = start + lengths[word];
  const count = counts[word];
  let to = start;
  for (let from = start; from < end; from++) {
    const id = ids[from];
    if (id !== first || from + 1 === end || ids[from + 1] !== second) {
      ids[to++] = id;
      continue;
    }
    if (to > start) {
      const before = ids[to - 1];
      pairs.add(before, first, -count);
      found.add(pairs.add(before, merged, count), before, merged, word);
    }
    ids[to++] = merged;
    from++;
    if (from + 1 < end) {
      const after = ids[from + 1];
      pairs.add(second, after, -count);
      found.add(pairs.add(merged, after, count), merged, after, word);
    }
  }
  lengths[word] = to - start;
}
