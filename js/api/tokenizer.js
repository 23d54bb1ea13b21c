// A tokenizer without a model, on the calling thread.
import { useAssets } from '#platform';
import { compile } from '../core/compile.js';
import { align, createCore } from '../core/instance.js';
import { BertletError } from '../errors.js';
import { describe } from '../io/describe.js';
import { openSource } from '../io/sources.js';
import { measureTokenizer, PART_BYTES, TEXT_GROWTH, Tokenizer } from '../tokenize/tokenizer.js';
import { readVocabulary } from '../tokenize/vocabulary.js';
import { rejectUnknownOptions } from './options.js';
import { toTexts } from './texts.js';

/** @typedef {import('../types.js').Encoding} Encoding */

/** @typedef {import('../types.js').TokenizerOptions} TokenizerOptions */

/**
 * What `loadTokenizer` does.
 * @param {import('../types.js').ModelSpec} spec
 * @param {TokenizerOptions} [options]
 * @returns {Promise<StandaloneTokenizer>}
 */
export async function openTokenizer(
  spec,
  { lowercase, hub, revision, token, headers, signal, assets, ...others } = {},
) {
  rejectUnknownOptions(others);
  if (assets !== undefined) useAssets(assets);
  signal?.throwIfAborted();
  const { description, close } = await describe(spec, { hub, revision, token, headers });
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

/** A tokenizer without a model. Call `dispose` when it is no longer needed. */
export class StandaloneTokenizer {
  /** @type {Tokenizer | undefined} */
  #tokenizer;

  /** @internal @param {Tokenizer} tokenizer */
  constructor(tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /**
   * The tokens of a text, or of each of several, with their offsets, without any limit of length. Throws BAD_INPUT, DISPOSED,
   * OUT_OF_MEMORY, or TEXT_TOO_LONG for many millions of characters without a space.
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
    const encodings = toTexts(text).map((input) => this.#open.tokenize(input));
    return Array.isArray(text) ? encodings : encodings[0];
  }

  /**
   * Only the ids that `tokenize` gives, in a fraction of the time. Throws the same errors.
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
    const ids = toTexts(text).map((input) => this.#open.encode(input, Infinity).ids);
    return Array.isArray(text) ? ids : ids[0];
  }

  /** The tokenizer. Throws DISPOSED. */
  get #open() {
    if (!this.#tokenizer)
      throw new BertletError('DISPOSED', 'This tokenizer was disposed of; load it again to use it.');
    return this.#tokenizer;
  }

  /** Frees its memory. Later calls throw DISPOSED. */
  dispose() {
    this.#tokenizer = undefined;
  }
}
