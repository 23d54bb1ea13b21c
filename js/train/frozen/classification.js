// Trains a head for text classification, with one label or any number of labels for each text, on pooled features of the frozen encoder.
import { createPause, progressReporter } from '../../rpc/progress.js';
import { accuracyOf } from './accuracy.js';
import { withoutWarnings } from './quiet.js';
import { keepFeatures, passes, pooledFeatures } from './features.js';
import { MultiLabelRegression, SingleLabelRegression } from '../solvers/logreg.js';
import { MlpTrainer } from '../solvers/mlp-trainer.js';
import { Rows } from '../dataset/rows.js';
import { searchStrength } from './search.js';
import { range } from '../../base/numbers.js';
import { split } from '../dataset/split.js';
import { divide } from '../dataset/divide.js';
import { MultiLabel, SingleLabel } from '../dataset/targets.js';

/** @typedef {import('../../rpc/serve.js').Context} Context */

/** Values of `c` to choose from, for features that are vectors of length 1. */
export const STRENGTHS = [0.1, 1, 10, 100];

/** The value of `c` if there are too few examples to choose one. */
const DEFAULT_C = 10;

// Limits for the cost of a search, in rows times outputs (see outputCount). Measurements found no better choice with larger limits.
const FOLDS = 5;
const SEARCH_SIZE = 300_000; // of all folds
const CROSS_VALIDATED_SIZE = 60_000; // beyond it, only the first fold is left out, instead of each in turn
const MAX_LOGITS = 2 ** 26; // of the rows that are left out, which a search keeps: 256 MB

/** Number of texts on which layers, poolings and standardizations are compared. */
const COMPARED_TEXTS = 2000;

/**
 * @typedef {object} ClassificationParams
 * @property {'text-classification' | 'multi-label'} task
 * @property {import('../../tokenize/tokenizer.js').Text[]} texts
 * @property {number[][]} labels [texts] of each text, 0 to classes - 1; exactly one for 'text-classification'
 * @property {number} classes
 * @property {Float32Array} classWeight [classes]; for 'multi-label' [classes][2], of texts without and with the label
 * @property {number[]} layers to choose from, ascending
 * @property {('mean' | 'cls' | 'max')[]} poolings to choose from
 * @property {boolean[]} standardize to choose from: whether features are brought to mean 0 and standard deviation 1
 * @property {number} validation share of the texts to hold out
 * @property {number} [c] inverse strength of regularization; default: chosen by cross-validation
 * @property {number} seed
 * @property {import('../solvers/mlp-trainer.js').MlpOptions} [mlp] train a hidden layer by AdamW instead of logistic regression
 */

/**
 * @typedef {object} FittedClassifier
 * @property {import('../../core/dense.js').HeadNetwork} network
 * @property {Omit<import('../../types.js').FitReport, 'validation'>} report
 * @property {{ examples: number[], predicted: number[][] }} validation indices of the examples that were held out, and the classes that
 *   the head gives each, [examples][]
 */

/**
 * The features and targets of all examples, as rows in the order of a split (see js/train/dataset/split.js).
 * @typedef {object} Problem
 * @property {Rows} rows
 * @property {SingleLabel | MultiLabel} targets
 * @property {number[]} order [rows] index of the example in each row
 * @property {number} trainRows number of rows to train on; later ones are held out
 * @property {import('../dataset/split.js').Split['folds']} folds ranges of rows to leave out in turn in a search
 */

/**
 * A trained head, for rows as they are (standardized or not), with the temperature that calibrates it and its part of the report.
 * @typedef {{ dense: import('../../core/dense.js').Dense[], temperature?: number, report: object }} Trained
 */

/**
 * Trains a classifier.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns {Promise<FittedClassifier>} rejects with OUT_OF_MEMORY, BAD_WEIGHTS, or the signal's reason
 */
export async function fitClassifier(engine, params, context) {
  const choices = params.layers.flatMap((layer) =>
    params.poolings.flatMap((pooling) => params.standardize.map((standardize) => ({ layer, pooling, standardize }))),
  );
  const featureSearch = choices.length > 1 ? await compareFeatures(engine, params, context) : [];
  const minLoss = Math.min(...featureSearch.map(({ logLoss }) => logLoss));
  const best = featureSearch.findIndex(({ logLoss }) => logLoss === minLoss);
  const { standardize, layer, pooling } = choices[Math.max(best, 0)];
  const featureSpec = { layer, pooling, normalize: true };

  const pause = createPause(context);
  const problem = await prepare(
    engine,
    params,
    standardize,
    (use) => pooledFeatures(engine, params.texts, [featureSpec], use, context),
    pause,
  );
  const { rows } = problem;
  try {
    const trained = await (params.mlp ? trainMlp : trainRegression)(problem, params, context);
    const { dense, temperature = 1 } = trained;
    const { trainAccuracy, predicted } = await predictions(problem, dense, pause);
    // Dividing the last layer by the temperature divides the logits by it.
    await divide(dense[dense.length - 1], temperature, pause);
    const report = {
      examples: problem.trainRows,
      classes: params.classes,
      layer,
      pooling,
      standardize,
      ...trained.report,
      temperature,
      trainAccuracy,
      ...(featureSearch.length > 0 && { featureSearch }),
    };
    return {
      network: { ...featureSpec, dense: await rows.unscale(dense, pause) },
      report: /** @type {any} */ (report),
      validation: { examples: problem.order.slice(problem.trainRows), predicted },
    };
  } finally {
    rows.free();
  }
}

/**
 * What a head says of the rows.
 * @param {Problem} problem
 * @param {import('../../core/dense.js').Dense[]} dense
 * @param {() => Promise<void>} pause
 * @returns {Promise<{ trainAccuracy: number, predicted: number[][] }>} share of the rows to train on that it gets right; the classes that
 *   it gives each of the others
 */
async function predictions({ rows, targets, trainRows }, dense, pause) {
  const { classes } = targets;
  const trainAccuracy = await accuracyOf({ rows, targets }, trainRows, dense, pause);
  /** @type {number[][]} */
  const predicted = [];
  await rows.eachBlock(trainRows, rows.count, dense, pause, (_, logits) => {
    for (let at = 0; at < logits.length; at += classes)
      predicted.push(targets.chosen(logits.subarray(at, at + classes)));
  });
  return { trainAccuracy, predicted };
}

/**
 * Splits the examples, and makes rows of their features.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {ClassificationParams} params
 * @param {boolean} standardize
 * @param {(use: (example: number, vector: Float32Array) => void) => void | Promise<void>} readFeatures calls `use` for each example
 * @param {() => Promise<void>} pause
 * @returns {Promise<Problem>} rejects with OUT_OF_MEMORY
 */
async function prepare(engine, params, standardize, readFeatures, pause) {
  const { task, labels, classes, validation, seed, mlp } = params;
  const multiLabel = task === 'multi-label';
  const foldRows = Math.max(SEARCH_SIZE / outputCount(params), 10 * classes);
  const { order, folds, trainRows } = split(strata(params), classes + 1, { validation, foldRows, folds: FOLDS, seed });
  const targets = multiLabel
    ? new MultiLabel(new Uint8Array(order.length * classes), classes)
    : new SingleLabel(
        Int32Array.from(order, (example) => labels[example][0]),
        classes,
      );
  if (targets instanceof MultiLabel)
    order.forEach((example, row) => labels[example].forEach((k) => (targets.targets[row * classes + k] = 1)));

  const { hiddenSize } = engine.config;
  const rows = await Rows.create(engine.compiled, order.length, hiddenSize, {
    layers: mlp ? [mlp.hiddenSize, classes] : [classes],
    trainers(core) {
      if (mlp) return MlpTrainer.bytes(core, hiddenSize, classes, mlp);
      return (multiLabel ? MultiLabelRegression : SingleLabelRegression).bytes(core, trainRows, hiddenSize, classes);
    },
  });
  try {
    const rowOf = new Int32Array(order.length);
    order.forEach((example, row) => (rowOf[example] = row));
    await readFeatures((example, vector) => rows.set(rowOf[example], vector));
    if (standardize) await rows.standardize(trainRows, pause);
    return { rows, targets, order, folds, trainRows };
  } catch (error) {
    rows.free();
    throw error;
  }
}

/** Number of outputs that the cost of a fit grows with: 1 for two classes, else one for each. @param {ClassificationParams} params */
const outputCount = ({ task, classes }) => (classes === 2 && task !== 'multi-label' ? 1 : classes);

/**
 * The class of each example for stratified splits: its label, its first label, or `classes` if it has none.
 * @param {ClassificationParams} params
 */
const strata = ({ labels, classes }) => Int32Array.from(labels, ([first = classes]) => first);

/**
 * Trains by logistic regression. If `c` is not given, cross-validation chooses it, and also finds the temperature.
 * @param {Problem} problem
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns {Promise<Trained>}
 */
async function trainRegression(problem, params, context) {
  const regression = regressionOf(problem, params);
  const searched = params.c === undefined ? await search(regression, problem, params, context) : undefined;
  const c = params.c ?? searched?.chosen.c ?? DEFAULT_C;
  const report = progressReporter(context, 'train');
  const { iterations, converged } = await regression.fit({ c }, createPause(context), (iteration) =>
    report(iteration, iteration + 1),
  );
  report(iterations, iterations);
  return {
    dense: regression.dense(),
    temperature: searched?.temperature,
    report: { c, iterations, converged, search: searched?.search ?? [] },
  };
}

/**
 * The regression of the task.
 * @param {Problem} problem
 * @param {ClassificationParams} params
 */
function regressionOf({ rows, targets, trainRows }, { classWeight }) {
  return targets instanceof MultiLabel
    ? new MultiLabelRegression(rows, trainRows, targets.targets, classWeight)
    : new SingleLabelRegression(rows, trainRows, targets.labels, classWeight);
}

/**
 * Chooses `c` by cross-validation.
 * @param {SingleLabelRegression | MultiLabelRegression} regression
 * @param {Problem} problem
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns as `searchStrength`; undefined if there are too few examples
 */
async function search(regression, { rows, targets, folds }, params, context) {
  if (folds.length < 2) return undefined;
  const inFolds = folds[folds.length - 1][1];
  const large = inFolds * outputCount(params) > CROSS_VALIDATED_SIZE;
  if ((large ? folds[0][1] : inFolds) * params.classes > MAX_LOGITS) {
    context.emit({
      warning: `There are too many labels (${params.classes}) to choose c by cross-validation, so it is ${DEFAULT_C}, and scores are not calibrated.`,
    });
    return undefined;
  }
  const pause = createPause(context);
  return searchStrength(
    STRENGTHS.map((c) => (rows.scaling ? c / rows.width : c)), // standardized features are vectors of length sqrt(width)
    folds.slice(0, large ? 1 : folds.length),
    targets,
    async (c, [begin, end]) => {
      await regression.fit({ c, rows: inFolds, without: [begin, end] }, pause);
      return rows.logits(begin, end, regression.dense(), pause);
    },
    progressReporter(context, 'search'),
    pause,
  );
}

/**
 * Trains a head with a hidden layer. If there are enough examples, the number of epochs and the temperature come from a held-out fold.
 * @param {Problem} problem
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns {Promise<Trained>}
 */
async function trainMlp({ rows, targets, folds, trainRows }, { mlp, classWeight, seed }, context) {
  const trainer = new MlpTrainer(
    rows,
    targets,
    classWeight,
    /** @type {import('../solvers/mlp-trainer.js').MlpOptions} */ (mlp),
    seed,
  );
  const pause = createPause(context);
  const heldOut = folds.length > 1 ? folds[0] : undefined;
  const { epochs, search, held } = await trainer.chooseEpochs(
    heldOut,
    trainRows,
    pause,
    progressReporter(context, 'search'),
  );
  await trainer.fit(epochs, trainRows, pause, progressReporter(context, 'train'));
  return {
    dense: trainer.dense(),
    temperature: held && heldOut && (await targets.temperature(held, Int32Array.from(range(...heldOut)), pause)),
    report: { epochs, epochSearch: search },
  };
}

/**
 * Measures heads for all combinations of layer, pooling and standardization, on up to COMPARED_TEXTS of the examples. The encoder reads
 * these once; or a few times, if the features of all layers would take too much memory.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns {Promise<import('../../types.js').FeatureStep[]>} by layer, then by pooling, then by
 *   standardization
 */
async function compareFeatures(engine, params, context) {
  const sample = { ...subsample(params), validation: 0, mlp: undefined };
  const { texts, layers, poolings } = sample;
  const pause = createPause(context);
  const bytesOfLayer = 4 * texts.length * poolings.length * engine.config.hiddenSize;
  const results = [];
  /** @type {{ logLoss: number, spec?: import('./features.js').PooledFeatureSpec, vectors: Float32Array[] }} */
  let best = { logLoss: Infinity, vectors: [] };
  for (const layersOfPass of passes(layers, bytesOfLayer)) {
    const specs = layersOfPass.flatMap((layer) => poolings.map((pooling) => ({ layer, pooling, normalize: true })));
    /** [specs][texts][hiddenSize] @type {Float32Array[][]} */
    const features = specs.map(() => []);
    await pooledFeatures(
      engine,
      texts,
      specs,
      (example, vector, spec) => (features[spec][example] = vector),
      sample.texts === params.texts && results.length === 0 ? context : withoutWarnings(context),
    );
    for (const [i, spec] of specs.entries()) {
      const vectors = features[i];
      for (const standardize of sample.standardize) {
        const problem = await prepare(
          engine,
          sample,
          standardize,
          (use) => vectors.forEach((vector, example) => use(example, vector)),
          pause,
        );
        const searched = await search(regressionOf(problem, sample), problem, sample, context).finally(() =>
          problem.rows.free(),
        );
        const { logLoss, accuracy } = searched?.chosen ?? { logLoss: 0, accuracy: 0 };
        const { layer, pooling } = spec;
        results.push({ layer, pooling, standardize, logLoss, accuracy });
        if (logLoss < best.logLoss) best = { logLoss, spec, vectors };
      }
    }
  }
  if (best.spec) keepFeatures(engine, texts, best.spec, best.vectors); // they are used next
  return results;
}

/**
 * At most COMPARED_TEXTS of the examples, with each label in its proportion.
 * @param {ClassificationParams} params
 */
function subsample(params) {
  const { texts, labels, classes, seed } = params;
  if (texts.length <= COMPARED_TEXTS) return params;
  const options = { validation: 1 - COMPARED_TEXTS / texts.length, foldRows: 1, folds: 1, seed };
  const { order, trainRows } = split(strata(params), classes + 1, options);
  const chosen = order.slice(0, trainRows);
  return { ...params, texts: chosen.map((i) => texts[i]), labels: chosen.map((i) => labels[i]) };
}
