// A head of one or two dense layers that the core trains by AdamW.
import { BertletError } from '../../errors.js';
import { align } from '../../core/instance.js';
import { TURN } from './turn.js';

/**
 * @typedef {object} Shape
 * @property {number} inputs
 * @property {number} hidden number of hidden units; 0: a single layer
 * @property {number} outputs
 * @property {number} maxRows of a batch
 * @property {number} [extra] number of parameters of the loss, such as transitions, which are trained too; default 0
 */

const WEIGHT_DECAY = 0.01; // torch.optim.AdamW's default

/** Forward pass, backward pass and AdamW steps of a head. Its parameters are in the core's memory. */
export class Mlp {
  #core;
  #shape;
  #at;
  #mlp;
  #count;

  /**
   * Bytes of each block. Throws OUT_OF_MEMORY if the head is too large for the core.
   * @param {import('../../core/instance.js').Core} core
   * @param {Shape} shape
   */
  static sizes(core, { inputs, hidden, outputs, maxRows, extra = 0 }) {
    const mlp = core.fn.mlp_bytes(inputs, hidden, outputs, maxRows, extra) >>> 0;
    if (mlp === 0)
      throw new BertletError(
        'OUT_OF_MEMORY',
        `A head of ${hidden} hidden units and ${outputs} outputs needs more than the 4 GB of WebAssembly. Take a smaller hiddenSize or fewer labels.`,
      );
    return { mlp, rows: 4 * maxRows, logits: 4 * maxRows * outputs };
  }

  /** Bytes that it needs in the core's memory. @type {(core: import('../../core/instance.js').Core, shape: Shape) => number} */
  static bytes(core, shape) {
    return Object.values(Mlp.sizes(core, shape)).reduce((sum, size) => sum + align(size), 0);
  }

  /**
   * @param {import('../../core/instance.js').Core} core
   * @param {Shape} shape
   */
  constructor(core, shape) {
    this.#core = core;
    this.#shape = shape;
    const { mlp, rows, logits } = Mlp.sizes(core, shape);
    this.#at = { mlp: core.reserve(mlp), rows: core.reserve(rows), logits: core.reserve(logits) };
    const { inputs, hidden, outputs, maxRows, extra = 0 } = shape;
    this.#mlp = core.fn.mlp_init(this.#at.mlp, inputs, hidden, outputs, maxRows, extra);
    this.#count = core.fn.mlp_parameter_count(this.#mlp);
  }

  /** All parameters, see bertlet_mlp_parameters(); a view to read and write, valid until the core's memory grows. */
  get parameters() {
    return this.#core.floats(this.#core.fn.mlp_parameters(this.#mlp) >>> 0, this.#count);
  }

  /** Addresses of the extra parameters, [extra], and of their gradient. */
  get extra() {
    const offset = 4 * (this.#count - (this.#shape.extra ?? 0));
    const { fn } = this.#core;
    return {
      parameters: (fn.mlp_parameters(this.#mlp) >>> 0) + offset,
      gradient: (fn.mlp_gradient(this.#mlp) >>> 0) + offset,
    };
  }

  /**
   * Starts anew, with weights and biases drawn as torch.nn.Linear does: uniform in +-1 / sqrt(inputs of the layer).
   * @param {() => number} random uniform in [0, 1)
   * @param {() => Promise<void>} pause
   */
  async reset(random, pause) {
    const { inputs, hidden, outputs } = this.#shape;
    this.#core.fn.mlp_reset(this.#mlp);
    const { parameters } = this;
    let next = 0;
    const draw = async (/** @type {number} */ outputsOfLayer, /** @type {number} */ fanIn) => {
      const bound = 1 / Math.sqrt(fanIn);
      for (let output = 0; output < outputsOfLayer; output++) {
        for (const end = next + fanIn + 1; next < end; next++) parameters[next] = (2 * random() - 1) * bound;
        await pause();
      }
    };
    if (hidden > 0) await draw(hidden, inputs);
    await draw(outputs, hidden || inputs);
  }

  /**
   * Logits of rows of features, which must stay unchanged until `step`.
   * @param {number} features address of a matrix with `inputs` columns
   * @param {ArrayLike<number>} rows indices of the rows, at most `maxRows`
   * @param {() => Promise<void>} pause awaited between pieces of work, of some milliseconds each
   * @returns {Promise<number>} address of the logits [rows][outputs], valid until the next call
   */
  async forward(features, rows, pause) {
    const { rows: rowsAt, logits } = this.#at;
    this.#core.ints(rowsAt, rows.length).set(rows);
    this.#core.fn.mlp_forward(this.#mlp, features, rowsAt, rows.length, logits);
    await this.#run(pause);
    return logits;
  }

  /** Does what was begun. @param {() => Promise<void>} pause */
  async #run(pause) {
    while (!this.#core.fn.mlp_run(this.#mlp, TURN)) await pause();
  }

  /**
   * One step of training, after `forward` and one of the core's losses, which replaces the logits by its gradient. Rejects with
   * BAD_WEIGHTS if the loss is an error.
   * @param {number} loss what the core's loss returned: negative for an error
   * @param {number} learningRate
   * @param {() => Promise<void>} pause
   */
  async step(loss, learningRate, pause) {
    if (loss < 0)
      throw new BertletError('BAD_WEIGHTS', `The fit met NaN or infinity (${loss}). A smaller learningRate may help.`);
    this.#core.fn.mlp_backward(this.#mlp, this.#at.logits);
    await this.#run(pause);
    this.#core.fn.mlp_step(this.#mlp, learningRate, WEIGHT_DECAY);
    await this.#run(pause);
  }

  /** The layers, copies. @returns {import('../../core/dense.js').Dense[]} */
  dense() {
    const { inputs, hidden, outputs } = this.#shape;
    const { parameters } = this;
    let next = 0;
    const copy = (/** @type {number} */ count) => parameters.slice(next, (next += count));
    const layer = (/** @type {number} */ from, /** @type {number} */ to) => ({
      weight: copy(from * to),
      bias: copy(to),
    });
    if (hidden === 0) return [{ ...layer(inputs, outputs), activation: 'none' }];
    return [
      { ...layer(inputs, hidden), activation: 'relu' },
      { ...layer(hidden, outputs), activation: 'none' },
    ];
  }
}
