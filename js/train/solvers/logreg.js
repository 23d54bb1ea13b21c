// Logistic regression, which the core solves by L-BFGS: for one label of several, or any number of labels.
import { BertletError } from '../../errors.js';
import { FIT_STATE } from '../../core/abi-training.js';
import { align } from '../../core/instance.js';
import { TURN } from './turn.js';

/** @typedef {import('../dataset/rows.js').Rows} Rows */
/**
 * @typedef {{ c: number, rows?: number, without?: [begin: number, end: number] }} Strength `c`: inverse strength of the L2
 *   regularization; `rows`: how many rows to train on, from the first one, default all; `without`: a range of these to leave out
 */

const TOLERANCE = 1e-4; // scikit-learn's default
const MAX_ITERATIONS = 1000;

/** One regression in the core. */
class Regression {
  #rows;
  #trainRows;
  #classes;
  #at;
  #fit;

  /**
   * Bytes of each block. Throws OUT_OF_MEMORY if the fit is too large for the core.
   * @param {import('../../core/instance.js').Core} core
   * @param {number} trainRows
   * @param {number} width
   * @param {number} classes
   */
  static sizes(core, trainRows, width, classes) {
    const fit = core.fn.logreg_bytes(trainRows, width, classes) >>> 0;
    if (fit === 0)
      throw new BertletError(
        'OUT_OF_MEMORY',
        `A head of ${classes} labels on ${width} features, trained on ${trainRows} examples, needs more than the 4 GB of WebAssembly. Train on fewer labels, or on several groups of them.`,
      );
    return { labels: 4 * trainRows, sampleWeight: 4 * trainRows, fit, weight: 4 * classes * width, bias: 4 * classes };
  }

  /**
   * @param {Rows} rows
   * @param {number} trainRows number of rows to train on, from the first one
   * @param {number} classes
   */
  constructor(rows, trainRows, classes) {
    this.#rows = rows;
    this.#trainRows = trainRows;
    this.#classes = classes;
    const sizes = Regression.sizes(rows.core, trainRows, rows.width, classes);
    this.#at = /** @type {typeof sizes} */ (
      Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, rows.core.reserve(size)]))
    );
    this.#fit = 0;
  }

  /**
   * Fits from zero weights. (From the weights of another strength a fit would count as converged at once.) Throws BAD_WEIGHTS when
   * numbers are not finite.
   * @param {ArrayLike<number>} labels [trainRows] 0 to classes - 1
   * @param {Float32Array} sampleWeight [trainRows]
   * @param {Strength & { tolerance?: number }} strength `tolerance`: largest |component| of the gradient at which it has converged
   * @param {() => Promise<void>} pause
   * @param {(iteration: number) => void} [onIteration]
   * @returns {Promise<{ iterations: number, converged: boolean }>}
   */
  async fit(
    labels,
    sampleWeight,
    { c, rows = this.#trainRows, without = [0, 0], tolerance = TOLERANCE },
    pause,
    onIteration,
  ) {
    const { core, width, at: features } = this.#rows;
    const at = this.#at;
    core.ints(at.labels, this.#trainRows).set(labels);
    core.floats(at.sampleWeight, this.#trainRows).set(sampleWeight.subarray(0, this.#trainRows));
    core
      .floats(at.sampleWeight, this.#trainRows)
      .fill(0, rows)
      .fill(0, ...without);
    this.#fit = core.fn.logreg_init(at.fit, features, at.labels, this.#trainRows, width, this.#classes);
    check(core.fn.logreg_start(this.#fit, at.sampleWeight, c, tolerance));
    // The first step measures where the fit starts; each further one is an iteration.
    for (let iterations = 0; ; iterations++) {
      let state;
      while ((state = check(core.fn.logreg_step(this.#fit, TURN))) === FIT_STATE.UNFINISHED) await pause();
      if (iterations > 0) onIteration?.(iterations);
      // CONVERGED or STALLED: the optimum is reached, as far as f32 can tell.
      const converged = state !== FIT_STATE.RUNNING;
      if (converged || iterations === MAX_ITERATIONS) return { iterations, converged };
      await pause();
    }
  }

  /** The fitted weights, [classes][width] and [classes]; copies. @returns {{ weight: Float32Array, bias: Float32Array }} */
  weights() {
    const { weight, bias } = this.#at;
    const { core, width } = this.#rows;
    core.fn.logreg_weights(this.#fit, weight, bias);
    return {
      weight: core.floats(weight, this.#classes * width).slice(),
      bias: core.floats(bias, this.#classes).slice(),
    };
  }
}

/** Throws BAD_WEIGHTS for a negative status. @param {number} status */
function check(status) {
  if (status < 0)
    throw new BertletError(
      'BAD_WEIGHTS',
      `The fit met NaN or infinity (${status}). The model's weights may be damaged.`,
    );
  return status;
}

/** For one label a row: multinomial regression; binary for two classes. Equal to scikit-learn's LogisticRegression. */
export class SingleLabelRegression {
  #regression;
  #labels;
  #sampleWeight;

  /**
   * Bytes that it needs in the core's memory. Throws OUT_OF_MEMORY.
   * @type {(core: import('../../core/instance.js').Core, trainRows: number, width: number, classes: number) => number}
   */
  static bytes(core, trainRows, width, classes) {
    const sizes = Object.values(Regression.sizes(core, trainRows, width, classes));
    return sizes.reduce((sum, size) => sum + align(size), 0);
  }

  /**
   * @param {Rows} rows
   * @param {number} trainRows
   * @param {Int32Array} labels [trainRows or more] 0 to classes - 1
   * @param {Float32Array} classWeight [classes] weight of a row of each class
   */
  constructor(rows, trainRows, labels, classWeight) {
    this.#regression = new Regression(rows, trainRows, classWeight.length);
    this.#labels = labels.subarray(0, trainRows);
    this.#sampleWeight = Float32Array.from(this.#labels, (label) => classWeight[label]);
  }

  /**
   * Fits from zero weights. Rejects with BAD_WEIGHTS when numbers are not finite.
   * @param {Strength} strength
   * @param {() => Promise<void>} pause
   * @param {(iteration: number) => void} [onIteration]
   */
  fit(strength, pause, onIteration) {
    return this.#regression.fit(this.#labels, this.#sampleWeight, strength, pause, onIteration);
  }

  /** The fitted layer, a copy: [classes][width] and [classes]. @returns {import('../../core/dense.js').Dense[]} */
  dense() {
    return [{ ...this.#regression.weights(), activation: 'none' }];
  }
}

/**
 * The tolerance of one label's regression: TOLERANCE for a label that half of the rows have, less for a rarer one. The gradient is a
 * mean over the rows, so that of a rare label is small from the beginning, and with the same tolerance little but its bias would be
 * fitted.
 * @param {Int32Array} labels [rows] 0 or 1
 * @param {Float32Array} sampleWeight [rows]
 */
function toleranceFor(labels, sampleWeight) {
  let [all, positive] = [0, 0];
  sampleWeight.forEach((weight, row) => {
    all += weight;
    positive += labels[row] * weight;
  });
  const rarer = Math.max(Math.min(positive, all - positive), all / labels.length); // that of a row at least
  return (2 * TOLERANCE * rarer) / all;
}

/** For any number of labels a row: a binary regression for each label, as scikit-learn's OneVsRestClassifier. */
export class MultiLabelRegression {
  #regression;
  #rows;
  #targets;
  #classWeight;
  #layer;

  /** @type {typeof SingleLabelRegression.bytes} */
  static bytes(core, trainRows, width) {
    return SingleLabelRegression.bytes(core, trainRows, width, 2);
  }

  /**
   * @param {Rows} rows
   * @param {number} trainRows
   * @param {Uint8Array} targets [rows][classes] 1 if the row has the label, else 0
   * @param {Float32Array} classWeight [classes][2] of examples without and with the label
   */
  constructor(rows, trainRows, targets, classWeight) {
    this.#regression = new Regression(rows, trainRows, 2);
    this.#rows = trainRows;
    this.#targets = targets;
    this.#classWeight = classWeight;
    const classes = classWeight.length / 2;
    this.#layer = { weight: new Float32Array(classes * rows.width), bias: new Float32Array(classes) };
  }

  /** Fits one label after the other; iterations are summed. @type {SingleLabelRegression['fit']} */
  async fit(strength, pause, onIteration) {
    const { weight, bias } = this.#layer;
    const classes = bias.length;
    const width = weight.length / classes;
    const sum = { iterations: 0, converged: true };
    for (let k = 0; k < classes; k++) {
      const labels = Int32Array.from({ length: this.#rows }, (_, row) => this.#targets[row * classes + k]);
      const sampleWeight = Float32Array.from(labels, (label) => this.#classWeight[2 * k + label]);
      const { iterations, converged } = await this.#regression.fit(
        labels,
        sampleWeight,
        { ...strength, tolerance: toleranceFor(labels, sampleWeight) },
        pause,
        (iteration) => onIteration?.(sum.iterations + iteration),
      );
      sum.iterations += iterations;
      sum.converged &&= converged;
      // The core gives (-w/2, w/2), whose softmax is the sigmoid of w.
      const binary = this.#regression.weights();
      weight.set(
        binary.weight.subarray(width).map((w) => 2 * w),
        k * width,
      );
      bias[k] = 2 * binary.bias[1];
    }
    return sum;
  }

  /** @type {SingleLabelRegression['dense']} */
  dense() {
    return [{ weight: this.#layer.weight.slice(), bias: this.#layer.bias.slice(), activation: 'none' }];
  }
}
