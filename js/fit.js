// Trains a classification head on a model's features: caches them, chooses the strength of regularization, fits.
import { LogisticRegression } from './logreg.js';
import { pacer, reporter } from './progress.js';
import { split } from './split.js';

/** @typedef {import('./rpc.js').Context} Context */

/** The head sees the mean of a text's token vectors, scaled to length 1. */
const FEATURES = { pooling: /** @type {const} */ ('mean'), normalize: true };

/** Inverse strengths of regularization to choose from, the strongest regularization first. */
const STRENGTHS = [0.1, 1, 10, 100];

/** A weaker regularization must be better by so much to be preferred: small sets are noisy. */
const TIE = 1.02;

/** For when there are too few examples to choose by. */
const DEFAULT_C = 10;

// Bounds of what a search may cost, in rows times outputs (1 for two classes, else one for each): measured to choose as well.
const FOLDS = 5;
const SEARCH_SIZE = 300_000;
const CROSS_VALIDATED_SIZE = 60_000; // beyond it, one fold is left out instead of each in turn

/**
 * @typedef {object} FitParams
 * @property {import('./texts.js').Text[]} texts
 * @property {Int32Array} labels of each, 0 .. classes - 1
 * @property {number} classes
 * @property {number} validation
 * @property {number} [c]
 * @property {number} seed
 */

/**
 * @typedef {object} Fitted
 * @property {import('./network.js').HeadNetwork} network
 * @property {Omit<import('./types.js').FitReport, 'validation'>} report
 * @property {{ truth: number[], predicted: number[] } | undefined} validation classes of the held-out examples
 */

/**
 * @param {import('./engine.js').Engine} engine
 * @param {FitParams} params
 * @param {Context} context
 * @returns {Promise<Fitted>}
 */
export async function fit(engine, { texts, labels, classes, validation, c, seed }, context) {
  const outputs = classes === 2 ? 1 : classes;
  const foldRows = Math.max(SEARCH_SIZE / outputs, 10 * classes);
  const { order, folds, trainRows } = split(labels, classes, { validation, foldRows, folds: FOLDS, seed });
  const rowLabels = Int32Array.from(order, (example) => labels[example]);
  const { hiddenSize } = engine.config;
  const regression = await LogisticRegression.create(engine.compiled, rowLabels, trainRows, hiddenSize, classes);

  const rowOf = new Int32Array(order.length);
  order.forEach((example, row) => (rowOf[example] = row));
  await engine.forEachBatch(
    texts,
    { phase: 'features' },
    (batch) => {
      const features = engine.pool(batch, FEATURES.pooling, FEATURES.normalize);
      batch.indices.forEach((example, i) => {
        regression.setFeatures(rowOf[example], features.subarray(i * hiddenSize, (i + 1) * hiddenSize));
      });
    },
    context,
  );

  const pace = pacer(context);
  const large = (folds.at(-1)?.[1] ?? 0) * outputs > CROSS_VALIDATED_SIZE;
  const search =
    c === undefined && folds.length > 1
      ? await searchStrength(regression, rowLabels, folds, large ? 1 : folds.length, pace, reporter(context, 'search'))
      : [];
  const chosen = c ?? choose(search) ?? DEFAULT_C;

  const report = reporter(context, 'train');
  const { iterations, converged } = await regression.fit({ c: chosen }, pace, (iteration) =>
    report(iteration, iteration + 1),
  );
  report(iterations, iterations);

  const correct = countCorrect(regression.score(0, trainRows).predicted, rowLabels, 0);
  const heldOut = regression.score(trainRows, order.length).predicted;
  return {
    network: {
      ...FEATURES,
      layer: engine.config.layers,
      dense: [{ ...regression.weights(), activation: 'none' }],
    },
    report: {
      examples: trainRows,
      classes,
      c: chosen,
      iterations,
      converged,
      trainAccuracy: correct / trainRows,
      search,
    },
    validation: heldOut.length > 0 ? { truth: [...rowLabels.subarray(trainRows)], predicted: heldOut } : undefined,
  };
}

/**
 * Cross-validation: the mean log-loss and accuracy on what was left out, for one strength after the other until it gets worse.
 * @param {LogisticRegression} regression
 * @param {Int32Array} labels
 * @param {import('./split.js').Split['folds']} folds
 * @param {number} leftOut how many of the folds are left out in turn
 * @param {() => Promise<void>} pace
 * @param {(loaded: number, total: number) => void} report
 * @returns {Promise<import('./types.js').FitReport['search']>}
 */
async function searchStrength(regression, labels, folds, leftOut, pace, report) {
  const rows = folds[folds.length - 1][1];
  const scored = folds[leftOut - 1][1];
  const total = STRENGTHS.length * leftOut;
  const results = [];
  let steps = 0;
  let last = Infinity;
  for (const c of STRENGTHS) {
    let loss = 0;
    let correct = 0;
    for (const [begin, end] of folds.slice(0, leftOut)) {
      await regression.fit({ c, rows, without: [begin, end] }, pace);
      const { logLoss, predicted } = regression.score(begin, end);
      loss += logLoss;
      correct += countCorrect(predicted, labels, begin);
      report(++steps, total);
    }
    results.push({ c, logLoss: loss / scored, accuracy: correct / scored });
    if (loss > last && steps < total) {
      report(total, total);
      break;
    }
    last = loss;
  }
  return results;
}

/**
 * The strongest regularization whose log-loss is as good as the best.
 * @param {import('./types.js').FitReport['search']} search
 */
function choose(search) {
  const least = Math.min(...search.map(({ logLoss }) => logLoss));
  return search.find(({ logLoss }) => logLoss <= TIE * least)?.c;
}

/**
 * @param {number[]} predicted for rows from `begin` on
 * @param {Int32Array} labels
 * @param {number} begin
 */
const countCorrect = (predicted, labels, begin) => predicted.filter((label, i) => label === labels[begin + i]).length;
