// Logistic regression on vectors that differ from one left-out part of the examples to the next, as tuned ones do.
import { range } from '../../base/numbers.js';
import { divide } from '../dataset/divide.js';
import { Rows } from '../dataset/rows.js';
import { MultiLabel, SingleLabel } from '../dataset/targets.js';
import { accuracyOf } from '../frozen/accuracy.js';
import { searchStrength } from '../frozen/search.js';
import { MultiLabelRegression, SingleLabelRegression } from '../solvers/logreg.js';

/** @typedef {import('../../core/dense.js').Dense} Dense */
/** @typedef {[begin: number, end: number]} Range of rows */

/** The examples, in an order in which what is left out is a range of rows. */
export class VectorHead {
  #rows;
  #targets;
  #regression;
  #trainRows;
  #pause;

  /**
   * To be freed.
   * @param {import('../../engine/engine.js').Engine} engine
   * @param {object} problem
   * @param {number[][]} problem.labels [rows] of each, 0 to classes - 1; exactly one if not `multiLabel`
   * @param {number} problem.classes
   * @param {boolean} problem.multiLabel
   * @param {Float32Array} problem.classWeight as of ClassificationParams
   * @param {number} problem.trainRows how many of the rows are trained on, from the first
   * @param {() => Promise<void>} pause
   * @returns {Promise<VectorHead>} rejects with OUT_OF_MEMORY
   */
  static async create({ compiled, config }, problem, pause) {
    const { labels, classes, multiLabel, trainRows } = problem;
    const rows = await Rows.create(compiled, labels.length, config.hiddenSize, {
      layers: [classes],
      trainers: (core) =>
        (multiLabel ? MultiLabelRegression : SingleLabelRegression).bytes(core, trainRows, config.hiddenSize, classes),
    });
    return new VectorHead(rows, problem, pause);
  }

  /**
   * @param {Rows} rows
   * @param {{ labels: number[][], classes: number, multiLabel: boolean, classWeight: Float32Array, trainRows: number }} problem
   * @param {() => Promise<void>} pause
   */
  constructor(rows, { labels, classes, multiLabel, classWeight, trainRows }, pause) {
    this.#rows = rows;
    this.#trainRows = trainRows;
    this.#pause = pause;
    if (multiLabel) {
      const targets = new Uint8Array(labels.length * classes);
      labels.forEach((list, row) => list.forEach((k) => (targets[row * classes + k] = 1)));
      this.#targets = new MultiLabel(targets, classes);
      this.#regression = new MultiLabelRegression(rows, trainRows, targets, classWeight);
    } else {
      this.#targets = new SingleLabel(
        Int32Array.from(labels, ([label]) => label),
        classes,
      );
      this.#regression = new SingleLabelRegression(rows, trainRows, this.#targets.labels, classWeight);
    }
  }

  /**
   * Measures regressions on rows that they were not trained on, and chooses the best strength.
   * @param {Range[]} leftOut
   * @param {Float32Array[][]} vectors [leftOut][rows][width]
   * @param {number[]} strengths values of `c`, ascending
   */
  search(leftOut, vectors, strengths) {
    return searchStrength(
      strengths,
      leftOut,
      this.#targets,
      async (c, [begin, end]) => {
        this.#put(vectors[leftOut.findIndex(([first]) => first === begin)]);
        const without = /** @type {Range} */ (begin < this.#trainRows ? [begin, end] : [0, 0]);
        await this.#regression.fit({ c, without }, this.#pause);
        return this.#rows.logits(begin, end, this.#regression.dense(), this.#pause);
      },
      () => {},
      this.#pause,
    );
  }

  /**
   * Trains on all rows that are for it.
   * @param {Float32Array[]} vectors [rows][width]
   * @param {{ c: number, temperature: number }} options by which temperature the logits are divided
   */
  async fit(vectors, { c, temperature }) {
    this.#put(vectors);
    const { iterations, converged } = await this.#regression.fit({ c }, this.#pause);
    const dense = this.#regression.dense();
    const [rows, targets, pause] = [this.#rows, this.#targets, this.#pause];
    const trainAccuracy = await accuracyOf({ rows, targets }, this.#trainRows, dense, pause);
    const logits = await rows.logits(this.#trainRows, rows.count, dense, pause);
    const predicted = range(0, rows.count - this.#trainRows).map((i) =>
      targets.chosen(logits.subarray(i * targets.classes, (i + 1) * targets.classes)),
    );
    await divide(dense[0], temperature, pause);
    return { dense, predicted, report: { c, iterations, converged, temperature, trainAccuracy } };
  }

  /** @param {Float32Array[]} vectors [rows][width] */
  #put(vectors) {
    vectors.forEach((vector, row) => this.#rows.set(row, vector));
  }

  /** Gives the memory back. */
  free() {
    this.#rows.free();
  }
}
