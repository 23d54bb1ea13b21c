// Text to ids by the core's tokenizer, in the model's instance or in one of its own.
import { AddedTokens } from './added-tokens.js';
import { BertletError } from '../errors.js';
import { align } from '../core/wasm.js';

/** A text or a pair of texts, as it crosses to the worker. @typedef {[text: string, textPair?: string]} Text */
/** @typedef {import('./vocabulary.js').Vocabulary} Vocabulary */
/** @typedef {import('./added-tokens.js').Part} Part */
/** @typedef {import('../types.js').Encoding} Encoding */

// bertlet_special
const CLS = 2;
const SEP = 3;
export const MASK = 4;
export const PAD = 0;

/** A text goes through the core in parts of about this many UTF-16 units. */
const PART = 16384;

/** Bytes of scratch that a part takes: at most 3 bytes of UTF-8 for a unit, and for each byte an id and two offsets. */
const bytesToTokenize = (/** @type {number} */ utf8Bytes) => align(utf8Bytes) + utf8Bytes * 12;
export const PART_BYTES = bytesToTokenize(3 * PART);

/** Growth that allows for texts without any space: some 20 million letters. */
export const TEXT_GROWTH = 256 * 2 ** 20;

/**
 * @param {import('../core/wasm.js').Core} probe any instance
 * @param {Vocabulary} vocabulary
 * @returns {number} bytes for a tokenizer, beside those of the vocabulary
 */
export function measureTokenizer(probe, { bytes, where }) {
  const vocab = probe.scratch(bytes.length);
  probe.bytes(vocab, bytes.length).set(bytes);
  const size = probe.fn.tokenizer_bytes(vocab, bytes.length) >>> 0;
  if (size === 0) throw new BertletError('BAD_VOCABULARY', `${where} is empty. Download or export it again.`);
  return size;
}

/**
 * @typedef {object} Encoded
 * @property {Int32Array} ids with [CLS] and [SEP]
 * @property {number} second where the second text of a pair begins; `ids.length` when there is none
 * @property {boolean} cut whether there were more
 */

/**
 * How much of each text of a pair is kept: pieces go from the longer one until both fit, as Hugging Face's `longest_first`.
 * @param {number} first pieces
 * @param {number} second pieces
 * @param {number} limit of both together
 * @returns {[first: number, second: number]}
 */
export function cutLongestFirst(first, second, limit) {
  if (first + second <= limit) return [first, second];
  const shorter = Math.min(first, second);
  const half = Math.floor(limit / 2);
  const [less, more] = shorter <= half ? [shorter, limit - shorter] : [half, limit - half];
  return first <= second ? [less, more] : [more, less];
}

export class Tokenizer {
  #core;
  #tokenizer;
  #vocab;
  #vocabBytes;
  #added;
  #addedTokens;
  /** @type {string[] | undefined} */
  #pieces;
  #cls;
  #sep;

  /**
   * @param {import('../core/wasm.js').Core} core
   * @param {Vocabulary} vocabulary
   * @param {number} size by measureTokenizer
   */
  constructor(core, { bytes, flags, where, added }, size) {
    this.#core = core;
    this.#added = added;
    this.#addedTokens = added.length > 0 ? new AddedTokens(added) : undefined;
    this.#vocabBytes = bytes.length;
    this.#vocab = core.reserve(bytes.length);
    core.bytes(this.#vocab, bytes.length).set(bytes);
    this.#tokenizer = core.fn.tokenizer_init(core.reserve(size), this.#vocab, bytes.length, flags);
    if (this.#tokenizer === 0) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${where} lacks [UNK], [CLS] or [SEP], so it is not the vocabulary of a BERT model.`,
      );
    }
    /** Ids of [PAD], [UNK], [CLS], [SEP] and [MASK]; -1 of one that the vocabulary lacks. @type {number[]} */
    this.specials = [0, 1, CLS, SEP, MASK].map((which) => core.fn.tokenizer_special(this.#tokenizer, which));
    this.#cls = this.specials[CLS];
    this.#sep = this.specials[SEP];
    this.vocabSize = /** @type {number} */ (core.fn.tokenizer_vocab_size(this.#tokenizer));
  }

  /**
   * [CLS] text [SEP], or [CLS] text [SEP] textPair [SEP].
   * @param {import('./tokenizer.js').Text} text
   * @param {number} maxTokens with the special tokens; what is beyond is cut, from the longer text of a pair first
   * @returns {Encoded}
   */
  encode([text, textPair], maxTokens) {
    const first = this.#pieceIds(text, maxTokens);
    if (textPair === undefined) {
      const keep = Math.min(first.length, maxTokens - 2);
      return { ids: this.#join(first.subarray(0, keep)), second: keep + 2, cut: keep < first.length };
    }
    const firstIds = first.slice();
    const other = this.#pieceIds(textPair, maxTokens);
    const [keep, keepOther] = cutLongestFirst(firstIds.length, other.length, Math.max(maxTokens - 3, 0));
    return {
      ids: this.#join(firstIds.subarray(0, keep), other.subarray(0, keepOther)),
      second: keep + 2,
      cut: keep < firstIds.length || keepOther < other.length,
    };
  }

  /**
   * @param {string} text
   * @param {number} limit tokenizing stops somewhere behind so many
   * @returns {Int32Array} perhaps a view, valid until the next run
   */
  #pieceIds(text, limit) {
    const split = this.#split(text);
    if (split.length === 1) return this.#partIds(text, split[0]);
    const parts = [];
    let count = 0;
    for (const part of split) {
      const ids = this.#partIds(text, part).slice();
      parts.push(ids);
      count += ids.length;
      if (count > limit) break;
    }
    const all = new Int32Array(count);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** @param {string} text @param {Part} part */
  #partIds(text, { start, end, id }) {
    return id === undefined ? this.#run(text, start, end, false).ids : Int32Array.of(id);
  }

  /** Special tokens around pieces. @param {Int32Array} first @param {Int32Array} [second] */
  #join(first, second) {
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
   * All tokens of a text or a pair, however long.
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
   * Appends the pieces of a text and [SEP].
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
      const part = this.#run(text, start, end, true);
      for (let i = 0; i < part.ids.length; i++) {
        ids.push(part.ids[i]);
        offsets.push([start + part.offsets[2 * i], start + part.offsets[2 * i + 1]]);
      }
    }
    ids.push(this.#sep);
    offsets.push([0, 0]);
  }

  /**
   * A text in parts that can be tokenized one by one, or are an added token.
   * @param {string} text
   * @returns {Part[]}
   */
  #split(text) {
    if (!this.#addedTokens) return splitText(text, 0, text.length);
    return this.#addedTokens
      .split(text)
      .flatMap((part) => (part.id === undefined ? splitText(text, part.start, part.end) : part));
  }

  /**
   * @param {string} text
   * @param {number} start
   * @param {number} end
   * @param {boolean} withOffsets
   * @returns {{ ids: Int32Array, offsets: Int32Array }} views, valid until the next run
   */
  #run(text, start, end, withOffsets) {
    const core = this.#core;
    const part = start === 0 && end === text.length ? text : text.slice(start, end);
    const room = 3 * part.length; // UTF-8 takes at most 3 bytes for a UTF-16 unit
    const at = core.scratch(bytesToTokenize(room));
    const capacity = core.writeText(at, room, part);
    const ids = at + align(room);
    const offsets = withOffsets ? ids + 4 * capacity : 0;
    const count = core.fn.tokenize(this.#tokenizer, at, capacity, ids, offsets, capacity);
    if (count < 0) throw new Error(`bertlet_tokenize: ${count}`);
    return { ids: core.ints(ids, count), offsets: core.ints(offsets, withOffsets ? 2 * count : 0) };
  }

  /** The pieces by id. */
  get pieces() {
    return (this.#pieces ??= this.#readPieces());
  }

  #readPieces() {
    // A copy, because shared memory can't be decoded.
    const bytes = this.#core.bytes(this.#vocab, this.#vocabBytes).slice();
    const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
    const pieces = lines.map((line) => line.trimEnd());
    for (const { id, content } of this.#added) pieces[id] = content;
    return pieces;
  }
}

/**
 * Cuts a long text at spaces, which no token crosses.
 * @param {string} text
 * @param {number} start
 * @param {number} stop
 */
function splitText(text, start, stop) {
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
