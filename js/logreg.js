// Multinomial logistic regression by the core, in an instance whose memory goes when the fit is over.
import { BertletError } from './errors.js';
import { linearSoftmax } from './linear.js';
import { align, createCore } from './wasm.js';

// bertlet_fit_state; the others mean that the optimum is reached, as far as f32 can tell.
const RUNNING = 0;

const TOLERANCE = 1e-4; // scikit-learn's default
const MAX_ITERATIONS = 1000;

/** Rows that are scored at once. */
const BLOCK = 256;

export class LogisticRegression {
  #core;
  #fit;
  #labels;
  #at;
  #trainRows;
  #featureCount;
  #classes;

  /**
   * @param {import('./wasm.js').Compiled} compiled
   * @param {Int32Array} labels [rows] 0 .. classes - 1
   * @param {number} trainRows the first so many rows are trained on
   * @param {number} featureCount
   * @param {number} classes
   */
  static async create(compiled, labels, trainRows, featureCount, classes) {
    const rows = labels.length;
    const probe = await createCore(compiled, 0);
    const sizes = {
      features: 4 * rows * featureCount,
      labels: 4 * trainRows,
      sampleWeight: 4 * trainRows,
      fit: probe.fn.logreg_bytes(trainRows, featureCount, classes) >>> 0,
      weight: 4 * classes * featureCount,
      bias: 4 * classes,
    };
    if (sizes.fit === 0)
      throw new BertletError('OUT_OF_MEMORY', `${rows} examples of ${classes} labels are too many to train on.`);
    const total = Object.values(sizes).reduce((sum, size) => sum + align(size), 0);
    const scratch = sizes.weight + sizes.bias + 4 * BLOCK * classes + 256;
    const core = await createCore(compiled, total + scratch);
    const at = /** @type {typeof sizes} */ (
      Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, core.reserve(size)]))
    );
    return new LogisticRegression(core, at, labels, trainRows, featureCount, classes);
  }

  /**
   * @param {import('./wasm.js').Core} core
   * @param {{ features: number, labels: number, sampleWeight: number, fit: number, weight: number, bias: number }} at addresses
   * @param {Int32Array} labels
   * @param {number} trainRows
   * @param {number} featureCount
   * @param {number} classes
   */
  constructor(core, at, labels, trainRows, featureCount, classes) {
    this.#core = core;
    this.#at = at;
    this.#labels = labels;
    this.#trainRows = trainRows;
    this.#featureCount = featureCount;
    this.#classes = classes;
    core.ints(at.labels, trainRows).set(labels.subarray(0, trainRows));
    this.#fit = core.fn.logreg_init(at.fit, at.features, at.labels, trainRows, featureCount, classes);
  }

  /**
   * @param {number} row
   * @param {Float32Array} values [featureCount]
   */
  setFeatures(row, values) {
    this.#core.floats(this.#at.features + 4 * row * this.#featureCount, this.#featureCount).set(values);
  }

  /**
   * From zero, always: a fit that began where one with another strength ended would count as converged at once.
   * @param {{ c: number, rows?: number, without?: [begin: number, end: number] }} options `rows`: only the first so many;
   *   `without`: but not these
   * @param {() => Promise<void>} pace
   * @param {(iteration: number) => void} [onIteration]
   * @returns {Promise<{ iterations: number, converged: boolean }>}
   */
  async fit({ c, rows = this.#trainRows, without = [0, 0] }, pace, onIteration) {
    const { fn } = this.#core;
    const sampleWeight = this.#core.floats(this.#at.sampleWeight, this.#trainRows).fill(0);
    sampleWeight.fill(1, 0, rows).fill(0, ...without);
    fn.logreg_reset(this.#fit);
    this.#check(fn.logreg_start(this.#fit, this.#at.sampleWeight, c, TOLERANCE));
    for (let iterations = 1; ; iterations++) {
      const state = this.#check(fn.logreg_step(this.#fit));
      onIteration?.(iterations);
      if (state !== RUNNING || iterations === MAX_ITERATIONS) return { iterations, converged: state !== RUNNING };
      await pace();
    }
  }

  /** @param {number} status */
  #check(status) {
    if (status < 0)
      throw new BertletError(
        'BAD_WEIGHTS',
        `The fit met NaN or infinity (${status}). The model's weights may be damaged.`,
      );
    return status;
  }

  /** @returns {{ weight: Float32Array, bias: Float32Array }} [classes][featureCount] and [classes], copies */
  weights() {
    const { weight, bias } = this.#at;
    this.#core.fn.logreg_weights(this.#fit, weight, bias);
    return {
      weight: this.#core.floats(weight, this.#classes * this.#featureCount).slice(),
      bias: this.#core.floats(bias, this.#classes).slice(),
    };
  }

  /**
   * How the present weights do on some rows.
   * @param {number} begin
   * @param {number} end
   * @returns {{ logLoss: number, predicted: number[] }} `logLoss`: the sum over the rows
   */
  score(begin, end) {
    const { weight, bias } = this.weights();
    let logLoss = 0;
    const predicted = [];
    for (let first = begin; first < end; first += BLOCK) {
      const rows = Math.min(BLOCK, end - first);
      const features = this.#at.features + 4 * first * this.#featureCount;
      const scores = linearSoftmax(this.#core, features, rows, this.#featureCount, weight, bias);
      for (let i = 0; i < rows; i++) {
        const row = scores.subarray(i * this.#classes, (i + 1) * this.#classes);
        logLoss -= Math.log(Math.max(row[this.#labels[first + i]], Number.MIN_VALUE));
        predicted.push(row.indexOf(Math.max(...row)));
      }
    }
    return { logLoss, predicted };
  }
}
