// The masked-LM head of a tuner: its parameters, and the loss of masked words.
import { align } from '../../core/instance.js';

/** @typedef {import('../../core/instance.js').Core} Core */
/** @typedef {import('../../checkpoint/config.js').Config} Config */

/**
 * @typedef {object} MaskedParameters
 * @property {Float32Array} weight [embeddingSize][hiddenSize]
 * @property {Float32Array} bias [embeddingSize]
 * @property {Float32Array} gamma [embeddingSize]
 * @property {Float32Array} beta [embeddingSize]
 * @property {Float32Array} decoderBias [vocabSize]
 */

/** How many numbers each part has, in the core's order. @param {Config} config */
const sizesOf = ({ hiddenSize, embeddingSize, vocabSize }) => ({
  weight: embeddingSize * hiddenSize,
  bias: embeddingSize,
  gamma: embeddingSize,
  beta: embeddingSize,
  decoderBias: vocabSize,
});

/** How many numbers all parts have. @param {Config} config */
const floatsOf = (config) => Object.values(sizesOf(config)).reduce((sum, size) => sum + size);

/**
 * Scratch memory that a head uses, in bytes.
 * @param {Config} config
 * @param {number} maxTokens of a batch
 */
export const maskedBytes = (config, maxTokens) => Math.max(4 * floatsOf(config), align(4 * maxTokens) + 4);

export class MaskedHead {
  #core;
  #trainer;
  #config;

  /**
   * @param {Core} core
   * @param {number} trainer address
   * @param {Config} config
   */
  constructor(core, trainer, config) {
    this.#core = core;
    this.#trainer = trainer;
    this.#config = config;
  }

  /** @returns {MaskedParameters} copies */
  read() {
    const core = this.#core;
    const at = core.scratch(4 * floatsOf(this.#config));
    core.fn.trainer_read_masked_lm(this.#trainer, at);
    const all = core.floats(at, floatsOf(this.#config)).slice();
    let begin = 0;
    const parts = Object.entries(sizesOf(this.#config)).map(([name, size]) => [
      name,
      all.slice(begin, (begin += size)),
    ]);
    return /** @type {any} */ (Object.fromEntries(parts));
  }

  /** @param {MaskedParameters} values */
  write(values) {
    const core = this.#core;
    const at = core.scratch(4 * floatsOf(this.#config));
    let begin = at;
    for (const [name, size] of Object.entries(sizesOf(this.#config))) {
      core.floats(begin, size).set(values[/** @type {keyof MaskedParameters} */ (name)]);
      begin += 4 * size;
    }
    core.fn.trainer_write_masked_lm(this.#trainer, at);
  }

  /**
   * The loss of masked words of the batch whose features the trainer has.
   * @param {ArrayLike<number>} labels [rows] the words in the places that were read
   * @param {number} share by which derivatives are multiplied
   * @param {number} gradient address of room for the derivative by the features [rows][hiddenSize]; 0: the loss is only measured
   * @returns {{ loss: number, right: number }} the mean loss, negative or NaN if it is not finite; in how many places the true word was the
   *   most likely one
   */
  loss(labels, share, gradient) {
    const core = this.#core;
    const size = align(4 * labels.length);
    const at = core.scratch(size + 4);
    core.ints(at, labels.length).set(labels);
    const rightAt = at + size;
    const loss = core.fn.trainer_masked_loss(this.#trainer, at, share, gradient, rightAt);
    return { loss, right: core.ints(rightAt, 1)[0] };
  }
}
