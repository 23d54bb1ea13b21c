// Turns texts into token ids by the core's tokenizer: added tokens and special tokens, long texts in parts, pairs, truncation.
import { BertletError } from '../errors.js';
import { SPECIAL, STATUS } from '../core/abi.js';
import { align } from '../core/instance.js';

/** A text or a pair of texts, as it crosses to the worker. @typedef {[text: string, textPair?: string]} Text */
/** @typedef {import('./vocabulary.js').Vocabulary} Vocabulary */
/** @typedef {import('./added-token-search.js').Part} Part */
/** @typedef {import('../types.js').Encoding} Encoding */

/** A long text goes through the core in parts of at most this many UTF-16 units, cut at white space; without any, parts are longer. */
const PART = 16384;

/** Bytes of scratch for a part: its UTF-8, at most 3 bytes a unit, and for each of these bytes an id and two offsets of 4 bytes each. */
const bytesToTokenize = (/** @type {number} */ utf8Bytes) => align(utf8Bytes) + utf8Bytes * 12;
export const PART_BYTES = bytesToTokenize(3 * PART);

/**
 * How far the memory may grow for a part that is longer than PART, as in a text without white space: 3 bytes for each unit and 12 for each
 * of its tokens. That is enough for 15 million that are a token each, and 80 million that are a single word; for a longer one, tokenizing
 * throws TEXT_TOO_LONG.
 */
export const TEXT_GROWTH = 256 * 2 ** 20;

/**
 * Throws BAD_VOCABULARY if the vocabulary is empty.
 * @param {import('../core/instance.js').Core} probe any instance
 * @param {Vocabulary} vocabulary
 * @returns {number} bytes that a tokenizer takes beside the vocabulary's own
 */
export function measureTokenizer(probe, { bytes, location }) {
  const vocab = probe.scratch(bytes.length);
  probe.bytes(vocab, bytes.length).set(bytes);
  const size = probe.fn.tokenizer_bytes(vocab, bytes.length) >>> 0;
  if (size === 0) throw new BertletError('BAD_VOCABULARY', `${location} is empty. Download or export it again.`);
  return size;
}

/**
 * @typedef {object} Encoded
 * @property {Int32Array} ids [tokens] [CLS] and [SEP] included
 * @property {number} second index of the first token of a pair's second text; `ids.length` if there is none
 * @property {boolean} cut whether the text had more tokens
 */

/**
 * How many tokens of each text of a pair are kept: the longer one is cut until both fit, as by Hugging Face's `longest_first`.
 * @param {number} first tokens of the first text
 * @param {number} second tokens of the second text
 * @param {number} limit of both together
 * @returns {[first: number, second: number]}
 */
export function cutLongestFirst(first, second, limit) {
  if (first + second <= limit) return [first, second];
  const shorter = Math.min(first, second);
  const half = Math.floor(limit / 2);
  const [min, max] = shorter <= half ? [shorter, limit - shorter] : [half, limit - half];
  return first <= second ? [min, max] : [max, min];
}

/** A tokenizer in a core's memory, which lives as long as the core. */
export class Tokenizer {
  #core;
  #tokenizer;
  #vocab;
  #vocabBytes;
  #added;
  #search;
  /** @type {string[] | undefined} */
  #pieces;
  #cls;
  #sep;

  /**
   * Throws BAD_VOCABULARY if the vocabulary lacks a special token that every text needs.
   * @param {import('../core/instance.js').Core} core
   * @param {Vocabulary} vocabulary
   * @param {number} size of `measureTokenizer`
   */
  constructor(core, { bytes, flags, location, added, search }, size) {
    this.#core = core;
    /** bertlet_tokenizer_flags */
    this.flags = flags;
    this.#added = added;
    this.#search = search;
    this.#vocabBytes = bytes.length;
    this.#vocab = core.reserve(bytes.length);
    core.bytes(this.#vocab, bytes.length).set(bytes);
    this.#tokenizer = core.fn.tokenizer_init(core.reserve(size), this.#vocab, bytes.length, flags);
    if (this.#tokenizer === 0) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${location} lacks [UNK], [CLS] or [SEP], so it is not the vocabulary of a BERT model.`,
      );
    }
    /** Ids of special tokens, by their number in SPECIAL; -1 of one that the vocabulary lacks. @type {number[]} */
    this.specials = Object.values(SPECIAL).map((which) => core.fn.tokenizer_special(this.#tokenizer, which));
    this.#cls = this.specials[SPECIAL.CLS];
    this.#sep = this.specials[SPECIAL.SEP];
    /** Number of ids. */
    this.vocabSize = /** @type {number} */ (core.fn.tokenizer_vocab_size(this.#tokenizer));
  }

  /**
   * The ids of [CLS] text [SEP], or [CLS] text [SEP] textPair [SEP]. Throws OUT_OF_MEMORY, or TEXT_TOO_LONG (see TEXT_GROWTH).
   * @param {import('./tokenizer.js').Text} text
   * @param {number} maxTokens with the special tokens; a longer text is cut, of a pair the longer one first
   * @returns {Encoded}
   */
  encode([text, textPair], maxTokens) {
    const first = this.#idsOf(text, maxTokens);
    if (textPair === undefined) {
      const keep = Math.min(first.length, maxTokens - 2);
      return { ids: this.#addSpecials(first.subarray(0, keep)), second: keep + 2, cut: keep < first.length };
    }
    const firstIds = first.slice();
    const secondIds = this.#idsOf(textPair, maxTokens);
    const [keep, keepSecond] = cutLongestFirst(firstIds.length, secondIds.length, Math.max(maxTokens - 3, 0));
    return {
      ids: this.#addSpecials(firstIds.subarray(0, keep), secondIds.subarray(0, keepSecond)),
      second: keep + 2,
      cut: keep < firstIds.length || keepSecond < secondIds.length,
    };
  }

  /**
   * Ids of a text, without special tokens.
   * @param {string} text
   * @param {number} limit only parts that are needed to reach this many ids are tokenized
   * @returns {Int32Array} a copy or a view; valid until the next text is tokenized
   */
  #idsOf(text, limit) {
    const parts = this.#split(text);
    if (parts.length === 1) return this.#partIds(text, parts[0]);
    const lists = [];
    let count = 0;
    for (const part of parts) {
      const ids = this.#partIds(text, part).slice();
      lists.push(ids);
      count += ids.length;
      if (count > limit) break;
    }
    const all = new Int32Array(count);
    let offset = 0;
    for (const ids of lists) {
      all.set(ids, offset);
      offset += ids.length;
    }
    return all;
  }

  /** @param {string} text @param {Part} part */
  #partIds(text, { start, end, id }) {
    return id === undefined ? this.#tokenizePart(text, start, end, false).ids : Int32Array.of(id);
  }

  /** Puts [CLS] and [SEP] around ids. @param {Int32Array} first @param {Int32Array} [second] */
  #addSpecials(first, second) {
    const ids = new Int32Array(first.length + 2 + (second ? second.length + 1 : 0));
    ids[0] = this.#cls;
    ids.set(first, 1);
    ids[first.length + 1] = this.#sep;
    if (second) {
      ids.set(second, first.length + 2);
      ids[ids.length - 1] = this.#sep;
    }
    return ids;
  }

  /**
   * All tokens of a text or a pair, without any limit, with their offsets. Throws OUT_OF_MEMORY, or TEXT_TOO_LONG (see TEXT_GROWTH).
   * @param {import('./tokenizer.js').Text} text
   * @returns {Encoding}
   */
  tokenize([text, textPair]) {
    /** @type {number[]} */
    const ids = [this.#cls];
    /** @type {Encoding['offsets']} */
    const offsets = [[0, 0]];
    this.#append(text, ids, offsets);
    const second = ids.length;
    if (textPair !== undefined) this.#append(textPair, ids, offsets);
    const { pieces } = this;
    return {
      ids: Int32Array.from(ids),
      tokenTypeIds: Int32Array.from(ids, (_, i) => Number(i >= second)),
      tokens: ids.map((id) => pieces[id]),
      offsets,
    };
  }

  /**
   * Appends the tokens of a text, and [SEP].
   * @param {string} text
   * @param {number[]} ids
   * @param {Encoding['offsets']} offsets
   */
  #append(text, ids, offsets) {
    for (const { start, end, id } of this.#split(text)) {
      if (id !== undefined) {
        ids.push(id);
        offsets.push([start, end]);
        continue;
      }
      const part = this.#tokenizePart(text, start, end, true);
      for (let i = 0; i < part.ids.length; i++) {
        ids.push(part.ids[i]);
        offsets.push([start + part.offsets[2 * i], start + part.offsets[2 * i + 1]]);
      }
    }
    ids.push(this.#sep);
    offsets.push([0, 0]);
  }

  /**
   * Splits a text into added tokens and parts that can be tokenized one by one.
   * @param {string} text
   * @returns {Part[]}
   */
  #split(text) {
    if (!this.#search) return splitText(text, 0, text.length);
    return this.#search
      .split(text)
      .flatMap((part) => (part.id === undefined ? splitText(text, part.start, part.end) : part));
  }

  /**
   * Tokenizes a part of a text by the core.
   * @param {string} text
   * @param {number} start
   * @param {number} end
   * @param {boolean} withOffsets
   * @returns {{ ids: Int32Array, offsets: Int32Array }} [tokens], and [tokens][2] begin and end in UTF-16 code units of the part, or
   *   empty; views, valid until the next part is tokenized
   */
  #tokenizePart(text, start, end, withOffsets) {
    const core = this.#core;
    const part = start === 0 && end === text.length ? text : text.slice(start, end);
    const maxBytes = 3 * part.length; // a UTF-16 unit takes at most 3 bytes of UTF-8
    const utf8 = this.#scratch(maxBytes, part);
    const bytes = core.writeText(utf8, maxBytes, part);
    const ids = utf8 + align(maxBytes);
    // A byte makes at most one token; of a very long part, which is one word or full of signs, there is room for fewer at first.
    for (let capacity = Math.min(bytes, 3 * PART); ; capacity = Math.min(bytes, 4 * capacity)) {
      this.#scratch(ids - utf8 + 12 * capacity, part);
      const offsets = withOffsets ? ids + 4 * capacity : 0;
      const count = core.fn.tokenize(this.#tokenizer, utf8, bytes, ids, offsets, capacity);
      if (count >= 0) return { ids: core.ints(ids, count), offsets: core.ints(offsets, withOffsets ? 2 * count : 0) };
      if (count !== STATUS.ERROR_CAPACITY || capacity === bytes) throw new Error(`bertlet_tokenize: ${count}`);
    }
  }

  /**
   * Scratch memory for a part of a text. Throws TEXT_TOO_LONG if it takes more than there ever is.
   * @param {number} size in bytes
   * @param {string} part
   */
  #scratch(size, part) {
    if (size <= TEXT_GROWTH) return this.#core.scratch(size);
    throw new BertletError(
      'TEXT_TOO_LONG',
      `A text has ${part.length} characters without white space, too many for one piece. Put spaces between its words.`,
    );
  }

  /** The piece of each id, [vocabSize]. */
  get pieces() {
    return (this.#pieces ??= this.#readPieces());
  }

  /** What it was made of. @returns {Pick<Vocabulary, 'bytes' | 'flags' | 'added'>} `bytes`: a copy */
  get vocabulary() {
    const bytes = new Uint8Array(this.#core.bytes(this.#vocab, this.#vocabBytes));
    return { bytes, flags: this.flags, added: this.#added };
  }

  #readPieces() {
    const { bytes } = this.vocabulary; // a copy, because shared memory can't be decoded
    const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
    const pieces = lines.map((line) => line.trimEnd());
    for (const { id, content } of this.#added) pieces[id] = content;
    return pieces;
  }
}

/**
 * Cuts a long text before white space, which no token crosses, into parts of at most PART units where that is possible.
 * @param {string} text
 * @param {number} start
 * @param {number} stop
 */
export function splitText(text, start, stop) {
  /** @type {Part[]} */
  const parts = [];
  while (start < stop) {
    let end = Math.min(start + PART, stop);
    while (end > start && end < stop && !isSpace(text.charCodeAt(end))) end--;
    if (end === start) {
      end = start + PART;
      while (end < stop && !isSpace(text.charCodeAt(end))) end++;
    }
    parts.push({ start, end });
    start = end;
  }
  return parts;
}

/** The white space that every BERT tokenizer splits at. @param {number} unit */
const isSpace = (unit) => unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d;
