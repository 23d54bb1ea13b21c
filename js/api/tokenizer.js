// A tokenizer without a model.
import { compile } from '../core/compile.js';
import { align, createCore } from '../core/instance.js';
import { BertletError } from '../errors.js';
import { describe } from '../io/describe.js';
import { openSource } from '../io/sources.js';
import { measureTokenizer, PART_BYTES, TEXT_GROWTH, Tokenizer } from '../tokenize/tokenizer.js';
import { readVocabulary } from '../tokenize/vocabulary.js';
import { toTexts } from './texts.js';

/** @typedef {import('../types.js').Encoding} Encoding */

/**
 * A tokenizer without a model, on the calling thread.
 * @param {import('../types.js').ModelSpec} spec of a model; in Node also the path of a vocab.txt or tokenizer.json
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
    return new StandaloneTokenizer(new Tokenizer(await createCore(compiled, total, TEXT_GROWTH), vocabulary, size));
  } finally {
    close();
  }
}

export class StandaloneTokenizer {
  /** @type {Tokenizer | undefined} */
  #tokenizer;

  /** @param {Tokenizer} tokenizer */
  constructor(tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /**
   * @overload
   * @param {import('../types.js').TextInput} text
   * @returns {Encoding}
   */
  /**
   * @overload
   * @param {import('../types.js').TextInput[]} text
   * @returns {Encoding[]}
   */
  /**
   * @param {import('../types.js').TextInput | import('../types.js').TextInput[]} text
   * @returns {Encoding | Encoding[]}
   */
  tokenize(text) {
    const encodings = toTexts(text).map((one) => this.#alive.tokenize(one));
    return Array.isArray(text) ? encodings : encodings[0];
  }

  /**
   * Nothing but the ids, [CLS] and [SEP] included, in a fraction of the time.
   * @overload
   * @param {import('../types.js').TextInput} text
   * @returns {Int32Array}
   */
  /**
   * @overload
   * @param {import('../types.js').TextInput[]} text
   * @returns {Int32Array[]}
   */
  /**
   * @param {import('../types.js').TextInput | import('../types.js').TextInput[]} text
   * @returns {Int32Array | Int32Array[]}
   */
  encode(text) {
    const ids = toTexts(text).map((one) => this.#alive.encode(one, Infinity).ids);
    return Array.isArray(text) ? ids : ids[0];
  }

  get #alive() {
    if (!this.#tokenizer)
      throw new BertletError('DISPOSED', 'This tokenizer was disposed of; load it again to use it.');
    return this.#tokenizer;
  }

  dispose() {
    this.#tokenizer = undefined;
  }
}
