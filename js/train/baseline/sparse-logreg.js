// Multinomial logistic regression on sparse rows, for few rows with many columns: texts as counts of their words.
import { indexOfMax } from '../../base/numbers.js';
import { softmax } from '../../base/probabilities.js';
import { BertletError } from '../../errors.js';

/** @typedef {import('./tfidf.js').SparseRows} SparseRows */

const HISTORY = 8; // steps that L-BFGS remembers
const MAX_ITERATIONS = 1000;

/** Memory that a fit may take, in bytes. */
const MAX_BYTES = 2 ** 31;

/** Numbers that are computed between two pauses, about. */
const PIECE = 2 ** 16;

/**
 * Throws OUT_OF_MEMORY if a fit would take too much.
 * @param {number} rows
 * @param {number} columns
 * @param {number} classes
 */
export function checkSparse(rows, columns, classes) {
  const points = 2 * HISTORY + 6; // two of each step, then the present ones and temporary ones
  const bytes = 8 * (points * 2 * rows * classes + columns * classes);
  if (bytes <= MAX_BYTES) return;
  throw new BertletError(
    'OUT_OF_MEMORY',
    `The baseline of ${classes} labels with ${rows} examples takes ${Math.ceil(bytes / 2 ** 20)} MB of memory, more than the ${MAX_BYTES / 2 ** 20} MB that it may. ` +
      'Leave it out (baseline: false), or take fewer labels or smaller sizes.',
  );
}

/**
 * @typedef {object} SparseFit
 * @property {Float64Array} weight [columns][classes]
 * @property {Float64Array} bias [classes]
 * @property {number} iterations
 * @property {boolean} converged whether the gradient is within the tolerance
 */

/** @typedef {{ step: Float64Array, change: Float64Array, curvature: number }} Step a step, the change of the gradient, their product */

/**
 * Minimizes the objective of scikit-learn's LogisticRegression (see bertlet_logreg) by L-BFGS.
 *
 * The best weights are a combination X^T a of the rows X (the representer theorem). So a point is kept as the coefficients a, the
 * logits z = X X^T a, both [rows][classes], and the bias, which are far fewer numbers than the weights. A step is linear in all of
 * them, so the line search needs no product with X; and the inner product of two weight matrices is that of the coefficients of one
 * with the logits of the other.
 * @param {SparseRows} x
 * @param {ArrayLike<number>} labels [rows] 0 to classes - 1
 * @param {number} classes
 * @param {object} options
 * @param {number} options.c inverse strength of regularization
 * @param {number} [options.tolerance] largest |component| of the gradient at which it has converged; default: scikit-learn's 1e-4
 * @param {() => Promise<void>} options.pause awaited between pieces of work
 * @returns {Promise<SparseFit>} rejects with OUT_OF_MEMORY
 */
export async function fitSparse(x, labels, classes, { c, tolerance = 1e-4, pause }) {
  checkSparse(labels.length, x.width, classes);
  const rows = labels.length;
  const size = rows * classes;
  // For two classes scikit-learn has one vector w. Here they are -w/2 and w/2, whose squares sum to half of w's.
  const penalty = 1 / ((classes === 2 ? c / 2 : c) * rows);
  const weight = new Float64Array(x.width * classes);
  const rowsPerPause = Math.ceil(PIECE / classes);

  /** [coefficients a | logits z | bias] */
  let point = /** @type {Float64Array} */ (new Float64Array(2 * size + classes));
  const inner = (/** @type {Float64Array} */ u, /** @type {Float64Array} */ v) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += u[i] * v[size + i];
    for (let k = 2 * size; k < u.length; k++) sum += u[k] * v[k];
    return sum;
  };

  /** Objective and gradient at a point; the gradient's logits are still 0, see `complete`. @param {Float64Array} at */
  const evaluate = async (at) => {
    const gradient = new Float64Array(at.length);
    let loss = 0;
    let square = 0;
    const bias = at.subarray(2 * size);
    const logits = new Float64Array(classes);
    for (let i = 0; i < rows; i++) {
      const row = i * classes;
      for (let k = 0; k < classes; k++) logits[k] = at[size + row + k] + bias[k];
      const probabilities = softmax(logits);
      loss -= Math.log(Math.max(probabilities[labels[i]], Number.MIN_VALUE));
      for (let k = 0; k < classes; k++) {
        const residual = (probabilities[k] - Number(labels[i] === k)) / rows;
        gradient[row + k] = residual + penalty * at[row + k];
        gradient[2 * size + k] += residual;
        square += at[row + k] * at[size + row + k];
      }
      if (i % rowsPerPause === 0) await pause();
    }
    return { objective: loss / rows + (penalty / 2) * square, gradient };
  };

  /** Fills in the logits of a gradient. @returns the largest |component| of the gradient by weights and bias */
  const complete = async (/** @type {Float64Array} */ gradient) => {
    await combine(x, gradient, classes, weight, pause);
    await multiply(x, weight, classes, gradient.subarray(size, 2 * size), pause);
    return Math.max(largestOf(weight), largestOf(gradient.subarray(2 * size)));
  };

  /** @type {Step[]} */
  const history = [];
  let { objective, gradient } = await evaluate(point);
  let largest = await complete(gradient);
  let iterations = 0;
  while (largest > tolerance && iterations < MAX_ITERATIONS) {
    const direction = await descent(gradient, history, inner, pause);
    const slope = inner(gradient, direction);
    // The first direction has an arbitrary length; later ones mostly have the right one.
    let length = iterations === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let next = add(point.slice(), length, direction);
    let trial = await evaluate(next);
    while (trial.objective > objective + 1e-4 * length * slope && length > 1e-12) {
      length /= 2;
      next = add(point.slice(), length, direction);
      trial = await evaluate(next);
    }
    if (trial.objective >= objective) break; // no lower point is left, to the rounding
    largest = await complete(trial.gradient);
    const step = add(next.slice(), -1, point);
    const change = add(trial.gradient.slice(), -1, gradient);
    history.push({ step, change, curvature: inner(step, change) });
    if (history.length > HISTORY) history.shift();
    point = next;
    ({ objective, gradient } = trial);
    iterations++;
    await pause();
  }
  await combine(x, point, classes, weight, pause);
  return { weight, bias: point.slice(2 * size), iterations, converged: largest <= tolerance };
}

/**
 * The most likely class of each row.
 * @param {SparseRows} x
 * @param {SparseFit} fit
 * @param {() => Promise<void>} pause
 * @returns {Promise<Int32Array>} [rows]
 */
export async function predictSparse(x, { weight, bias }, pause) {
  const classes = bias.length;
  const predicted = new Int32Array(x.starts.length - 1);
  for (let i = 0; i < predicted.length; i++) {
    const logits = new Float64Array(classes);
    addProduct(x, i, weight, classes, logits);
    predicted[i] = indexOfMax(bias.map((value, k) => value + logits[k]));
    await pause();
  }
  return predicted;
}

/**
 * The direction of L-BFGS, by its two loops (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4).
 * @param {Float64Array} gradient
 * @param {Step[]} history the oldest first
 * @param {(u: Float64Array, v: Float64Array) => number} inner
 * @param {() => Promise<void>} pause
 * @returns {Promise<Float64Array>}
 */
async function descent(gradient, history, inner, pause) {
  const direction = add(new Float64Array(gradient.length), -1, gradient);
  const shares = history.map(() => 0);
  for (let i = history.length - 1; i >= 0; i--) {
    shares[i] = inner(direction, history[i].step) / history[i].curvature;
    add(direction, -shares[i], history[i].change);
    await pause();
  }
  const last = history.at(-1);
  if (last) add(direction, last.curvature / inner(last.change, last.change) - 1, direction);
  for (const [i, { step, change, curvature }] of history.entries()) {
    add(direction, shares[i] - inner(direction, change) / curvature, step);
    await pause();
  }
  return direction;
}

/**
 * u += factor v, in place.
 * @param {Float64Array} u
 * @param {number} factor
 * @param {Float64Array} v
 * @returns {Float64Array} u
 */
function add(u, factor, v) {
  for (let i = 0; i < u.length; i++) u[i] += factor * v[i];
  return u;
}

/** Largest |value|. @param {Float64Array} values */
function largestOf(values) {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

/**
 * weight = X^T coefficients.
 * @param {SparseRows} x
 * @param {Float64Array} coefficients [rows][classes]
 * @param {number} classes
 * @param {Float64Array} weight out: [columns][classes]
 * @param {() => Promise<void>} pause
 */
async function combine({ starts, columns, values }, coefficients, classes, weight, pause) {
  weight.fill(0);
  let done = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let j = starts[i]; j < starts[i + 1]; j++) {
      const [value, column] = [values[j], columns[j] * classes];
      for (let k = 0; k < classes; k++) weight[column + k] += value * coefficients[i * classes + k];
      if ((done += classes) < PIECE) continue;
      await pause();
      done = 0;
    }
  }
}

/**
 * logits += X weight.
 * @param {SparseRows} x
 * @param {Float64Array} weight [columns][classes]
 * @param {number} classes
 * @param {Float64Array} logits in and out: [rows][classes]
 * @param {() => Promise<void>} pause
 */
async function multiply(x, weight, classes, logits, pause) {
  let done = 0;
  for (let i = 0; i + 1 < x.starts.length; i++) {
    addProduct(x, i, weight, classes, logits.subarray(i * classes, (i + 1) * classes));
    if ((done += (x.starts[i + 1] - x.starts[i]) * classes) < PIECE) continue;
    await pause();
    done = 0;
  }
}

/**
 * Of one row: logits += x weight.
 * @param {SparseRows} x
 * @param {number} row
 * @param {Float64Array} weight [columns][classes]
 * @param {number} classes
 * @param {Float64Array} logits in and out: [classes]
 */
function addProduct({ starts, columns, values }, row, weight, classes, logits) {
  for (let j = starts[row]; j < starts[row + 1]; j++) {
    const [value, column] = [values[j], columns[j] * classes];
    for (let k = 0; k < classes; k++) logits[k] += value * weight[column + k];
  }
}
