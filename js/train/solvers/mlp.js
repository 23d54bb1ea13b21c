// A head of one or two dense layers that the core trains by AdamW.
import { BertletError } from '../../errors.js';
import { align } from '../../core/instance.js';

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
      throw new BertletError('OUT_OF_MEMORY', `A head of ${hidden} hidden units and ${outputs} outputs is too large.`);
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
   */
  reset(random) {
    const { inputs, hidden, outputs } = this.#shape;
    this.#core.fn.mlp_reset(this.#mlp);
    const { parameters } = this;
    let next = 0;
    const draw = (/** @type {number} */ count, /** @type {number} */ fanIn) => {
      const bound = 1 / Math.sqrt(fanIn);
      for (const end = next + count; next < end; next++) parameters[next] = (2 * random() - 1) * bound;
    };
    if (hidden > 0) draw(hidden * (inputs + 1), inputs);
    draw(outputs * ((hidden || inputs) + 1), hidden || inputs);
  }

  /**
   * Logits of rows of features, which must stay unchanged until `step`.
   * @param {number} features address of a matrix with `inputs` columns
   * @param {ArrayLike<number>} rows indices of the rows, at most `maxRows`
   * @returns {number} address of the logits [rows][outputs], valid until the next call
   */
  forward(features, rows) {
    const { rows: rowsAt, logits } = this.#at;
    this.#core.ints(rowsAt, rows.length).set(rows);
    this.#core.fn.mlp_forward(this.#mlp, features, rowsAt, rows.length, logits);
    return logits;
  }

  /**
   * One step of training, after `forward` and one of the core's losses, which replaces the logits by its gradient. Throws BAD_WEIGHTS
   * if the loss is an error.
   * @param {number} loss what the core's loss returned: negative for an error
   * @param {number} learningRate
   */
  step(loss, learningRate) {
    if (loss < 0)
      throw new BertletError('BAD_WEIGHTS', `The fit met NaN or infinity (${loss}). A smaller learningRate may help.`);
    this.#core.fn.mlp_backward(this.#mlp, this.#at.logits);
    this.#core.fn.mlp_step(this.#mlp, learningRate, WEIGHT_DECAY);
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
