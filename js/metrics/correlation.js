// How well numbers agree with the true ones, equal to scipy's and scikit-learn's.
import { BertletError } from '../errors.js';

/** @typedef {import('../types.js').RegressionMetrics} RegressionMetrics */

/**
 * Throws BAD_INPUT if the two are not as long.
 * @param {number[]} truth
 * @param {number[]} predicted
 * @returns {RegressionMetrics}
 */
export function regressionMetrics(truth, predicted) {
  if (truth.length !== predicted.length)
    throw new BertletError('BAD_INPUT', `There are ${truth.length} numbers and ${predicted.length} predicted ones.`);
  const mean = meanOf(truth);
  const sumOf = (/** @type {(value: number, i: number) => number} */ deviation) =>
    truth.reduce((sum, value, i) => sum + deviation(value, i) ** 2, 0);
  const squares = sumOf((value, i) => value - predicted[i]);
  return {
    pearson: pearson(truth, predicted),
    spearman: pearson(ranks(truth), ranks(predicted)),
    r2: 1 - squares / sumOf((value) => value - mean),
    mse: squares / truth.length,
    n: truth.length,
  };
}

/** @param {number[]} values */
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function pearson(a, b) {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  const sumOf = (/** @type {(i: number) => number} */ term) => a.reduce((sum, _, i) => sum + term(i), 0);
  const together = sumOf((i) => (a[i] - meanA) * (b[i] - meanB));
  return together / Math.sqrt(sumOf((i) => (a[i] - meanA) ** 2) * sumOf((i) => (b[i] - meanB) ** 2));
}

/** The rank of each number, from 1. @param {number[]} values @returns {number[]} */
function ranks(values) {
  const order = [...values.keys()].sort((i, j) => values[i] - values[j]);
  /** @type {number[]} */
  const found = [];
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    while (end < order.length && values[order[end]] === values[order[begin]]) end++;
    for (let place = begin; place < end; place++) found[order[place]] = (begin + end + 1) / 2;
  }
  return found;
}
