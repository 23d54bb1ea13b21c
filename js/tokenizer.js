// Text to ids by the core's tokenizer, in the model's instance or in one of its own.
import { BertletError } from './errors.js';
import { describe, openSource } from './sources.js';
import { toTexts } from './texts.js';
import { readVocabulary } from './vocabulary.js';
import { align, compile, createCore } from './wasm.js';

/** @typedef {import('./vocabulary.js').Vocabulary} Vocabulary */
/** @typedef {import('./types.js').Encoding} Encoding */

// bertlet_special
const CLS = 2;
const SEP = 3;

/** A text goes through the core in parts of about this many UTF-16 units. */
const PART = 16384;

/** Bytes of scratch that a part takes: at most 3 bytes of UTF-8 for a unit, and for each byte an id and two offsets. */
const bytesToTokenize = (/** @type {number} */ utf8Bytes) => align(utf8Bytes) + utf8Bytes * 12;
export const PART_BYTES = bytesToTokenize(3 * PART);

/** Growth that allows for texts without any space: some 20 million letters. */
export const TEXT_GROWTH = 256 * 2 ** 20;

/**
 * @param {import('./wasm.js').Core} probe any instance
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

export class Tokenizer {
  #core;
  #tokenizer;
  #vocab;
  #vocabBytes;
  /** @type {string[] | undefined} */
  #pieces;
  #cls;
  #sep;

  /**
   * @param {import('./wasm.js').Core} core
   * @param {Vocabulary} vocabulary
   * @param {number} size by measureTokenizer
   */
  constructor(core, { bytes, flags, where }, size) {
    this.#core = core;
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
    this.#cls = core.fn.tokenizer_special(this.#tokenizer, CLS);
    this.#sep = core.fn.tokenizer_special(this.#tokenizer, SEP);
    this.vocabSize = /** @type {number} */ (core.fn.tokenizer_vocab_size(this.#tokenizer));
  }

  /**
   * @param {string} text
   * @param {number} maxTokens with [CLS] and [SEP]; what is beyond is cut
   * @returns {{ ids: Int32Array, cut: boolean }}
   */
  encode(text, maxTokens) {
    const limit = maxTokens - 2;
    const parts = [];
    let count = 0;
    for (const [start, end] of splitText(text)) {
      const { ids } = this.#run(text.slice(start, end));
      parts.push(ids);
      count += ids.length;
      if (count > limit) break;
    }
    const ids = new Int32Array(Math.min(count, limit) + 2);
    let at = 1;
    for (const part of parts) {
      ids.set(part.subarray(0, limit + 1 - at), at);
      at = Math.min(at + part.length, limit + 1);
    }
    ids[0] = this.#cls;
    ids[at] = this.#sep;
    return { ids, cut: count > limit };
  }

  /**
   * All tokens of a text, however long.
   * @param {string} text
   * @returns {Encoding}
   */
  tokenize(text) {
    /** @type {number[]} */
    const ids = [this.#cls];
    /** @type {Encoding['offsets']} */
    const offsets = [[0, 0]];
    for (const [start, end] of splitText(text)) {
      const part = this.#run(text.slice(start, end));
      for (let i = 0; i < part.ids.length; i++) {
        ids.push(part.ids[i]);
        offsets.push([start + part.offsets[2 * i], start + part.offsets[2 * i + 1]]);
      }
    }
    ids.push(this.#sep);
    offsets.push([0, 0]);
    this.#pieces ??= this.#readPieces();
    const pieces = this.#pieces;
    return { ids: Int32Array.from(ids), tokens: ids.map((id) => pieces[id]), offsets };
  }

  /** @param {string} text */
  #run(text) {
    const core = this.#core;
    const utf8 = new TextEncoder().encode(text);
    const capacity = utf8.length;
    const at = core.scratch(bytesToTokenize(capacity));
    core.bytes(at, capacity).set(utf8);
    const ids = at + align(capacity);
    const offsets = ids + 4 * capacity;
    const count = core.fn.tokenize(this.#tokenizer, at, capacity, ids, offsets, capacity);
    if (count < 0) throw new Error(`bertlet_tokenize: ${count}`);
    return { ids: core.ints(ids, count).slice(), offsets: core.ints(offsets, 2 * count).slice() };
  }

  #readPieces() {
    // A copy, because shared memory can't be decoded.
    const bytes = this.#core.bytes(this.#vocab, this.#vocabBytes).slice();
    const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
    return lines.map((line) => line.trimEnd());
  }
}

/**
 * Cuts a long text at spaces, which no token crosses.
 * @param {string} text
 * @returns {Generator<[start: number, end: number]>}
 */
function* splitText(text) {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + PART, text.length);
    while (end > start && end < text.length && !isSpace(text.charCodeAt(end))) end--;
    if (end === start) {
      end = start + PART;
      while (end < text.length && !isSpace(text.charCodeAt(end))) end++;
    }
    yield [start, end];
    start = end;
  }
}

/** The white space that every BERT tokenizer splits at. @param {number} unit */
const isSpace = (unit) => unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d;

/**
 * A tokenizer without a model, on the calling thread.
 * @param {import('./types.js').ModelSpec} spec of a model; in Node also the path of a vocab.txt or tokenizer.json
 * @param {{ lowercase?: boolean, hub?: string, revision?: string, signal?: AbortSignal }} [options] `lowercase` overrides what
 *   the files say
 */
export async function loadTokenizer(spec, { lowercase, hub, revision, signal } = {}) {
  signal?.throwIfAborted();
  const { description, close } = describe(spec, { hub, revision });
  try {
    const source = await openSource(description, { keep: false });
    const vocabulary = await readVocabulary(source, { lowercase, signal });
    const compiled = await compile({ threads: 1 });
    const probe = await createCore(compiled, vocabulary.bytes.length);
    const size = measureTokenizer(probe, vocabulary);
    const total = align(vocabulary.bytes.length) + align(size) + PART_BYTES;
    return new LoneTokenizer(new Tokenizer(await createCore(compiled, total, TEXT_GROWTH), vocabulary, size));
  } finally {
    close();
  }
}

export class LoneTokenizer {
  /** @type {Tokenizer | undefined} */
  #tokenizer;

  /** @param {Tokenizer} tokenizer */
  constructor(tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /**
   * @overload
   * @param {string} text
   * @returns {Encoding}
   */
  /**
   * @overload
   * @param {string[]} text
   * @returns {Encoding[]}
   */
  /**
   * @param {string | string[]} text
   * @returns {Encoding | Encoding[]}
   */
  tokenize(text) {
    const tokenizer = this.#tokenizer;
    if (!tokenizer) throw new BertletError('DISPOSED', 'This tokenizer was disposed of; load it again to use it.');
    const encodings = toTexts(text).map((one) => tokenizer.tokenize(one));
    return typeof text === 'string' ? encodings[0] : encodings;
  }

  dispose() {
    this.#tokenizer = undefined;
  }
}
