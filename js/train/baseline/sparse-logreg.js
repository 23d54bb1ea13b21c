// Multinomial logistic regression on sparse rows, of which there are few against the columns, as words of texts are.
import { indexOfMax, softmax } from '../../base/numbers.js';

/** @typedef {import('./tfidf.js').SparseRows} SparseRows */

const MEMORY = 8; // steps that L-BFGS remembers
const MAX_ITERATIONS = 1000;

/**
 * @typedef {object} SparseFit
 * @property {Float64Array} weight [columns][classes]
 * @property {Float64Array} bias [classes]
 * @property {number} iterations
 * @property {boolean} converged
 */

/**
 * Minimizes the objective of scikit-learn's LogisticRegression (see bertlet_logreg) by L-BFGS.
 *
 * The weights are combinations X^T a of the rows X (the representer theorem), so a point is kept as the coefficients a and
 * the logits z = X X^T a, both [rows][classes], and the bias: on these, steps are linear, a line search needs no product
 * with X, and the inner product of two weight matrices is that of one's coefficients with the other's logits. There are far
 * fewer rows than columns, and hence numbers.
 * @param {SparseRows} x
 * @param {ArrayLike<number>} labels [rows] 0 .. classes - 1
 * @param {number} classes
 * @param {object} options
 * @param {number} options.c inverse strength of regularization
 * @param {number} [options.tolerance] converged when the largest |gradient| is at most this; default: scikit-learn's 1e-4
 * @param {() => Promise<void>} [options.pause] awaited after each iteration
 * @returns {Promise<SparseFit>}
 */
export async function fitSparse(x, labels, classes, { c, tolerance = 1e-4, pause }) {
  const rows = labels.length;
  const size = rows * classes;
  // scikit-learn has one vector of weights for two classes; as two opposite ones of half the size it costs half the penalty.
  const penalty = 1 / ((classes === 2 ? c / 2 : c) * rows);
  const weight = new Float64Array(x.width * classes);

  /** [coefficients a | logits z | bias] */
  let point = /** @type {Float64Array} */ (new Float64Array(2 * size + classes));
  const inner = (/** @type {Float64Array} */ u, /** @type {Float64Array} */ v) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += u[i] * v[size + i];
    for (let k = 2 * size; k < u.length; k++) sum += u[k] * v[k];
    return sum;
  };

  /** The gradient at a point, in the same form, and the objective. @param {Float64Array} at */
  const evaluate = (at) => {
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
    }
    return { objective: loss / rows + (penalty / 2) * square, gradient };
  };

  /** Fills in the logits of a gradient. @returns the largest component, of the weights' gradient and the bias's */
  const complete = (/** @type {Float64Array} */ gradient) => {
    combine(x, gradient, classes, weight);
    multiply(x, weight, classes, gradient.subarray(size, 2 * size));
    return Math.max(largestOf(weight), largestOf(gradient.subarray(2 * size)));
  };

  /** @type {{ step: Float64Array, change: Float64Array, curvature: number }[]} */
  const memory = [];
  let { objective, gradient } = evaluate(point);
  let largest = complete(gradient);
  let iterations = 0;
  while (largest > tolerance && iterations < MAX_ITERATIONS) {
    const direction = descent(gradient, memory, inner);
    const slope = inner(gradient, direction);
    // The first step has no scale to go by; later ones are mostly right as they are.
    let length = iterations === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let next = add(point.slice(), length, direction);
    let reached = evaluate(next);
    while (reached.objective > objective + 1e-4 * length * slope && length > 1e-12) {
      length /= 2;
      next = add(point.slice(), length, direction);
      reached = evaluate(next);
    }
    if (reached.objective >= objective) break; // rounding hides what is lower
    largest = complete(reached.gradient);
    const step = add(next.slice(), -1, point);
    const change = add(reached.gradient.slice(), -1, gradient);
    memory.push({ step, change, curvature: inner(step, change) });
    if (memory.length > MEMORY) memory.shift();
    point = next;
    ({ objective, gradient } = reached);
    iterations++;
    await pause?.();
  }
  combine(x, point, classes, weight);
  return { weight, bias: point.slice(2 * size), iterations, converged: largest <= tolerance };
}

/**
 * @param {SparseRows} x
 * @param {SparseFit} fit
 * @returns {Int32Array} [rows] the class with the greatest logit
 */
export function predictSparse(x, { weight, bias }) {
  const classes = bias.length;
  const logits = new Float64Array((x.starts.length - 1) * classes);
  multiply(x, weight, classes, logits);
  return Int32Array.from({ length: x.starts.length - 1 }, (_, i) =>
    indexOfMax(bias.map((value, k) => value + logits[i * classes + k])),
  );
}

/**
 * L-BFGS's two loops (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4).
 * @param {Float64Array} gradient
 * @param {{ step: Float64Array, change: Float64Array, curvature: number }[]} memory the oldest first
 * @param {(u: Float64Array, v: Float64Array) => number} inner
 * @returns {Float64Array} the direction to go
 */
function descent(gradient, memory, inner) {
  const direction = add(new Float64Array(gradient.length), -1, gradient);
  const shares = memory.map(() => 0);
  for (let i = memory.length - 1; i >= 0; i--) {
    shares[i] = inner(direction, memory[i].step) / memory[i].curvature;
    add(direction, -shares[i], memory[i].change);
  }
  const last = memory.at(-1);
  if (last) add(direction, last.curvature / inner(last.change, last.change) - 1, direction);
  memory.forEach(({ step, change, curvature }, i) => {
    add(direction, shares[i] - inner(direction, change) / curvature, step);
  });
  return direction;
}

/**
 * u += factor v.
 * @param {Float64Array} u
 * @param {number} factor
 * @param {Float64Array} v
 * @returns {Float64Array} u
 */
function add(u, factor, v) {
  for (let i = 0; i < u.length; i++) u[i] += factor * v[i];
  return u;
}

/** @param {Float64Array} values */
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
 */
function combine({ starts, columns, values }, coefficients, classes, weight) {
  weight.fill(0);
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const [value, column] = [values[at], columns[at] * classes];
      for (let k = 0; k < classes; k++) weight[column + k] += value * coefficients[i * classes + k];
    }
  }
}

/**
 * logits = X weight.
 * @param {SparseRows} x
 * @param {Float64Array} weight [columns][classes]
 * @param {number} classes
 * @param {Float64Array} logits [rows][classes], zeros; the product is added
 */
function multiply({ starts, columns, values }, weight, classes, logits) {
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const [value, column] = [values[at], columns[at] * classes];
      for (let k = 0; k < classes; k++) logits[i * classes + k] += value * weight[column + k];
    }
  }
}
