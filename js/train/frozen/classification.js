// Trains a head that classifies texts, into one of several labels or any of them, on pooled features of the frozen encoder.
import { createPause, progressReporter } from '../../rpc/progress.js';
import { withoutWarnings } from './quiet.js';
import { keepFeatures, passes, pooledFeatures } from './features.js';
import { MultiLabelRegression, SingleLabelRegression } from '../solvers/logreg.js';
import { MlpTrainer } from '../solvers/mlp-trainer.js';
import { Rows } from '../dataset/rows.js';
import { searchStrength } from './search.js';
import { range } from '../../base/numbers.js';
import { split } from '../dataset/split.js';
import { MultiLabel, SingleLabel } from '../dataset/targets.js';

/** @typedef {import('../../rpc/serve.js').Context} Context */

/** Inverse strengths of regularization to choose from, the strongest regularization first, for features of length 1. */
const STRENGTHS = [0.1, 1, 10, 100];

/** For when there are too few examples to choose by. */
const DEFAULT_C = 10;

// Bounds of what a search may cost, in rows times outputs (1 for two classes, else one for each): measured to choose as well.
const FOLDS = 5;
const SEARCH_SIZE = 300_000;
const CROSS_VALIDATED_SIZE = 60_000; // beyond it, one fold is left out instead of each in turn

/** Texts by which a layer or a pooling is chosen. */
const READING_TEXTS = 2000;

/**
 * @typedef {object} ClassificationParams
 * @property {'text-classification' | 'multi-label'} task
 * @property {import('../../tokenize/tokenizer.js').Text[]} texts
 * @property {number[][]} labels of each text, 0 .. classes - 1; one where the task has one
 * @property {number} classes
 * @property {Float32Array} classWeight [classes] or, of several labels, [classes][2]: of rows without and with it
 * @property {number[]} layers to choose from
 * @property {('mean' | 'cls' | 'max')[]} poolings to choose from
 * @property {boolean[]} standardize to choose from: whether features are brought to mean 0 and standard deviation 1
 * @property {number} validation
 * @property {number} [c]
 * @property {number} seed
 * @property {import('../solvers/mlp-trainer.js').MlpOptions} [mlp] instead of logistic regression
 */

/**
 * @typedef {object} FittedClassifier
 * @property {import('../../core/dense.js').HeadNetwork} network
 * @property {Omit<import('../../types.js').FitReport, 'validation'>} report
 * @property {{ examples: number[], logits: Float32Array }} validation which examples were held out, and their logits
 */

/**
 * @typedef {object} Problem features and targets in rows: folds, the rest to train on, held-out
 * @property {Rows} rows
 * @property {SingleLabel | MultiLabel} targets
 * @property {number[]} order which example stands in a row
 * @property {number} trainRows rows from here on are held out for validation
 * @property {import('../dataset/split.js').Split['folds']} folds rows to leave out in turn in a search; none if there are too few
 */

/**
 * What training found: the head for the rows as they are, and how.
 * @typedef {{ dense: import('../../core/dense.js').Dense[], temperature?: number, report: object }} Trained
 */

/**
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns {Promise<FittedClassifier>}
 */
export async function fitClassifier(engine, params, context) {
  const choices = params.layers.flatMap((layer) =>
    params.poolings.flatMap((pooling) => params.standardize.map((standardize) => ({ layer, pooling, standardize }))),
  );
  const featureSearch = choices.length > 1 ? await compareFeatures(engine, params, context) : [];
  const least = Math.min(...featureSearch.map(({ logLoss }) => logLoss));
  const best = featureSearch.findIndex(({ logLoss }) => logLoss === least);
  const { standardize, ...where } = choices[Math.max(best, 0)];
  const reading = { ...where, normalize: true };

  const problem = await prepare(engine, params, standardize, (use) =>
    pooledFeatures(engine, params.texts, [reading], use, context),
  );
  const { rows, targets, order, trainRows } = problem;
  const { dense, temperature = 1, report } = await (params.mlp ? trainMlp : trainRegression)(problem, params, context);
  const { correct } = targets.measure(rows.logits(0, trainRows, dense), range(0, trainRows));
  // A temperature divides the logits: so do the last layer's weights.
  const last = dense[dense.length - 1];
  last.weight = last.weight.map((value) => value / temperature);
  last.bias = last.bias.map((value) => value / temperature);
  return {
    network: { ...reading, dense: rows.unscale(dense) },
    report: /** @type {any} */ ({
      examples: trainRows,
      classes: params.classes,
      layer: reading.layer,
      pooling: reading.pooling,
      standardize,
      ...report,
      temperature,
      trainAccuracy: correct / trainRows,
      ...(featureSearch.length > 0 && { featureSearch }),
    }),
    validation: { examples: order.slice(trainRows), logits: rows.logits(trainRows, rows.count, dense) },
  };
}

/**
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {ClassificationParams} params
 * @param {boolean} standardize
 * @param {(use: (example: number, vector: Float32Array) => void) => void | Promise<void>} readFeatures hands on those of each example
 * @returns {Promise<Problem>}
 */
async function prepare(engine, params, standardize, readFeatures) {
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
  const rows = await Rows.create(engine.compiled, order.length, hiddenSize, (core) => {
    if (mlp) return MlpTrainer.bytes(core, hiddenSize, classes, mlp);
    return (multiLabel ? MultiLabelRegression : SingleLabelRegression).bytes(core, trainRows, hiddenSize, classes);
  });
  const rowOf = new Int32Array(order.length);
  order.forEach((example, row) => (rowOf[example] = row));
  await readFeatures((example, vector) => rows.set(rowOf[example], vector));
  if (standardize) rows.standardize(trainRows);
  return { rows, targets, order, folds, trainRows };
}

/** What the cost of a fit grows with. @param {ClassificationParams} params */
const outputCount = ({ task, classes }) => (classes === 2 && task !== 'multi-label' ? 1 : classes);

/**
 * By what examples are drawn evenly: their label, or the first of theirs.
 * @param {ClassificationParams} params
 */
const strata = ({ labels, classes }) => Int32Array.from(labels, ([first = classes]) => first);

/**
 * Logistic regression with the strength given, or chosen by cross-validation, which also tells how sure the head may be.
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
 * @param {Problem} problem
 * @param {ClassificationParams} params
 */
function regressionOf({ rows, targets, trainRows }, { classWeight }) {
  return targets instanceof MultiLabel
    ? new MultiLabelRegression(rows, trainRows, targets.targets, classWeight)
    : new SingleLabelRegression(rows, trainRows, targets.labels, classWeight);
}

/**
 * @param {SingleLabelRegression | MultiLabelRegression} regression
 * @param {Problem} problem
 * @param {ClassificationParams} params
 * @param {Context} context
 */
async function search(regression, { rows, targets, folds }, params, context) {
  if (folds.length < 2) return undefined;
  const inFolds = folds[folds.length - 1][1];
  const large = inFolds * outputCount(params) > CROSS_VALIDATED_SIZE;
  const pause = createPause(context);
  return searchStrength(
    STRENGTHS.map((c) => (rows.scaling ? c / rows.width : c)), // standardized, features are sqrt(width) long
    folds.slice(0, large ? 1 : folds.length),
    targets,
    async (c, [begin, end]) => {
      await regression.fit({ c, rows: inFolds, without: [begin, end] }, pause);
      return rows.logits(begin, end, regression.dense());
    },
    progressReporter(context, 'search'),
  );
}

/**
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
  const heldOut = folds.length > 1 ? folds[0] : undefined;
  const { epochs, search, held } = await trainer.chooseEpochs(
    heldOut,
    trainRows,
    createPause(context),
    progressReporter(context, 'search'),
  );
  await trainer.fit(epochs, trainRows, createPause(context), progressReporter(context, 'train'));
  return {
    dense: trainer.dense(),
    temperature: held && heldOut && targets.temperature(held, Int32Array.from(range(...heldOut))),
    report: { epochs, epochSearch: search },
  };
}

/**
 * How well heads do that read one thing or another, on some of the examples. These are read once, or a few times where all
 * candidates' features would take too much memory.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {ClassificationParams} params
 * @param {Context} context
 * @returns {Promise<import('../../types.js').FeatureStep[]>} layer by layer, in these pooling by pooling
 */
async function compareFeatures(engine, params, context) {
  const few = { ...subsample(params), validation: 0, mlp: undefined };
  const { texts, layers, poolings } = few;
  const bytesOfLayer = 4 * texts.length * poolings.length * engine.config.hiddenSize;
  const results = [];
  /** @type {{ logLoss: number, spec?: import('./features.js').PooledFeatureSpec, vectors: Float32Array[] }} */
  let best = { logLoss: Infinity, vectors: [] };
  for (const some of passes(layers, bytesOfLayer)) {
    const specs = some.flatMap((layer) => poolings.map((pooling) => ({ layer, pooling, normalize: true })));
    /** @type {Float32Array[][]} [specs][texts] */
    const features = specs.map(() => []);
    await pooledFeatures(
      engine,
      texts,
      specs,
      (example, vector, which) => (features[which][example] = vector),
      few.texts === params.texts && results.length === 0 ? context : withoutWarnings(context),
    );
    for (const [which, spec] of specs.entries()) {
      const vectors = features[which];
      for (const standardize of few.standardize) {
        const problem = await prepare(engine, few, standardize, (use) =>
          vectors.forEach((vector, example) => use(example, vector)),
        );
        const searched = await search(regressionOf(problem, few), problem, few, context);
        const { logLoss, accuracy } = searched?.chosen ?? { logLoss: 0, accuracy: 0 };
        const { layer, pooling } = spec;
        results.push({ layer, pooling, standardize, logLoss, accuracy });
        if (logLoss < best.logLoss) best = { logLoss, spec, vectors };
      }
    }
  }
  if (best.spec) keepFeatures(engine, texts, best.spec, best.vectors); // they are wanted next
  return results;
}

/**
 * Some of the examples, each label in its proportion.
 * @param {ClassificationParams} params
 */
function subsample(params) {
  const { texts, labels, classes, seed } = params;
  if (texts.length <= READING_TEXTS) return params;
  const options = { validation: 1 - READING_TEXTS / texts.length, foldRows: 1, folds: 1, seed };
  const { order, trainRows } = split(strata(params), classes + 1, options);
  const chosen = order.slice(0, trainRows);
  return { ...params, texts: chosen.map((i) => texts[i]), labels: chosen.map((i) => labels[i]) };
}
