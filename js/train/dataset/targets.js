// The labels that a classifier is trained to give each row, and how well logits agree with them.
import { fitTemperature } from '../../decode/calibration.js';
import { scoresOf } from '../../metrics/classification.js';
import { indexOfMax, logSumExp, range } from '../../base/numbers.js';

/**
 * @typedef {object} Measure
 * @property {number} logLoss sum over the rows
 * @property {Float64Array} errors [rows] of each: its log-loss, or, where a row may have several labels, 1 - F1 of its own
 * @property {number} correct rows
 * @property {number} [microF1] where a row may have several labels
 */

/** Smoothing for a temperature: the probability of an error after `rows` rows without one, by Laplace's rule of succession. */
const smoothingFor = (/** @type {number} */ rows) => 1 / (rows + 2);

/** One label for each row. */
export class SingleLabel {
  /**
   * @param {Int32Array} labels [rows] 0 to classes - 1
   * @param {number} classes
   */
  constructor(labels, classes) {
    this.labels = labels;
    this.classes = classes;
  }

  /**
   * How well logits agree with the labels.
   * @param {Float32Array} logits [rows.length][classes]
   * @param {ArrayLike<number>} rows which rows they are of
   * @param {() => Promise<void>} pause
   * @param {number} [temperature] by which the logits are divided first
   * @returns {Promise<Measure>}
   */
  async measure(logits, rows, pause, temperature = 1) {
    const { classes } = this;
    const sum = { logLoss: 0, correct: 0 };
    const errors = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const z = logits.slice(i * classes, (i + 1) * classes);
      for (let k = 0; k < classes; k++) z[k] /= temperature;
      errors[i] = logSumExp(z) - z[this.labels[row]];
      sum.logLoss += errors[i];
      sum.correct += Number(indexOfMax(z) === this.labels[row]);
      await pause();
    }
    return { ...sum, errors };
  }

  /** The classes that a row's logits choose. @param {Float32Array} logits [classes] @returns {number[]} */
  chosen(logits) {
    return [indexOfMax(logits)];
  }

  /**
   * The temperature that calibrates logits, see `fitTemperature`.
   * @param {Float32Array} logits [rows.length][classes] of rows that were not trained on
   * @param {Int32Array} rows which rows they are of
   * @param {() => Promise<void>} pause
   */
  temperature(logits, rows, pause) {
    return fitTemperature(
      logits,
      rows.map((row) => this.labels[row]),
      this.classes,
      smoothingFor(rows.length),
      pause,
    );
  }
}

/** Any number of labels for each row. */
export class MultiLabel {
  /**
   * @param {Uint8Array} targets [rows][classes] 1 if the row has the label, else 0
   * @param {number} classes
   */
  constructor(targets, classes) {
    this.targets = targets;
    this.classes = classes;
  }

  /** `logLoss` is summed over the classes, too; a row is correct if all its classes are. @type {SingleLabel['measure']} */
  async measure(logits, rows, pause, temperature = 1) {
    const { classes } = this;
    const sum = { logLoss: 0, correct: 0 };
    const errors = new Float64Array(rows.length);
    const counts = { hits: 0, found: 0, support: 0 };
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const offset = i * classes;
      const own = { hits: 0, found: 0, support: 0 };
      let right = true;
      for (let k = 0; k < classes; k++) {
        const target = this.targets[row * classes + k] === 1;
        const logit = Math.fround(logits[offset + k] / temperature);
        const margin = target ? logit : -logit;
        sum.logLoss += Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(-margin, 0);
        right &&= margin > 0;
        own.hits += Number(target && margin > 0);
        own.found += Number(logit > 0);
        own.support += Number(target);
      }
      counts.hits += own.hits;
      counts.found += own.found;
      counts.support += own.support;
      // A row without labels, of which none was found, is right.
      errors[i] = right ? 0 : 1 - scoresOf(own).f1;
      sum.correct += Number(right);
      await pause();
    }
    return { ...sum, errors, microF1: scoresOf(counts).f1 };
  }

  /** @type {SingleLabel['chosen']} */
  chosen(logits) {
    return range(0, logits.length).filter((k) => logits[k] >= 0);
  }

  /** One temperature for all classes. @type {SingleLabel['temperature']} */
  temperature(logits, rows, pause) {
    const pairs = new Float32Array(2 * logits.length);
    logits.forEach((logit, i) => (pairs[2 * i + 1] = logit));
    const { classes } = this;
    const labels = Int32Array.from(
      logits,
      (_, i) => this.targets[rows[Math.floor(i / classes)] * classes + (i % classes)],
    );
    return fitTemperature(pairs, labels, 2, smoothingFor(rows.length), pause);
  }
}
