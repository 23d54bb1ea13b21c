// Trains a classification head on a model's features: caches them, chooses the strength of regularization, fits.
import { LogisticRegression } from './logreg.js';
import { pacer, reporter } from './progress.js';
import { split } from './split.js';

/** @typedef {import('./rpc.js').Context} Context */

/** The head sees the mean of a text's token vectors, scaled to length 1. */
const FEATURES = { pooling: /** @type {const} */ ('mean'), normalize: true };

/** Inverse strengths of regularization to choose from, the strongest first: each fit begins where the one before ended. */
const STRENGTHS = [0.1, 1, 10, 100];
const FOLDS = 5;

/** For when there are too few examples to choose by: as good as any on a handful of normalized features. */
const DEFAULT_C = 10;

/**
 * @typedef {object} FitParams
 * @property {string[]} texts
 * @property {Int32Array} labels of each, 0 .. classes - 1
 * @property {number} classes
 * @property {number} validation
 * @property {number} [c]
 * @property {number} seed
 */

/**
 * @typedef {object} Fitted
 * @property {'mean'} pooling
 * @property {boolean} normalize
 * @property {Float32Array} weight [classes][hiddenSize]
 * @property {Float32Array} bias [classes]
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
  const { order, folds, trainRows } = split(labels, classes, { validation, folds: FOLDS, seed });
  const rowLabels = Int32Array.from(order, (example) => labels[example]);
  const { hiddenSize } = engine.config;
  const regression = await LogisticRegression.create(engine.compiled, rowLabels, trainRows, hiddenSize, classes);

  const rowOf = new Int32Array(order.length);
  order.forEach((example, row) => (rowOf[example] = row));
  await engine.forEachBatch(
    texts,
    'cut',
    (batch) => {
      const features = engine.pool(batch, FEATURES.pooling, FEATURES.normalize);
      batch.indices.forEach((example, i) => {
        regression.setFeatures(rowOf[example], features.subarray(i * hiddenSize, (i + 1) * hiddenSize));
      });
    },
    'features',
    context,
  );

  const pace = pacer(context);
  const search =
    c === undefined ? await searchStrength(regression, rowLabels, folds, pace, reporter(context, 'search')) : [];
  const chosen = c ?? best(search)?.c ?? DEFAULT_C;

  const report = reporter(context, 'train');
  regression.reset();
  const { iterations, converged } = await regression.fit({ c: chosen }, pace, (iteration) =>
    report(iteration, iteration + 1),
  );
  report(iterations, iterations);

  const correct = countCorrect(regression.score(0, trainRows).predicted, rowLabels, 0);
  const heldOut = regression.score(trainRows, order.length).predicted;
  return {
    ...FEATURES,
    ...regression.weights(),
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
 * Cross-validation: the mean log-loss and accuracy on what was left out, for each strength.
 * @param {LogisticRegression} regression
 * @param {Int32Array} labels
 * @param {import('./split.js').Split['folds']} folds
 * @param {() => Promise<void>} pace
 * @param {(loaded: number, total: number) => void} report
 */
async function searchStrength(regression, labels, folds, pace, report) {
  if (folds.length < 2) return [];
  const results = STRENGTHS.map((c) => ({ c, logLoss: 0, accuracy: 0 }));
  const rows = folds[folds.length - 1][1];
  let steps = 0;
  for (const [begin, end] of folds) {
    regression.reset();
    for (const result of results) {
      await regression.fit({ c: result.c, without: [begin, end] }, pace);
      const { logLoss, predicted } = regression.score(begin, end);
      result.logLoss += logLoss / rows;
      result.accuracy += countCorrect(predicted, labels, begin) / rows;
      report(++steps, results.length * folds.length);
    }
  }
  return results;
}

/**
 * The strength with the least log-loss on what was left out.
 * @param {import('./types.js').FitReport['search']} search
 */
const best = (search) => [...search].sort((a, b) => a.logLoss - b.logLoss)[0];

/**
 * @param {number[]} predicted for rows from `begin` on
 * @param {Int32Array} labels
 * @param {number} begin
 */
const countCorrect = (predicted, labels, begin) => predicted.filter((label, i) => label === labels[begin + i]).length;
