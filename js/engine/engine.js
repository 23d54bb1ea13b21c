// A loaded model in the worker, in an instance of the core. It turns batches of token ids into hidden states, vectors and logits.
import { POOLING, STATUS } from '../core/abi.js';
import { applyDense } from '../core/dense.js';
import { BertletError } from '../errors.js';

/** @typedef {import('../checkpoint/config.js').Config} Config */
/** @typedef {import('../core/instance.js').Core} Core */

/** Maximum number of tokens in a batch, unless the model takes longer texts; larger batches are not faster. */
export const BATCH_TOKENS = 512;

/** Bytes of adapters that stay in the core's memory at most, unless a single one has more. */
export const ADAPTER_BYTES = 128 * 2 ** 20;

/**
 * Texts that go through the encoder together.
 * @typedef {object} Batch
 * @property {number[]} indices [texts] `index` of each
 * @property {number[]} starts [texts + 1] the first token of each text among all tokens of the batch, then their number
 * @property {number} layer of its hidden states: 0 (the embeddings) to the number of layers
 * @property {Lora} [lora] the adapter with which they are computed
 * @property {Float32Array} [saved] [tokens][hiddenSize] its hidden states, where another batch has taken their place in the engine
 */

/**
 * A text as token ids, and its index among the caller's texts.
 * @typedef {import('../tokenize/tokenizer.js').Encoded & { index: number }} Indexed
 */

/** @typedef {import('../core/dense.js').Lora} Lora */

/**
 * Adapters in the core's memory, see adapters.js.
 * @typedef {{ check: (lora: Lora) => void, place: (lora: Lora) => number, free: (lora: Lora | undefined) => void }} AdapterMemory
 */

/**
 * Addresses in the core's memory: of the model, and of what goes into it and comes out.
 * @typedef {object} Addresses
 * @property {number} model the bertlet_model
 * @property {number} ids [maxBatchTokens]
 * @property {number} tokenTypeIds [maxBatchTokens]
 * @property {number} starts [maxBatchTokens / 2 + 1]
 * @property {number} hidden [maxBatchTokens][hiddenSize]
 * @property {number} pooled [maxBatchTokens / 2][hiddenSize]
 */

/**
 * What a checkpoint or an adapter has besides the encoder. The cache stores it: when it changes, so must the version in
 * js/io/cache-entry.js.
 * @typedef {object} Extras
 * @property {import('../checkpoint/task-head.js').TaskHead} [head]
 * @property {[name: string, tensor: import('../checkpoint/safetensors.js').FloatTensor][]} [headTensors] of heads, by canonical name, as far
 *   as the checkpoint has them: an adapter may bring a head that lacks some
 * @property {boolean} [ignoreTokenTypes] whether all token type ids are 0, as in the training of the adapter
 * @property {import('../checkpoint/masked-head.js').MaskedHead} [maskedHead]
 * @property {import('../tokenize/vocabulary.js').Vocabulary} [vocabulary] without `search`; it is here only when it comes from the cache,
 *   where it saves reading the tokenizer's files
 * @property {string[]} [notes] sentences on the weights, see `ModelInfo`
 * @property {number} [vocabSize] rows of the word embeddings; an adapter may have more than the base model
 * @property {import('../checkpoint/sentence-transformers.js').SentencePipeline} [sentencePipeline] what `embed` does by default
 */

/**
 * A loaded model. It holds the hidden states of one batch at a time. Those of a batch that is not finished when another one begins are
 * saved, and brought back when it goes on.
 */
export class Engine {
  /** @type {Extras} */
  extras = {};
  #addresses;
  /** The batch whose hidden states the memory holds. @type {Batch | undefined} */
  #current;
  /** To be set before a batch is computed with an adapter. @type {AdapterMemory | undefined} */
  adapters;
  /** Whether the weights came from the cache. */
  fromCache = false;
  /** Sentences on what went wrong with the cache. @type {string[]} */
  cacheNotes = [];

  /**
   * Once training has changed the model: the fingerprint that it was loaded with, and which tensors were changed, by number.
   * @type {{ fingerprint: string, tensors: Set<number> } | undefined}
   */
  trained;

  /** The checkpoint's config.json. @type {Record<string, unknown>} */
  configJson = {};

  /**
   * @param {Config} config
   * @param {import('../core/compile.js').Compiled} compiled
   * @param {Core} core
   * @param {import('../tokenize/tokenizer.js').Tokenizer} tokenizer
   * @param {Addresses} addresses
   */
  constructor(config, compiled, core, tokenizer, addresses) {
    this.config = config;
    this.compiled = compiled;
    this.core = core;
    this.tokenizer = tokenizer;
    this.#addresses = addresses;
  }

  /**
   * The image: the weights as the core keeps them, in one piece. A view, to be stored after `seal`, or to be filled before `restore`.
   * @returns {Uint8Array}
   */
  get image() {
    const { core } = this;
    const { model } = this.#addresses;
    return core.bytes(core.fn.model_image(model) >>> 0, core.fn.model_image_bytes(model) >>> 0);
  }

  /** Completes the image, so that it can be stored. @returns {Uint8Array} the image, a view */
  seal() {
    const status = this.core.fn.model_seal(this.#addresses.model);
    if (status !== STATUS.OK) throw new Error(`bertlet_model_seal: ${status}`);
    return this.image;
  }

  /** Takes the image as the model's weights. @returns {boolean} false if it is damaged, or of another model */
  restore() {
    return this.core.fn.model_restore(this.#addresses.model) === STATUS.OK;
  }

  /** Memory of the core for bytes of weights on their way into the model, in bytes. It is that of the hidden states, not in use yet. */
  get staging() {
    return { address: this.#addresses.hidden, size: 4 * BATCH_TOKENS * this.config.hiddenSize };
  }

  /** Address of the bertlet_model. */
  get model() {
    return this.#addresses.model;
  }

  /** Address of where each text of a batch begins among its hidden states, [texts + 1]. */
  get starts() {
    return this.#addresses.starts;
  }

  /** Whether the weights are in 8 bits. */
  get isInt8() {
    return this.core.fn.model_weight_bits(this.#addresses.model) < 32;
  }

  /** Sentences on why no faster build runs, and on the bits of int8 weights, see `ModelInfo`. */
  get notes() {
    const { compiled, core } = this;
    const bits = core.fn.model_weight_bits(this.#addresses.model);
    return bits === 7
      ? [
          ...compiled.notes,
          'The weights have between 7 and 8 bits, as many as this engine multiplies exactly at full speed.',
        ]
      : compiled.notes;
  }

  /** 16 hexadecimal digits: a hash of the weights, with the adapter. */
  get fingerprint() {
    return BigInt.asUintN(64, this.core.fn.model_fingerprint(this.#addresses.model)).toString(16).padStart(16, '0');
  }

  /**
   * Computes the hidden states of a batch: of as many texts, from `next` on, as fit into it. Throws BAD_WEIGHTS if they are NaN or
   * infinite, BAD_INPUT for a pair if the model has one token type.
   * @param {Indexed[]} encoded
   * @param {number} next index in `encoded`
   * @param {number} [layer] how many layers to run; default: all
   * @param {import('../core/dense.js').EncoderSpec} [spec]
   * @returns {Batch}
   */
  forward(encoded, next, layer = this.config.numLayers, { lora, ignoreTokenTypes } = {}) {
    const { core } = this;
    const { model, ids, tokenTypeIds, starts, hidden } = this.#addresses;
    const maxTokens = Math.max(this.config.maxPositions, BATCH_TOKENS);
    /** @type {Batch} */
    const batch = { indices: [], starts: [0], layer: 0, lora };
    this.#enter(batch);
    let pairs = false;
    for (let tokens = 0; next < encoded.length && tokens + encoded[next].ids.length <= maxTokens; next++) {
      const { index, ids: textIds, second } = encoded[next];
      core.ints(ids + 4 * tokens, textIds.length).set(textIds);
      core
        .ints(tokenTypeIds + 4 * tokens, textIds.length)
        .fill(0, 0, second)
        .fill(1, second);
      pairs ||= second < textIds.length;
      tokens += textIds.length;
      batch.indices.push(index);
      batch.starts.push(tokens);
    }
    core.ints(starts, batch.starts.length).set(batch.starts);
    const typeIds = pairs && !(ignoreTokenTypes ?? this.extras.ignoreTokenTypes) ? tokenTypeIds : 0; // 0: all are 0
    if (typeIds && this.config.typeVocabSize === 1)
      throw new BertletError('BAD_INPUT', 'This model has one token type, so it reads single texts, not pairs.');
    check(core.fn.embed(model, ids, typeIds, starts, batch.indices.length, hidden, this.#adapterOf(batch)));
    this.advance(batch, layer);
    return batch;
  }

  /** The address of a batch's adapter, or 0. @param {Batch} batch @returns {number} */
  #adapterOf({ lora }) {
    return lora ? /** @type {AdapterMemory} */ (this.adapters).place(lora) : 0;
  }

  /** Makes room for a batch's hidden states. @param {Batch} batch */
  #enter(batch) {
    const current = this.#current;
    if (current && current !== batch) current.saved = this.hidden(current, false).slice();
    this.#current = batch;
  }

  /** To be called when a batch's hidden states are not needed any more. @param {Batch} batch */
  finish(batch) {
    if (this.#current === batch) this.#current = undefined;
  }

  /**
   * Runs more layers on a batch: its hidden states, and `batch.layer`, become those of a later layer, and the engine holds them, also if
   * it has computed other batches meanwhile. Throws BAD_WEIGHTS if they are NaN or infinite.
   * @param {Batch} batch
   * @param {number} layer `batch.layer` or a later one
   */
  advance(batch, layer) {
    const { model, starts, hidden } = this.#addresses;
    if (this.#current !== batch) {
      this.#enter(batch);
      this.core.ints(starts, batch.starts.length).set(batch.starts);
      this.hidden(batch, false).set(/** @type {Float32Array} */ (batch.saved));
      batch.saved = undefined;
    }
    if (layer === batch.layer) return;
    const { fn } = this.core;
    check(fn.run_layers(model, starts, batch.indices.length, batch.layer, layer, hidden, this.#adapterOf(batch)));
    batch.layer = layer;
  }

  /**
   * The hidden states of the batch that was computed last.
   * @param {Batch} batch
   * @param {boolean} normalize whether to divide each token's vector by its length, in place
   * @returns {Float32Array} [tokens][hiddenSize], a view that is valid until the next batch, or until the memory grows
   */
  hidden({ starts }, normalize) {
    const { hiddenSize } = this.config;
    const hidden = this.core.floats(this.#addresses.hidden, starts[starts.length - 1] * hiddenSize);
    if (normalize) normalizeRows(hidden, hiddenSize);
    return hidden;
  }

  /**
   * A vector for each text of the batch that was computed last.
   * @param {Batch} batch
   * @param {'mean' | 'cls' | 'max'} pooling
   * @param {boolean} normalize whether to divide each vector by its length
   * @returns {Float32Array} [texts][hiddenSize], a view that is valid until the next call or batch, or until the memory grows
   */
  pool({ indices }, pooling, normalize) {
    const { hiddenSize } = this.config;
    const { hidden, starts, pooled } = this.#addresses;
    this.core.fn.pool(hidden, starts, indices.length, hiddenSize, POOLING[pooling], normalize ? 1 : 0, pooled);
    return this.core.floats(pooled, indices.length * hiddenSize);
  }

  /**
   * The features of the batch that was computed last: a row for each text or, with pooling 'none', for each token.
   * @param {Batch} batch
   * @param {{ pooling: import('../core/dense.js').Pooling, normalize: boolean }} spec
   * @returns {Float32Array} [rows][hiddenSize], a view, as of `hidden` and `pool`
   */
  rows(batch, { pooling, normalize }) {
    return pooling === 'none' ? this.hidden(batch, normalize) : this.pool(batch, pooling, normalize);
  }

  /**
   * What `embed` gives for the batch that was computed last: pooling, then dense layers, then division by the length. (In a head the
   * division comes before the dense layers.) Throws OUT_OF_MEMORY.
   * @param {Batch} batch
   * @param {Omit<import('../core/dense.js').ReadyHead, 'layer'>} spec
   * @returns {Float32Array} [rows][columns], a copy
   */
  vectors(batch, { pooling, normalize, dense, weights }) {
    const { length, byteOffset } = this.rows(batch, { pooling, normalize: normalize && dense.length === 0 });
    if (dense.length === 0) return this.core.floats(byteOffset, length).slice();
    const count = length / this.config.hiddenSize;
    const rows = checkFinite(applyDense(this.core, count, byteOffset, dense, weights));
    if (normalize) normalizeRows(rows, rows.length / count);
    return rows;
  }

  /**
   * A head's logits for the batch that was computed last. Throws OUT_OF_MEMORY.
   * @param {Batch} batch at the layer that the head reads
   * @param {import('../core/dense.js').ReadyHead} head
   * @returns {Float32Array} [rows][outputs], a copy; a row for each text or, with pooling 'none', for each token
   */
  logits(batch, head) {
    const { length, byteOffset } = this.rows(batch, head);
    const rows = length / this.config.hiddenSize;
    return checkFinite(applyDense(this.core, rows, byteOffset, head.dense, head.weights));
  }
}

/** Throws BAD_WEIGHTS if the encoder computed NaN or infinity. @param {number} status that it returned */
function check(status) {
  if (status === STATUS.ERROR_NUMERIC) {
    throw new BertletError(
      'BAD_WEIGHTS',
      'The model computed NaN or infinity: its weights are damaged. Download or export it again.',
    );
  }
  if (status !== STATUS.OK) throw new Error(`The encoder failed with status ${status}`);
}

/**
 * Throws BAD_WEIGHTS for NaN or infinity.
 * @param {Float32Array} values what dense layers gave
 * @returns {Float32Array} the same
 */
function checkFinite(values) {
  if (values.every(Number.isFinite)) return values;
  throw new BertletError(
    'BAD_WEIGHTS',
    'The layers after the encoder computed NaN or infinity: their weights are damaged. Download, export or train them again.',
  );
}

/**
 * Divides each row by its Euclidean length, in place.
 * @param {Float32Array} rows [rows][columns]
 * @param {number} columns
 */
export function normalizeRows(rows, columns) {
  for (let begin = 0; begin < rows.length; begin += columns) {
    const vector = rows.subarray(begin, begin + columns);
    const length = Math.max(Math.hypot(...vector), 1e-12);
    vector.forEach((value, i) => (vector[i] = value / length));
  }
}
