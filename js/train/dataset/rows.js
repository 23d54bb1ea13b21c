// The features that a head is trained on, in an instance of the core whose memory goes when the fit is over.
import { applyDense, outputCount, weightsOf } from '../../core/dense.js';
import { align, createCore } from '../../core/wasm.js';

/** Rows that are put through a head at once. */
const BLOCK = 256;

/** Room for a head and the logits of a block. */
const SCRATCH = 64 * 2 ** 20;

export class Rows {
  /**
   * @param {import('../../core/wasm.js').Compiled} compiled
   * @param {number} count
   * @param {number} width
   * @param {(core: import('../../core/wasm.js').Core) => number} measure bytes that the trainers of these rows take beside them
   */
  static async create(compiled, count, width, measure) {
    const probe = await createCore(compiled, 0);
    const core = await createCore(compiled, align(4 * count * width) + measure(probe), SCRATCH);
    return new Rows(core, count, width);
  }

  /**
   * @param {import('../../core/wasm.js').Core} core with room for [count][width] floats
   * @param {number} count
   * @param {number} width
   */
  constructor(core, count, width) {
    this.core = core;
    this.count = count;
    this.width = width;
    this.at = core.reserve(4 * count * width);
    /** What was done to the features. @type {{ mean: Float64Array, std: Float64Array } | undefined} */
    this.scaling = undefined;
  }

  /** @param {number} row */
  address(row) {
    return this.at + 4 * row * this.width;
  }

  /**
   * @param {number} row
   * @param {Float32Array} values [width]
   */
  set(row, values) {
    this.core.floats(this.address(row), this.width).set(values);
  }

  /**
   * Brings every feature to mean 0 and standard deviation 1, as scikit-learn's StandardScaler; a constant one to 0.
   * @param {number} trainRows the first so many rows say what mean and standard deviation are
   */
  standardize(trainRows) {
    const { count, width } = this;
    const mean = new Float64Array(width);
    const std = new Float64Array(width);
    const each = (/** @type {number} */ rows, /** @type {(row: Float32Array) => void} */ use) => {
      for (let row = 0; row < rows; row++) use(this.core.floats(this.address(row), width));
    };
    each(trainRows, (row) => {
      for (let i = 0; i < width; i++) mean[i] += row[i] / trainRows;
    });
    each(trainRows, (row) => {
      for (let i = 0; i < width; i++) std[i] += (row[i] - mean[i]) ** 2 / trainRows;
    });
    for (let i = 0; i < width; i++) std[i] = Math.sqrt(std[i]) || 1;
    each(count, (row) => {
      for (let i = 0; i < width; i++) row[i] = (row[i] - mean[i]) / std[i];
    });
    this.scaling = { mean, std };
  }

  /**
   * @param {number} begin
   * @param {number} end
   * @param {import('../../core/dense.js').Dense[]} dense trained on these rows
   * @returns {Float32Array} [end - begin][outputs]
   */
  logits(begin, end, dense) {
    const outputs = outputCount(dense);
    const weights = weightsOf(dense);
    const logits = new Float32Array((end - begin) * outputs);
    for (let first = begin; first < end; first += BLOCK) {
      const block = applyDense(this.core, Math.min(BLOCK, end - first), this.address(first), dense, weights);
      logits.set(block, (first - begin) * outputs);
    }
    return logits;
  }

  /**
   * A head that was trained on these rows, for features as they come: W x' + b with x' = (x - mean) / std.
   * @param {import('../../core/dense.js').Dense[]} dense
   * @returns {import('../../core/dense.js').Dense[]}
   */
  unscale([first, ...others]) {
    if (!this.scaling) return [first, ...others];
    const { mean, std } = this.scaling;
    const weight = first.weight.map((w, i) => w / std[i % this.width]);
    const bias = first.bias.map((b, output) => {
      let sum = b;
      for (let i = 0; i < this.width; i++) sum -= weight[output * this.width + i] * mean[i];
      return sum;
    });
    return [{ ...first, weight, bias }, ...others];
  }
}
