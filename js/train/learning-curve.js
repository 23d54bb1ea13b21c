// The worker's side of `learningCurve`: the accuracy of classifiers that are trained on few examples, on the frozen encoder's features, along
// with the encoder and, as a baseline, on words alone (TF-IDF).
import { fetchPart } from '../base/fetch-part.js';
import { indexOfMax, range, rowOf } from '../base/numbers.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { checkSparse, fitSparse, predictSparse } from './baseline/sparse-logreg.js';
import { TfIdf } from './baseline/tfidf.js';
import { fitClassifier } from './frozen/classification.js';
import { pooledFeatures } from './frozen/features.js';
import { Rows } from './dataset/rows.js';
import { random, shuffle } from '../base/random.js';

/** Inverse strength of regularization at which scikit-learn's baseline does best on all data sets that bertlet is measured on. */
const BASELINE_C = 10;

/**
 * @typedef {object} CurveParams
 * @property {import('../tokenize/tokenizer.js').Text[]} texts the pool to draw from, then those to measure on
 * @property {Int32Array} labels [texts] 0 to classes - 1
 * @property {number} classes
 * @property {number} pool how many of the texts are the pool; if all are, each draw is measured on those that it leaves over
 * @property {number[]} sizes how many examples of each class to draw
 * @property {number} draws how many for each size
 * @property {number} [c] inverse strength of regularization; default: chosen by cross-validation
 * @property {boolean} baseline whether to measure the baseline, too
 * @property {import('./deep/fit.js').Tuning | import('./contrastive/training.js').ContrastTuning} [tuning] how the encoder is tuned for each draw, if that is to be measured, too
 */

/**
 * The accuracies of a size, each [draws] or empty, 0 to 1: of a head on the frozen encoder, of one that was trained along with the encoder, and
 * of the baseline.
 * @typedef {{ n: number, head: number[], tuned: number[], baseline: number[] }} CurvePoint
 */

/**
 * Trains and measures classifiers, for each size and each draw.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {CurveParams} params
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<CurvePoint[]>} [sizes]
 */
export async function learningCurve(engine, params, context) {
  const { texts, classes, sizes, baseline, tuning } = params;
  const { numLayers: layer, hiddenSize } = engine.config;
  const features = { layer, pooling: /** @type {const} */ ('mean'), normalize: true };
  if (baseline) checkMemory(Math.max(...sizes), params);
  const rows = await Rows.create(engine.compiled, texts.length, hiddenSize, { layers: [classes] });
  try {
    await pooledFeatures(engine, texts, [features], (index, vector) => rows.set(index, vector), context);
    if (tuning) await (await fetchDeep()).warnOfCut(engine, texts.slice(0, params.pool), tuning.maxTokens, context);
    return await measure(engine, params, features, rows, context);
  } finally {
    rows.free();
  }
}

/**
 * What tells the classes of texts by a classifier that is trained along with the encoder.
 * @param {'lora' | 'layers' | 'full' | 'contrastive'} method
 * @returns {Promise<(engine: any, params: any, texts: any, context: any) => Promise<Int32Array>>}
 */
const fetchTryOut = async (method) =>
  method === 'contrastive'
    ? (await fetchPart(() => import('./contrastive/index.js'))).classesByContrast
    : (await fetchDeep()).classesByTuned;

/** What trains the encoder. */
const fetchDeep = () => fetchPart(() => import('./deep/index.js'));

/**
 * Throws OUT_OF_MEMORY if the baseline's regression would be too large.
 * @param {number} n largest number of examples of each class
 * @param {CurveParams} params
 */
function checkMemory(n, { labels, classes, pool }) {
  const counts = new Int32Array(classes);
  for (const label of labels.subarray(0, pool)) counts[label] += 1;
  const examples = counts.reduce((sum, count) => sum + Math.min(count, n), 0);
  checkSparse(examples, 0, classes);
}

/**
 * The points of the curve.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {CurveParams} params
 * @param {import('./frozen/features.js').PooledFeatureSpec} features
 * @param {Rows} rows of all texts
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<CurvePoint[]>} [sizes]
 */
async function measure(engine, params, features, rows, context) {
  const { texts, labels, classes, pool, sizes, draws, c, baseline, tuning } = params;
  const report = progressReporter(context, 'train');
  const pause = createPause(context);
  const quiet = { ...context, emit() {} };
  const points = [];
  for (const n of sizes) {
    /** @type {CurvePoint} */
    const point = { n, head: [], tuned: [], baseline: [] };
    for (let seed = 0; seed < draws; seed++) {
      const { drawn, rest } = draw(labels.subarray(0, pool), classes, n, seed);
      const test = pool === texts.length ? rest : range(pool, texts.length);
      const sample = { texts: drawn.map((i) => texts[i]), labels: drawn.map((i) => labels[i]) };
      const testTexts = test.map((i) => texts[i]);
      /** @param {ArrayLike<number>} predicted [test] classes */
      const accuracyOf = (predicted) => test.filter((i, k) => predicted[k] === labels[i]).length / test.length;

      const dense = await trainHead(engine, sample, classes, features, { c, seed }, quiet);
      const predicted = new Int32Array(texts.length);
      await rows.eachBlock(0, texts.length, dense, pause, (first, logits) => {
        for (let i = 0; i * classes < logits.length; i++) predicted[first + i] = indexOfMax(rowOf(logits, i, classes));
      });
      point.head.push(accuracyOf(test.map((i) => predicted[i])));
      if (baseline) point.baseline.push(accuracyOf(await predictByWords(sample, classes, testTexts, pause)));
      const done = points.length * draws + seed;
      if (tuning) {
        const classesByTuned = await fetchTryOut(tuning.method);
        const fit = { ...fitParams(sample, classes, features, { c, seed }), tuning };
        const emit = (/** @type {any} */ { progress }) => {
          // The texts to measure on come after the last step.
          if (progress?.phase === 'train') report(done + progress.loaded / (progress.total + 1), sizes.length * draws);
        };
        point.tuned.push(accuracyOf(await classesByTuned(engine, fit, testTexts, { ...context, emit })));
      }
      report(done + 1, sizes.length * draws);
      await pause();
    }
    points.push(point);
  }
  return points;
}

/** @typedef {{ texts: import('../tokenize/tokenizer.js').Text[], labels: number[] }} Examples `labels`: [texts] */

/**
 * What `fit` is called with for examples.
 * @template {{ c?: number, seed: number }} O
 * @param {Examples} examples
 * @param {number} classes
 * @param {import('./frozen/features.js').PooledFeatureSpec} features
 * @param {O} options
 */
const fitParams = ({ texts, labels }, classes, { layer, pooling }, options) => ({
  task: /** @type {const} */ ('text-classification'),
  texts,
  labels: labels.map((label) => [label]),
  classes,
  classWeight: new Float32Array(classes).fill(1),
  layers: [layer],
  poolings: [pooling],
  standardize: [false],
  validation: 0,
  ...options,
});

/**
 * The head that `fit` makes of examples; their features are in the engine's cache.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {Examples} examples
 * @param {number} classes
 * @param {import('./frozen/features.js').PooledFeatureSpec} features
 * @param {{ c?: number, seed: number }} options
 * @param {import('../rpc/serve.js').Context} context
 */
async function trainHead(engine, examples, classes, features, options, context) {
  const { network } = await fitClassifier(engine, fitParams(examples, classes, features, options), context);
  return network.dense;
}

/**
 * What the baseline, logistic regression on words and pairs of words, predicts for test texts.
 * @param {Examples} examples
 * @param {number} classes
 * @param {import('../tokenize/tokenizer.js').Text[]} test
 * @param {() => Promise<void>} pause
 * @returns {Promise<Int32Array>} [test] classes
 */
async function predictByWords({ texts, labels }, classes, test, pause) {
  const joined = texts.map(joinPair);
  const vectorizer = await TfIdf.create(joined, pause);
  const fitted = await fitSparse(await vectorizer.transform(joined, pause), labels, classes, { c: BASELINE_C, pause });
  return predictSparse(await vectorizer.transform(test.map(joinPair), pause), fitted, pause);
}

/** A text, or a pair of texts as one. @param {import('../tokenize/tokenizer.js').Text} text */
const joinPair = ([text, textPair]) => (textPair === undefined ? text : `${text} ${textPair}`);

/**
 * Draws `n` examples of each class at random, or all if there are fewer.
 * @param {Int32Array} labels
 * @param {number} classes
 * @param {number} n
 * @param {number} seed
 * @returns {{ drawn: number[], rest: number[] }} indices of the drawn examples, and of the others
 */
function draw(labels, classes, n, seed) {
  const order = shuffle(range(0, labels.length), random(seed));
  const missing = new Int32Array(classes).fill(n);
  /** @type {number[]} */
  const drawn = [];
  const rest = order.filter((example) => !(missing[labels[example]]-- > 0 && drawn.push(example)));
  return { drawn, rest };
}
