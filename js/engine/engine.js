// A loaded model in the worker: its instance of the core, a batch of ids in, hidden states and vectors out.
import { POOLING, STATUS } from '../core/abi.js';
import { applyDense } from '../core/dense.js';
import { BertletError } from '../errors.js';

/** @typedef {import('../checkpoint/config.js').Config} Config */
/** @typedef {import('../core/instance.js').Core} Core */

/** Tokens in one call of the encoder, unless a single text may be longer: more gain nothing. */
export const BATCH_TOKENS = 512;

/**
 * @typedef {object} Batch texts that go through the encoder together
 * @property {number[]} indices which texts
 * @property {number[]} starts [texts + 1] where the tokens of each begin
 * @property {number} layer whose hidden states are there, 0 (the embeddings) .. numLayers
 */

/** @typedef {import('../tokenize/tokenizer.js').Encoded & { index: number }} Indexed a text in ids, and which text */

/**
 * @typedef {object} Addresses of a model and of what goes in and out
 * @property {number} model
 * @property {number} ids [maxBatchTokens]
 * @property {number} tokenTypeIds [maxBatchTokens]
 * @property {number} starts [maxBatchTokens / 2 + 1]
 * @property {number} hidden [maxBatchTokens][hiddenSize]
 * @property {number} pooled [maxBatchTokens / 2][hiddenSize]
 */

/**
 * What a checkpoint or an adapter brings beside the encoder.
 * @typedef {object} Extras
 * @property {import('../checkpoint/task-head.js').TaskHead} [head]
 * @property {boolean} [segments] false: all token type ids are 0, as the adapter was trained
 * @property {import('../checkpoint/masked-head.js').MaskedHead} [masked]
 * @property {number} [vocabSize] rows of the word embeddings, of which an adapter may have more than the base model
 * @property {import('../checkpoint/sentence-transformers.js').SentencePipeline} [pipeline] for `embed`
 */

export class Engine {
  /** @type {Extras} */
  extras = {};
  #at;
  fromCache = false;
  /** @type {string[]} */
  cacheNotes = [];

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
    this.#at = addresses;
  }

  /** Where the weights are as the core keeps them; `restore` takes what was read to there for them. */
  get image() {
    const { core } = this;
    const { model } = this.#at;
    return core.bytes(core.fn.model_image(model) >>> 0, core.fn.model_image_bytes(model) >>> 0);
  }

  /** @returns {Uint8Array} the image, to be stored */
  seal() {
    const status = this.core.fn.model_seal(this.#at.model);
    if (status !== STATUS.OK) throw new Error(`bertlet_model_seal: ${status}`);
    return this.image;
  }

  /** @returns {boolean} false: the image is damaged, or one of another model */
  restore() {
    return this.core.fn.model_restore(this.#at.model) === STATUS.OK;
  }

  /** Room for bytes of weights on their way into the core: that of the hidden states, which are not in use yet. */
  get staging() {
    return { address: this.#at.hidden, size: 4 * BATCH_TOKENS * this.config.hiddenSize };
  }

  /** The core's model, for its functions. */
  get model() {
    return this.#at.model;
  }

  /** What runs, in sentences: why it is this build, and what int8 means with it. */
  get notes() {
    const { compiled, core } = this;
    const bits = core.fn.model_weight_bits(this.#at.model);
    return bits === 7
      ? [
          ...compiled.notes,
          'The weights have between 7 and 8 bits here, as many as this engine multiplies exactly at full speed.',
        ]
      : compiled.notes;
  }

  get fingerprint() {
    return BigInt.asUintN(64, this.core.fn.model_fingerprint(this.#at.model)).toString(16).padStart(16, '0');
  }

  /**
   * One batch: as many texts from `next` on as fit.
   * @param {Indexed[]} encoded
   * @param {number} next
   * @param {number} [layer] how many layers to run
   * @returns {Batch}
   */
  forward(encoded, next, layer = this.config.numLayers) {
    const { core } = this;
    const { model, ids, tokenTypeIds, starts, hidden } = this.#at;
    const budget = Math.max(this.config.maxPositions, BATCH_TOKENS);
    /** @type {Batch} */
    const batch = { indices: [], starts: [0], layer: 0 };
    let pairs = false;
    for (let tokens = 0; next < encoded.length && tokens + encoded[next].ids.length <= budget; next++) {
      const one = encoded[next];
      core.ints(ids + 4 * tokens, one.ids.length).set(one.ids);
      core
        .ints(tokenTypeIds + 4 * tokens, one.ids.length)
        .fill(0, 0, one.second)
        .fill(1, one.second);
      pairs ||= one.second < one.ids.length;
      tokens += one.ids.length;
      batch.indices.push(one.index);
      batch.starts.push(tokens);
    }
    core.ints(starts, batch.starts.length).set(batch.starts);
    const types = pairs && this.extras.segments !== false ? tokenTypeIds : 0;
    check(core.fn.embed(model, ids, types, starts, batch.indices.length, hidden));
    this.advance(batch, layer);
    return batch;
  }

  /**
   * Runs a batch that was just computed further, in place: its hidden states become those of a later layer.
   * @param {Batch} batch
   * @param {number} layer its present one or a later one
   */
  advance(batch, layer) {
    if (layer === batch.layer) return;
    const { model, starts, hidden } = this.#at;
    const { fn } = this.core;
    check(fn.run_layers(model, starts, batch.indices.length, batch.layer, layer, hidden));
    batch.layer = layer;
  }

  /**
   * @param {Batch} batch that was just computed
   * @param {boolean} normalize
   * @returns {Float32Array} [tokens][hiddenSize], valid until the next batch
   */
  hidden({ starts }, normalize) {
    const { hiddenSize } = this.config;
    const hidden = this.core.floats(this.#at.hidden, starts[starts.length - 1] * hiddenSize);
    if (normalize) normalizeRows(hidden, hiddenSize);
    return hidden;
  }

  /**
   * @param {Batch} batch that was just computed
   * @param {'mean' | 'cls' | 'max'} pooling
   * @param {boolean} normalize
   * @returns {Float32Array} [texts][hiddenSize], valid until the next batch
   */
  pool({ indices }, pooling, normalize) {
    const { hiddenSize } = this.config;
    const { hidden, starts, pooled } = this.#at;
    this.core.fn.pool(hidden, starts, indices.length, hiddenSize, POOLING[pooling], normalize ? 1 : 0, pooled);
    return this.core.floats(pooled, indices.length * hiddenSize);
  }

  /**
   * What a head reads: a row for each text, or, with pooling 'none', for each token.
   * @param {Batch} batch that was just computed
   * @param {{ pooling: import('../core/dense.js').Pooling, normalize: boolean }} reading
   * @returns {Float32Array} [rows][hiddenSize], valid until the next batch
   */
  rows(batch, { pooling, normalize }) {
    return pooling === 'none' ? this.hidden(batch, normalize) : this.pool(batch, pooling, normalize);
  }

  /**
   * What `embed` gives: where dense layers follow the pooling, they come before the division by the length.
   * @param {Batch} batch that was just computed
   * @param {Omit<import('../core/dense.js').ReadyHead, 'layer'>} how
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
   * @param {Batch} batch that was just computed, as deep as the head reads
   * @param {import('../core/dense.js').ReadyHead} head
   * @returns {Float32Array} [rows][outputs] logits, a copy
   */
  logits(batch, head) {
    const { length, byteOffset } = this.rows(batch, head);
    const rows = length / this.config.hiddenSize;
    return checkFinite(applyDense(this.core, rows, byteOffset, head.dense, head.weights));
  }
}

/** @param {number} status what the encoder gave */
function check(status) {
  if (status === STATUS.ERROR_NUMERIC) {
    throw new BertletError(
      'BAD_WEIGHTS',
      'The model computed NaN or infinity: its weights are damaged. Download or export it again.',
    );
  }
  if (status !== STATUS.OK) throw new Error(`The encoder: ${status}`);
}

/**
 * @param {Float32Array} values what dense layers gave
 * @returns {Float32Array} the same; throws BAD_WEIGHTS for NaN or infinity
 */
function checkFinite(values) {
  if (values.every(Number.isFinite)) return values;
  throw new BertletError(
    'BAD_WEIGHTS',
    'The layers after the encoder computed NaN or infinity: their weights are damaged. Download, export or train them again.',
  );
}

/**
 * Divides each row by its length, in place.
 * @param {Float32Array} rows [rows][columns]
 * @param {number} columns
 */
function normalizeRows(rows, columns) {
  for (let at = 0; at < rows.length; at += columns) {
    const vector = rows.subarray(at, at + columns);
    const length = Math.max(Math.hypot(...vector), 1e-12);
    vector.forEach((value, i) => (vector[i] = value / length));
  }
}
