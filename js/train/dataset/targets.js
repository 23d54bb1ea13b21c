// What a classifier is to say of each row, and how well logits do.
import { fitTemperature } from '../../decode/calibration.js';
import { scoresOf } from '../../metrics/classification.js';
import { indexOfMax, logSumExp } from '../../base/numbers.js';

/**
 * @typedef {object} Measure
 * @property {number} logLoss sum over the rows
 * @property {number} correct rows
 * @property {number} [microF1] where a row may have several labels
 */

/** How likely the next row is wrong where none of so many was: Laplace's rule of succession. */
const doubtAfter = (/** @type {number} */ rows) => 1 / (rows + 2);

/** One label of each row. */
export class SingleLabel {
  /**
   * @param {Int32Array} labels [rows] 0 .. classes - 1
   * @param {number} classes
   */
  constructor(labels, classes) {
    this.labels = labels;
    this.classes = classes;
  }

  /**
   * @param {Float32Array} logits [rows][classes]
   * @param {ArrayLike<number>} rows
   * @returns {Measure}
   */
  measure(logits, rows) {
    const { classes } = this;
    const sum = { logLoss: 0, correct: 0 };
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const at = i * classes;
      const z = logits.subarray(at, at + classes);
      sum.logLoss += logSumExp(z) - z[this.labels[row]];
      sum.correct += Number(indexOfMax(z) === this.labels[row]);
    }
    return sum;
  }

  /**
   * @param {Float32Array} logits [rows][classes] of rows that were not trained on
   * @param {Int32Array} rows
   */
  temperature(logits, rows) {
    return fitTemperature(
      logits,
      rows.map((row) => this.labels[row]),
      this.classes,
      doubtAfter(rows.length),
    );
  }
}

/** Any labels of each row. */
export class MultiLabel {
  /**
   * @param {Uint8Array} targets [rows][classes]
   * @param {number} classes
   */
  constructor(targets, classes) {
    this.targets = targets;
    this.classes = classes;
  }

  /** @type {SingleLabel['measure']} `logLoss` of all classes together; `correct`: all of them */
  measure(logits, rows) {
    const { classes } = this;
    const sum = { logLoss: 0, correct: 0 };
    const counts = { hits: 0, found: 0, support: 0 };
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const at = i * classes;
      let right = true;
      for (let k = 0; k < classes; k++) {
        const target = this.targets[row * classes + k] === 1;
        const margin = target ? logits[at + k] : -logits[at + k];
        sum.logLoss += Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(-margin, 0);
        right &&= margin > 0;
        counts.hits += Number(target && margin > 0);
        counts.found += Number(logits[at + k] > 0);
        counts.support += Number(target);
      }
      sum.correct += Number(right);
    }
    return { ...sum, microF1: scoresOf(counts).f1 };
  }

  /** @type {SingleLabel['temperature']} */
  temperature(logits, rows) {
    const pairs = new Float32Array(2 * logits.length);
    logits.forEach((logit, i) => (pairs[2 * i + 1] = logit));
    const { classes } = this;
    const labels = Int32Array.from(
      logits,
      (_, i) => this.targets[rows[Math.floor(i / classes)] * classes + (i % classes)],
    );
    return fitTemperature(pairs, labels, 2, doubtAfter(rows.length));
  }
}
