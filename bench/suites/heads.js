// Milliseconds to fit a classifier on cached features: multinomial logistic regression with L2, scikit-learn's objective
//     sum_i -log softmax(W x_i + b)[y_i] / n  +  |W|^2 / (2 C n).
import { race } from '../measure.js';
import { compare, createAll } from './suite.js';

/**
 * @typedef {object} Problem
 * @property {Float32Array} features [rows][size]
 * @property {Int32Array} labels [rows] 0 .. classes - 1
 * @property {number} size
 * @property {number} classes
 * @property {number} c inverse strength of regularization
 * @property {number} target the objective that counts as solved
 */

/** @typedef {{ weight: Float32Array, bias: Float32Array }} Solution [classes][size] and [classes] */

/** @typedef {{ fit: (problem: Problem) => Promise<Solution> }} Trainer */

const ROWS = 2000;
const SIZE = 384;
const CLASSES = [2, 20, 77];
const SLACK = 1.01; // how far above the best found objective still counts as solved

/** Unit vectors around one centre a class, from a fixed random sequence. @param {number} classes @returns {Problem} */
function makeProblem(classes) {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  const centres = Float32Array.from({ length: classes * SIZE }, random);
  const labels = Int32Array.from({ length: ROWS }, (_, row) => row % classes);
  const features = new Float32Array(ROWS * SIZE);
  for (let row = 0; row < ROWS; ++row) {
    const vector = features.subarray(row * SIZE, (row + 1) * SIZE);
    const centre = centres.subarray(labels[row] * SIZE);
    vector.forEach((_, i) => (vector[i] = centre[i] + 4 * random()));
    const length = Math.hypot(...vector);
    vector.forEach((value, i) => (vector[i] = value / length));
  }
  return { features, labels, size: SIZE, classes, c: 1, target: 0 };
}

/** @param {Problem} problem @param {Solution} solution */
function objective({ features, labels, size, classes, c }, { weight, bias }) {
  let sum = 0;
  labels.forEach((label, row) => {
    const logits = Array.from(bias, (start, k) => {
      let dot = start;
      for (let i = 0; i < size; ++i) dot += features[row * size + i] * weight[k * size + i];
      return dot;
    });
    const most = Math.max(...logits);
    sum += most + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - most), 0)) - logits[label];
  });
  // Two classes are one vector w to scikit-learn; as two rows they are w/2 and -w/2, half as long a penalty.
  const penalty = weight.reduce((total, w) => total + w * w, 0) * (classes === 2 ? 2 : 1);
  return (sum + penalty / (2 * c)) / labels.length;
}

/**
 * @param {import('./suite.js').Contender<Trainer, ''>[]} contenders whose first finds the best objective
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function headsSuite(contenders, place, options) {
  const entries = await createAll(contenders, place, options);
  const rows = [];
  for (const classes of options.quick ? CLASSES.slice(0, 1) : CLASSES) {
    options.say(`training on ${classes} classes`);
    const problem = makeProblem(classes);
    problem.target = SLACK * objective(problem, await entries[0].runner.fit(problem));
    for (const { who, runner } of entries) {
      const reached = objective(problem, await runner.fit(problem));
      if (!(reached <= problem.target))
        throw new Error(`${who.contender} stops at ${reached}, above ${problem.target}`);
    }
    const calls = entries.map(
      ({ runner }) =>
        () =>
          runner.fit(problem),
    );
    rows.push(...compare({ suite: 'heads', shape: `${classes}` }, entries, await race(calls, 1000)));
  }
  return rows;
}
