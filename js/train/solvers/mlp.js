// A head of one or two dense layers by AdamW, in the core.
import { BertletError } from '../../errors.js';
import { align } from '../../core/instance.js';

/**
 * @typedef {object} Shape
 * @property {number} inputs
 * @property {number} hidden units; 0 for a single layer
 * @property {number} outputs
 * @property {number} maxRows of a batch
 * @property {number} [extra] parameters of the loss that are trained along
 */

const WEIGHT_DECAY = 0.01; // torch.optim.AdamW's default

export class Mlp {
  #core;
  #shape;
  #at;
  #mlp;
  #count;

  /**
   * @param {import('../../core/instance.js').Core} core
   * @param {Shape} shape
   */
  static sizes(core, { inputs, hidden, outputs, maxRows, extra = 0 }) {
    const mlp = core.fn.mlp_bytes(inputs, hidden, outputs, maxRows, extra) >>> 0;
    if (mlp === 0)
      throw new BertletError('OUT_OF_MEMORY', `A head of ${hidden} hidden units and ${outputs} outputs is too large.`);
    return { mlp, rows: 4 * maxRows, logits: 4 * maxRows * outputs };
  }

  /** @type {(core: import('../../core/instance.js').Core, shape: Shape) => number} */
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

  /** The core's parameters, to read and write. */
  get parameters() {
    return this.#core.floats(this.#core.fn.mlp_parameters(this.#mlp) >>> 0, this.#count);
  }

  /** Addresses of the extra parameters and of their gradient. */
  get extra() {
    const offset = 4 * (this.#count - (this.#shape.extra ?? 0));
    const { fn } = this.#core;
    return {
      parameters: (fn.mlp_parameters(this.#mlp) >>> 0) + offset,
      gradient: (fn.mlp_gradient(this.#mlp) >>> 0) + offset,
    };
  }

  /**
   * Starts anew, with weights drawn as torch.nn.Linear draws them.
   * @param {() => number} random uniform in [0, 1)
   */
  reset(random) {
    const { inputs, hidden, outputs } = this.#shape;
    this.#core.fn.mlp_reset(this.#mlp);
    const { parameters } = this;
    let at = 0;
    const draw = (/** @type {number} */ count, /** @type {number} */ fanIn) => {
      const bound = 1 / Math.sqrt(fanIn);
      for (const end = at + count; at < end; at++) parameters[at] = (2 * random() - 1) * bound;
    };
    if (hidden > 0) draw(hidden * (inputs + 1), inputs);
    draw(outputs * ((hidden || inputs) + 1), hidden || inputs);
  }

  /**
   * @param {number} features address of [any][inputs]
   * @param {ArrayLike<number>} rows which of them
   * @returns {number} address of the logits [rows][outputs], valid until the next call
   */
  forward(features, rows) {
    const { rows: rowsAt, logits } = this.#at;
    this.#core.ints(rowsAt, rows.length).set(rows);
    this.#core.fn.mlp_forward(this.#mlp, features, rowsAt, rows.length, logits);
    return logits;
  }

  /**
   * One step of training after forward(), for a loss that replaced the logits by its gradient.
   * @param {number} loss as the core returned it
   * @param {number} learningRate
   */
  step(loss, learningRate) {
    if (loss < 0)
      throw new BertletError('BAD_WEIGHTS', `The fit met NaN or infinity (${loss}). A smaller learningRate may help.`);
    this.#core.fn.mlp_backward(this.#mlp, this.#at.logits);
    this.#core.fn.mlp_step(this.#mlp, learningRate, WEIGHT_DECAY);
  }

  /** @returns {import('../../core/dense.js').Dense[]} copies of the layers */
  dense() {
    const { inputs, hidden, outputs } = this.#shape;
    const { parameters } = this;
    let at = 0;
    const take = (/** @type {number} */ count) => parameters.slice(at, (at += count));
    const layer = (/** @type {number} */ from, /** @type {number} */ to) => ({
      weight: take(from * to),
      bias: take(to),
    });
    if (hidden === 0) return [{ ...layer(inputs, outputs), activation: 'none' }];
    return [
      { ...layer(inputs, hidden), activation: 'relu' },
      { ...layer(hidden, outputs), activation: 'none' },
    ];
  }
}
