// How good a classifier gets with how many examples: the frozen encoder's features beside words alone (TF-IDF).
import { indexOfMax, range, rowOf } from '../base/numbers.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { fitSparse, predictSparse } from './baseline/sparse-logreg.js';
import { TfIdf } from './baseline/tfidf.js';
import { fitClassifier } from './frozen/classification.js';
import { pooledFeatures } from './frozen/features.js';
import { Rows } from './dataset/rows.js';
import { random, shuffle } from '../base/random.js';

/** Strength of the baseline, at which scikit-learn's does best on all of the anchors' data sets. */
const BASELINE_C = 10;

/**
 * @typedef {object} CurveParams
 * @property {import('../tokenize/tokenizer.js').Text[]} texts to draw from, and after them those to measure on
 * @property {Int32Array} labels of each, 0 .. classes - 1
 * @property {number} classes
 * @property {number} pool so many of the texts are drawn from. If that is all of them, what a draw leaves over is measured on
 * @property {number[]} sizes examples of each class
 * @property {number} draws of each size
 * @property {number} [c]
 * @property {boolean} baseline
 */

/** @typedef {{ n: number, accuracy: number[], baseline: number[] }} CurvePoint accuracies of the draws */

/**
 * @param {import('../engine/engine.js').Engine} engine
 * @param {CurveParams} params
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<CurvePoint[]>}
 */
export async function learningCurve(engine, params, context) {
  const { texts, labels, classes, pool, sizes, draws, c, baseline } = params;
  const { numLayers: layer, hiddenSize } = engine.config;
  const reading = { layer, pooling: /** @type {const} */ ('mean'), normalize: true };
  const rows = await Rows.create(engine.compiled, texts.length, hiddenSize, () => 0);
  await pooledFeatures(engine, texts, [reading], (index, vector) => rows.set(index, vector), context);

  const report = progressReporter(context, 'train');
  const pause = createPause(context);
  const quiet = { ...context, emit() {} };
  const points = [];
  for (const n of sizes) {
    /** @type {CurvePoint} */
    const point = { n, accuracy: [], baseline: [] };
    for (let seed = 0; seed < draws; seed++) {
      const { drawn, rest } = draw(labels.subarray(0, pool), classes, n, seed);
      const test = pool === texts.length ? rest : range(pool, texts.length);
      const some = { texts: drawn.map((i) => texts[i]), labels: drawn.map((i) => labels[i]) };
      /** @param {(example: number, i: number) => number} predict */
      const accuracy = (predict) =>
        test.filter((example, i) => predict(example, i) === labels[example]).length / test.length;

      const dense = await train(engine, some, classes, reading, { c, seed }, quiet);
      const logits = rows.logits(0, texts.length, dense);
      point.accuracy.push(accuracy((example) => indexOfMax(rowOf(logits, example, classes))));
      if (baseline) {
        const predicted = await predictByWords(
          some,
          classes,
          test.map((i) => texts[i]),
          pause,
        );
        point.baseline.push(accuracy((_, i) => predicted[i]));
      }
      report(points.length * draws + seed + 1, sizes.length * draws);
      await pause();
    }
    points.push(point);
  }
  return points;
}

/** @typedef {{ texts: import('../tokenize/tokenizer.js').Text[], labels: number[] }} Labelled */

/**
 * What `fit` makes of these examples; their features are known.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {Labelled} examples
 * @param {number} classes
 * @param {import('./frozen/features.js').PooledFeatureSpec} reading
 * @param {{ c?: number, seed: number }} options
 * @param {import('../rpc/serve.js').Context} context
 */
async function train(engine, { texts, labels }, classes, { layer, pooling }, options, context) {
  const { network } = await fitClassifier(
    engine,
    {
      task: 'text-classification',
      texts,
      labels: labels.map((label) => [label]),
      classes,
      classWeight: new Float32Array(classes).fill(1),
      layers: [layer],
      poolings: [pooling],
      standardize: [false],
      validation: 0,
      ...options,
    },
    context,
  );
  return network.dense;
}

/**
 * The baseline: logistic regression from scratch on words and pairs of words.
 * @param {Labelled} examples
 * @param {number} classes
 * @param {import('../tokenize/tokenizer.js').Text[]} test
 * @param {() => Promise<void>} pause
 */
async function predictByWords({ texts, labels }, classes, test, pause) {
  const words = new TfIdf(texts.map(joined));
  const fitted = await fitSparse(words.transform(texts.map(joined)), labels, classes, { c: BASELINE_C, pause });
  return predictSparse(words.transform(test.map(joined)), fitted);
}

/** @param {import('../tokenize/tokenizer.js').Text} text or pair */
const joined = ([text, textPair]) => (textPair === undefined ? text : `${text} ${textPair}`);

/**
 * `n` examples of each class (all, where there are fewer), by chance, and the others.
 * @param {Int32Array} labels
 * @param {number} classes
 * @param {number} n
 * @param {number} seed
 */
function draw(labels, classes, n, seed) {
  const order = shuffle(range(0, labels.length), random(seed));
  const missing = new Int32Array(classes).fill(n);
  /** @type {number[]} */
  const drawn = [];
  const rest = order.filter((example) => !(missing[labels[example]]-- > 0 && drawn.push(example)));
  return { drawn, rest };
}
