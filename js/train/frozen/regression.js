// Trains a head that gives each text a number, by ridge regression on pooled features of the frozen encoder.
import { createPause, progressReporter } from '../../rpc/progress.js';
import { BertletError } from '../../errors.js';
import { split } from '../dataset/split.js';
import { spreadOf } from '../dataset/spread.js';
import { Moments, solveRidge } from '../solvers/ridge.js';
import { pooledFeatures } from './features.js';

/** Values of `c` to choose from, for features that are vectors of length 1. */
const STRENGTHS = [0.1, 1, 10, 100];

/** The value of `c` if there are too few examples to choose one. */
const DEFAULT_C = 1;

const FOLDS = 5;

/** Chosen is the strongest regularization whose error is at most this times the lowest, since small sets are noisy. */
const TIE = 1.005;

/**
 * @typedef {object} RegressionParams
 * @property {import('../../tokenize/tokenizer.js').Text[]} texts
 * @property {number[][]} labels [texts] the number of each
 * @property {number[]} layers one
 * @property {('mean' | 'cls' | 'max')[]} poolings one
 * @property {number} validation share of the texts to hold out
 * @property {number} [c] inverse strength of regularization; default: chosen by cross-validation
 * @property {number} seed
 */

/** What cross-validation measured for a strength. @typedef {{ c: number, mse: number, r2: number }} Step */

/**
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {RegressionParams} params
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<{ network: import('../../core/dense.js').HeadNetwork, report: object, validation: { examples: number[] } }>}
 *   `validation`: indices of the texts that were held out. Rejects with BAD_LABELS, BAD_WEIGHTS or the signal's reason
 */
export async function fitRegressor(engine, params, context) {
  const { texts, labels, validation, seed } = params;
  const [layer] = params.layers;
  const [pooling] = params.poolings;
  const spec = { layer, pooling, normalize: true };
  /** @type {Float32Array[]} */
  const features = [];
  await pooledFeatures(engine, texts, [spec], (index, vector) => (features[index] = vector), context);

  const options = { validation, foldRows: texts.length, folds: FOLDS, seed };
  const { order, folds, trainRows } = split(new Int32Array(texts.length), 1, options);
  const pause = createPause(context);
  // In units of their deviation from the mean, numbers of any size are added up without losing digits.
  const { mean, deviation } = spreadOf(order.slice(0, trainRows).map((index) => labels[index][0]));
  const momentsOf = async (/** @type {number} */ begin, /** @type {number} */ end) => {
    const moments = new Moments(engine.config.hiddenSize);
    for (const index of order.slice(begin, end)) {
      moments.add(features[index], (labels[index][0] - mean) / deviation);
      await pause();
    }
    return moments;
  };
  const all = await momentsOf(0, trainRows);
  const search = params.c === undefined && folds.length > 1 ? await tryStrengths(all, folds, momentsOf, context) : [];
  const least = Math.min(...search.map(({ mse }) => mse));
  const c = params.c ?? search.find(({ mse }) => mse <= TIE * least)?.c ?? DEFAULT_C;
  const linear = await solveRidge(all, c, pause);
  const weight = Float32Array.from(linear.weight, (value) => value * deviation);
  const bias = Float32Array.of(linear.bias * deviation + mean);
  if (![...weight, ...bias].every(Number.isFinite))
    throw new BertletError('BAD_LABELS', 'The scores are too large for 32 bits. Give them in a larger unit.');
  progressReporter(context, 'train')(1, 1);
  const units = search.map((step) => ({ ...step, mse: step.mse * deviation ** 2 }));
  return {
    network: { ...spec, dense: [{ weight, bias, activation: 'none' }] },
    report: { examples: trainRows, classes: 1, layer, pooling, c, search: units },
    validation: { examples: order.slice(trainRows) },
  };
}

/**
 * Measures each strength on folds that were left out in turn.
 * @param {Moments} all
 * @param {[begin: number, end: number][]} folds
 * @param {(begin: number, end: number) => Promise<Moments>} momentsOf
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<Step[]>}
 */
async function tryStrengths(all, folds, momentsOf, context) {
  const report = progressReporter(context, 'search');
  const pause = createPause(context);
  const sums = STRENGTHS.map(() => 0);
  let steps = 0;
  for (const [begin, end] of folds) {
    const fold = await momentsOf(begin, end);
    const rest = all.without(fold);
    for (const [i, c] of STRENGTHS.entries()) {
      sums[i] += fold.squaredErrors(await solveRidge(rest, c, pause));
      report(++steps, STRENGTHS.length * folds.length);
    }
  }
  return STRENGTHS.map((c, i) => ({ c, mse: sums[i] / all.count, r2: 1 - sums[i] / all.deviations }));
}
