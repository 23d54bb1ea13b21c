// The features that a head is trained on, in an instance of the core for the fit.
import { applyDense, outputCount, weightsOf } from '../../core/dense.js';
import { align } from '../../core/instance.js';
import { BertletError } from '../../errors.js';
import { giveBackMemory, takeMemory } from './memory.js';

/** How many rows go through a head at once, at most. */
const BLOCK = 256;

/**
 * What a head may take in the model's memory, in bytes, and the most rows that it is applied to there: TEXT_GROWTH and BATCH_TOKENS, which are
 * not imported, since bundlers would give their modules to a file of its own.
 */
export const HEAD_BYTES = 256 * 2 ** 20;
export const BATCH_ROWS = 512;

/** How many multiplications that may take: some ten milliseconds. */
const BLOCK_WORK = 2 ** 25;

/**
 * How many rows go through a head at once.
 * @param {number} parameters of the head
 */
const blockRows = (parameters) => Math.min(Math.max(Math.floor(BLOCK_WORK / parameters), 1), BLOCK);

/**
 * Bytes for a head's weights and the results of a block of rows, as `applyDense` needs them.
 * @param {number[]} widths of the rows, then of each layer's outputs
 */
function scratchBytes(widths) {
  const layers = widths.slice(1).map((outputs, i) => ({ outputs, weights: widths[i] * outputs }));
  const rows = blockRows(layers.reduce((sum, { weights }) => sum + weights, 0));
  return layers.reduce(
    (sum, { outputs, weights }) => sum + align(4 * weights) + align(4 * outputs) + align(4 * rows * outputs),
    0,
  );
}

/**
 * Throws OUT_OF_MEMORY if a head could be trained, but not used: in the model's memory, on a batch.
 * @param {string} name of the head
 * @param {number[]} widths as of `scratchBytes`
 */
function checkUse(name, widths) {
  const bytes = widths.slice(1).reduce((sum, outputs, i) => sum + 4 * outputs * (widths[i] + 1 + BATCH_ROWS), 0);
  if (bytes <= HEAD_BYTES) return;
  throw new BertletError(
    'OUT_OF_MEMORY',
    `A head of ${name} takes ${Math.ceil(bytes / 2 ** 20)} MB in use, more than the ${HEAD_BYTES / 2 ** 20} MB that a model has for it. Take a smaller hiddenSize or fewer labels.`,
  );
}

/**
 * What is to be done with rows.
 * @typedef {object} Use
 * @property {number[]} layers number of outputs of each layer of the heads that are applied to them
 * @property {(core: import('../../core/instance.js').Core) => number} [trainers] how many bytes their trainers need in the same memory
 */

/** A matrix of features, [count][width] in f32. */
export class Rows {
  /**
   * Makes a matrix whose rows are still to be set. `free` is to be called when it is no longer needed.
   * @param {import('../../core/compile.js').Compiled} compiled
   * @param {number} count of rows
   * @param {number} width
   * @param {Use} use
   * @returns {Promise<Rows>} rejects with OUT_OF_MEMORY if there is not enough for all of this use
   */
  static async create(compiled, count, width, { layers, trainers = () => 0 }) {
    const head = [width, ...layers].join(' x ');
    checkUse(head, [width, ...layers]);
    const measure = (/** @type {import('../../core/instance.js').Core} */ probe) => ({
      [`${count} rows of ${width} features`]: 4 * count * width,
      'the training': trainers(probe),
      [`a head of ${head}`]: scratchBytes([width, ...layers]),
    });
    const core = await takeMemory(compiled, measure, 'Take fewer examples or labels, or a smaller hiddenSize.');
    const rows = new Rows(core, count, width);
    rows.#compiled = compiled;
    return rows;
  }

  /** @type {import('../../core/compile.js').Compiled | undefined} */
  #compiled;

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

  /** Gives the memory back. Neither the rows nor their trainers may be used any more. */
  free() {
    if (this.#compiled) giveBackMemory(this.#compiled, this.core);
    this.#compiled = undefined;
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
   * @param {() => Promise<void>} pause
   */
  async standardize(trainRows, pause) {
    const { count, width } = this;
    const mean = new Float64Array(width);
    const std = new Float64Array(width);
    const each = async (/** @type {number} */ rows, /** @type {(row: Float32Array) => void} */ use) => {
      for (let row = 0; row < rows; row++) {
        use(this.core.floats(this.address(row), width));
        if (row % BLOCK === 0) await pause();
      }
    };
    await each(trainRows, (row) => {
      for (let i = 0; i < width; i++) mean[i] += row[i] / trainRows;
    });
    await each(trainRows, (row) => {
      for (let i = 0; i < width; i++) std[i] += (row[i] - mean[i]) ** 2 / trainRows;
    });
    for (let i = 0; i < width; i++) std[i] = Math.sqrt(std[i]) || 1;
    await each(count, (row) => {
      for (let i = 0; i < width; i++) row[i] = (row[i] - mean[i]) / std[i];
    });
    this.scaling = { mean, std };
  }

  /**
   * Computes logits of rows.
   * @param {number} begin
   * @param {number} end
   * @param {import('../../core/dense.js').Dense[]} dense a head for rows as they are here, standardized or not
   * @param {() => Promise<void>} pause
   * @param {(row: number, logits: Float32Array) => void | Promise<void>} use called for blocks of rows with the first one, and their
   *   logits [rows][outputs]
   */
  async eachBlock(begin, end, dense, pause, use) {
    const weights = weightsOf(dense);
    const rows = blockRows(dense.reduce((sum, { weight }) => sum + weight.length, 0));
    for (let first = begin; first < end; first += rows) {
      await use(first, applyDense(this.core, Math.min(rows, end - first), this.address(first), dense, weights));
      await pause();
    }
  }

  /**
   * Logits of rows.
   * @param {number} begin
   * @param {number} end
   * @param {import('../../core/dense.js').Dense[]} dense as of `eachBlock`
   * @param {() => Promise<void>} pause
   * @returns {Promise<Float32Array>} [end - begin][outputs]
   */
  async logits(begin, end, dense, pause) {
    const outputs = outputCount(dense);
    const logits = new Float32Array((end - begin) * outputs);
    await this.eachBlock(begin, end, dense, pause, (row, block) => logits.set(block, (row - begin) * outputs));
    return logits;
  }

  /**
   * The equivalent head for features that are not standardized: W x' + b with x' = (x - mean) / std becomes W' x + b'.
   * @param {import('../../core/dense.js').Dense[]} dense trained on these rows
   * @param {() => Promise<void>} pause
   * @returns {Promise<import('../../core/dense.js').Dense[]>}
   */
  async unscale([first, ...others], pause) {
    if (!this.scaling) return [first, ...others];
    const { mean, std } = this.scaling;
    const { width } = this;
    const weight = new Float32Array(first.weight.length);
    const bias = new Float32Array(first.bias.length);
    for (let output = 0; output < bias.length; output++) {
      let sum = first.bias[output];
      for (let i = 0, at = output * width; i < width; i++, at++) {
        weight[at] = first.weight[at] / std[i];
        sum -= weight[at] * mean[i];
      }
      bias[output] = sum;
      await pause();
    }
    return [{ ...first, weight, bias }, ...others];
  }
}
