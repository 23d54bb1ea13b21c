// The worker's side of `fit` by contrastive tuning of labelled examples (SetFit, Tunstall et al. 2022, https://arxiv.org/abs/2209.11055):
// the encoder is tuned on pairs of examples, and then a regression is trained on the tuned vectors. Whether that is better than the vectors as
// they are is measured first, on examples that were left out of both.
import { indexOfMax, range, rowOf } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { meanAndStd } from '../../metrics/sample.js';
import { createPause } from '../../rpc/progress.js';
import { split } from '../dataset/split.js';
import { inBatches, longestOf } from '../deep/batches.js';
import { dot } from '../deep/contrastive-loss.js';
import { encodeAll } from '../deep/task.js';
import { classesByNetwork } from '../deep/try-out.js';
import { STRENGTHS } from '../frozen/classification.js';
import { pooledFeatures } from '../frozen/features.js';
import { drawPairs } from './pairs.js';
import { withTrainings } from './training.js';
import { VectorHead } from './vector-head.js';

/** @typedef {import('../deep/task.js').TuningExample} TuningExample */
/** @typedef {import('../deep/contrast.js').Contrast} Contrast */
/** @typedef {import('./training.js').ContrastTuning} ContrastTuning */

/** How many parts are left out in turn, where `validation` holds none out: each costs a training. */
const FOLDS = 3;

/** How often each example is paired by default: fewer times where that would be more than so many pairs. */
const ROUNDS = 10;
const MOST_PAIRS = 2560;

/** A loss of so many nats, or so much F1, says nothing: two classifiers that both know nothing differ by rounding alone. */
const NOISE = 0.005;

/** So many examples of some label are needed: when one is left out, two are still a pair. */
const FEWEST = 3;

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../rpc/serve.js').Context} Context */
/** @typedef {import('../frozen/classification.js').ClassificationParams & { tuning: ContrastTuning }} ContrastiveParams */

/**
 * Tunes, measures, and trains a head on the better vectors.
 * @param {Engine} engine which has the tuned weights when it resolves, if weights were tuned, and that was better
 * @param {ContrastiveParams} params
 * @param {Context} context
 * @param {import('../deep/session.js').UntilAlone} untilAlone
 * @returns {Promise<import('../frozen/classification.js').FittedClassifier>} the network has an adapter if one was
 *   tuned, and that was better. Rejects with NO_EXAMPLES, OUT_OF_MEMORY, BAD_CHECKPOINT, BAD_WEIGHTS, WORKER_FAILED, BAD_INPUT,
 *   HEAD_MODEL_MISMATCH if another training has changed the model meanwhile, or the signal's reason
 */
export function fitContrastive(engine, params, context, untilAlone) {
  return withContrasted(engine, params, [], context, async ({ training, isTuned, fitted }) => {
    await training.settle(isTuned, untilAlone);
    return fitted;
  });
}

/**
 * The classes that a classifier gives texts, which is trained as `fit` does, only to see what it says: the model stays as it is.
 * @param {Engine} engine
 * @param {ContrastiveParams} params for 'text-classification'
 * @param {import('../../tokenize/tokenizer.js').Text[]} texts
 * @param {Context} context hears of the training only
 * @returns {Promise<Int32Array>} [texts]; rejects as `fitContrastive`, but for HEAD_MODEL_MISMATCH
 */
export function classesByContrast(engine, params, texts, context) {
  return withContrasted(engine, params, texts, context, async ({ training, isTuned, fitted: { network } }) => {
    if (!isTuned || !training.changesModel) return classesByNetwork(engine, network, texts, context);
    const [{ weight, bias }] = network.dense;
    const vectors = await training.vectorsOf(texts);
    const logitsOf = (/** @type {Float32Array} */ vector) =>
      bias.map((value, k) => value + dot(rowOf(weight, k, vector.length), vector));
    return Int32Array.from(vectors, (vector) => indexOfMax(logitsOf(vector)));
  });
}

/**
 * What was tuned, as long as its tuner is there.
 * @typedef {object} Contrasted
 * @property {import('./training.js').Trainings} training which has run
 * @property {boolean} isTuned whether tuned vectors were better
 * @property {import('../frozen/classification.js').FittedClassifier} fitted the head on the better ones
 */

/**
 * Tunes, measures, trains a head on the better vectors, and calls `use` with the result. The model stays as it is.
 * @template T
 * @param {Engine} engine
 * @param {ContrastiveParams} params
 * @param {import('../../tokenize/tokenizer.js').Text[]} others texts whose vectors `use` may ask for
 * @param {Context} context
 * @param {(contrasted: Contrasted) => Promise<T>} use
 * @returns {Promise<T>} rejects as `fitContrastive`, but for HEAD_MODEL_MISMATCH
 */
async function withContrasted(engine, params, others, context, use) {
  const { tuning: how, c, classes, seed } = params;
  const [pooling] = params.poolings;
  const pause = createPause(context);
  const examples = await prepare(engine, params, context, pause);
  const { order, texts, labels, encoded, trainRows, leftOut } = examples;
  const { numLayers: layer } = engine.config;

  const rounds = how.rounds ?? Math.min(Math.max(Math.floor(MOST_PAIRS / (2 * trainRows)), 1), ROUNDS);
  const trainings = [...leftOut, ...(trainRows < order.length ? [] : [undefined])].map((without) =>
    stepsOf(encoded, labels, trainingRows(trainRows, without), { rounds, batchSize: how.batchSize, seed }),
  );
  const longest = longestOf(encoded.map((example) => example.encoded));
  const what = { pooling, longest, loss: /** @type {const} */ ('cosine'), trainings, texts, others };
  return withTrainings(engine, params, what, context, async (training) => {
    /** @type {Float32Array[]} */
    const asTheyAre = [];
    await pooledFeatures(
      engine,
      texts,
      [{ layer, pooling, normalize: true }],
      (row, vector) => (asTheyAre[row] = vector),
      context,
    );
    const head = await VectorHead.create(
      engine,
      { labels, classes, multiLabel: params.task === 'multi-label', classWeight: params.classWeight, trainRows },
      pause,
    );
    try {
      const strengths = c === undefined ? STRENGTHS : [c];
      const sameForAll = leftOut.map(() => asTheyAre);
      const frozen = await head.search(leftOut, sameForAll, strengths);
      const tunedVectors = [];
      for (const i of leftOut.keys()) tunedVectors.push(await training.run(i));
      const tuned = await head.search(leftOut, tunedVectors, strengths);
      const gain = gainOf(tuned.errors, frozen.errors);
      const isTuned = gain.mean >= -Math.max(gain.standardError, NOISE);
      let [vectors] = isTuned ? tunedVectors : sameForAll;
      if (isTuned && trainings.length > leftOut.length) vectors = await training.run(leftOut.length);
      const trained = training.finish();
      const { chosen, temperature, search } = isTuned ? tuned : frozen;
      const { dense, predicted, report } = await head.fit(vectors, { c: chosen.c, temperature });
      const { lora } = training;
      const fitted = {
        network: { layer, pooling, normalize: true, dense, ...(isTuned && lora && { lora }) },
        report: /** @type {any} */ ({
          examples: trainRows,
          classes,
          layer,
          pooling,
          ...report,
          search,
          comparison: {
            measuredOn: trainRows < order.length ? 'validation' : 'cross-validation',
            frozen: frozen.chosen,
            tuned: tuned.chosen,
            gain,
            kept: isTuned ? 'tuned' : 'frozen',
          },
          rounds,
          ...trained,
        }),
        validation: { examples: order.slice(trainRows), predicted },
      };
      return await use({ training, isTuned, fitted });
    } finally {
      head.free();
    }
  });
}

/**
 * Encodes the examples, in an order in which what is left out are ranges of rows. Rejects with NO_EXAMPLES if there are too few.
 * @param {Engine} engine
 * @param {ContrastiveParams} params
 * @param {Context} context
 * @param {() => Promise<void>} pause
 */
async function prepare({ tokenizer }, { texts, labels, classes, validation, seed, tuning }, context, pause) {
  const strata = Int32Array.from(labels, ([first = classes]) => first);
  const { order, folds, trainRows } = split(strata, classes + 1, {
    validation,
    foldRows: texts.length,
    folds: FOLDS,
    seed,
  });
  const counts = new Int32Array(classes + 1);
  for (const example of order.slice(0, trainRows)) counts[strata[example]] += 1;
  if (Math.max(...counts) < FEWEST)
    throw new BertletError(
      'NO_EXAMPLES',
      `There are too few examples: method 'contrastive' makes pairs of one label, and needs ${FEWEST} examples of some label to train on. ` +
        "Give more, or take method 'head'.",
    );
  const { maxTokens } = tuning;
  const tokens = await encodeAll(texts, maxTokens, (text) => tokenizer.encode(text, maxTokens), pause, context);
  return {
    order,
    texts: order.map((i) => texts[i]),
    labels: order.map((i) => labels[i]),
    encoded: order.map((index) => ({ encoded: tokens[index], index, weight: 1 })),
    trainRows,
    leftOut: trainRows < order.length ? [/** @type {[number, number]} */ ([trainRows, order.length])] : folds,
  };
}

/**
 * The rows to train on.
 * @param {number} trainRows
 * @param {[begin: number, end: number]} [without]
 */
const trainingRows = (trainRows, [begin, end] = [trainRows, trainRows]) => [
  ...range(0, Math.min(begin, trainRows)),
  ...range(Math.min(end, trainRows), trainRows),
];

/**
 * The steps of a training: pairs of examples, of which those of the same label should have cosine 1, the others 0.
 * @param {TuningExample[]} encoded [rows]
 * @param {number[][]} labels [rows]
 * @param {number[]} members rows to train on
 * @param {{ rounds: number, batchSize: number, seed: number }} how
 * @returns {Contrast[][]}
 */
function stepsOf(encoded, labels, members, { rounds, batchSize, seed }) {
  const contrasts = drawPairs(labels, members, rounds, seed).map(({ left, right, alike }) => ({
    texts: [encoded[left], encoded[right]],
    score: Number(alike),
  }));
  return inBatches(contrasts, batchSize);
}

/**
 * How much less wrong the same examples are by one classifier than by another: the mean of the differences, and its standard error.
 * @param {Float64Array} errors [rows] see `Measure`
 * @param {Float64Array} before [rows] the other's
 */
function gainOf(errors, before) {
  const { mean, std } = meanAndStd(Array.from(before, (error, row) => error - errors[row]));
  return { mean, standardError: std / Math.sqrt(errors.length) };
}
