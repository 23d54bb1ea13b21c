// The features that a head is trained on, in a core instance of their own, whose memory is freed after the fit.
import { applyDense, outputCount, weightsOf } from '../../core/dense.js';
import { align, createCore } from '../../core/instance.js';

/** How many rows go through a head at once. */
const BLOCK = 256;

/** How far the memory may grow for a head's weights and the logits of a block, in bytes. */
const SCRATCH = 64 * 2 ** 20;

/** A matrix of features, [count][width] in f32. */
export class Rows {
  /**
   * @param {import('../../core/compile.js').Compiled} compiled
   * @param {number} count of rows
   * @param {number} width
   * @param {(core: import('../../core/instance.js').Core) => number} measure how many bytes the trainers of these rows need in the same memory
   * @returns {Promise<Rows>} rejects with OUT_OF_MEMORY
   */
  static async create(compiled, count, width, measure) {
    const probe = await createCore(compiled, 0);
    const core = await createCore(compiled, align(4 * count * width) + measure(probe), SCRATCH);
    return new Rows(core, count, width);
  }

  /**
   * @param {import('../../core/instance.js').Core} core with memory for [count][width] floats
   * @param {number} count
   * @param {number} width
   */
  constructor(core, count, width) {
    this.core = core;
    this.count = count;
    this.width = width;
    /** Address of the first row. */
    this.at = core.reserve(4 * count * width);
    /**
     * What `standardize` subtracted from each feature, and divided it by, [width].
     * @type {{ mean: Float64Array, std: Float64Array } | undefined}
     */
    this.scaling = undefined;
  }

  /** Address of a row. @param {number} row */
  address(row) {
    return this.at + 4 * row * this.width;
  }

  /**
   * Copies values into a row.
   * @param {number} row
   * @param {Float32Array} values [width]
   */
  set(row, values) {
    this.core.floats(this.address(row), this.width).set(values);
  }

  /**
   * Scales every feature to mean 0 and standard deviation 1, in place, as scikit-learn's StandardScaler; a constant one becomes 0.
   * @param {number} trainRows mean and standard deviation are those of the first `trainRows` rows
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
   * Logits of rows.
   * @param {number} begin
   * @param {number} end
   * @param {import('../../core/dense.js').Dense[]} dense a head for rows as they are here, standardized or not
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
   * The equivalent head for features that are not standardized: W x' + b with x' = (x - mean) / std becomes W' x + b'.
   * @param {import('../../core/dense.js').Dense[]} dense trained on these rows
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
