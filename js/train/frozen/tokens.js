// Trains a head for token classification, which tags each word by the hidden state of its first token in the frozen encoder.
import { forEachBatch } from '../../engine/batches.js';
import { createPause, progressReporter } from '../../rpc/progress.js';
import { accuracyOf } from './accuracy.js';
import { withoutWarnings } from './quiet.js';
import { joinWords } from '../../decode/words.js';
import { CrfTrainer } from '../solvers/crf-trainer.js';
import { SingleLabelRegression } from '../solvers/logreg.js';
import { Rows } from '../dataset/rows.js';
import { passes } from './features.js';
import { searchStrength } from './search.js';
import { checkFirsts, firstsOf, strataOf } from '../dataset/sentences.js';
import { split } from '../dataset/split.js';
import { startsOf } from '../dataset/starts.js';
import { divide } from '../dataset/divide.js';
import { SingleLabel } from '../dataset/targets.js';

/** @typedef {import('../../rpc/serve.js').Context} Context */

/** Values of `c` to choose from, for standardized and for other features. */
const STRENGTHS = { standardized: [0.001, 0.003, 0.01, 0.03, 0.1], plain: [0.1, 1, 10] };

/** The value of `c` if there are too few sentences to choose one. */
const DEFAULT_C = { standardized: 0.01, plain: 1 };

const FOLDS = 5; // of which one is held out in a search

/** Limit for the cost of a search, in words times tags. */
const SEARCH_SIZE = 300_000;

/**
 * @typedef {object} TokensParams
 * @property {string[][]} words [sentences][words]
 * @property {number[][]} tags [sentences][words] 0 to classes - 1
 * @property {number} classes number of tags
 * @property {number} outside the tag of words that are in no entity, or -1
 * @property {number[]} layers to choose from, in the order in which they are tried, until one is worse than the one before
 * @property {boolean} standardize whether features are brought to mean 0 and standard deviation 1
 * @property {number} validation share of the sentences to hold out
 * @property {number} [c] inverse strength of regularization; default: chosen on a held-out fold
 * @property {number} seed
 * @property {import('../solvers/mlp-trainer.js').MlpOptions} [mlp] train a hidden layer with a conditional random field by AdamW,
 *   instead of logistic regression
 */

/**
 * @typedef {object} FittedTagger
 * @property {import('../../core/dense.js').HeadNetwork} network
 * @property {Float32Array} [transitions] [tags + 1][tags], of a conditional random field: from tag (row) to tag (column); the last row: to
 *   the first tag
 * @property {object} report
 * @property {number[]} validation indices of the sentences that were held out
 */

/**
 * The features of sentences in one layer, and their tags: a row for each word that has a token, sentence by sentence.
 * @typedef {object} Problem
 * @property {number} layer
 * @property {Rows} rows
 * @property {Int32Array} starts [sentences + 1] the first row of each sentence, then the number of rows
 * @property {SingleLabel} targets
 * @property {SingleLabelRegression} regression
 */

/**
 * A layer with the best strength for it, and what was measured with that.
 * @typedef {{ problem: Problem, logLoss: number, accuracy: number, c: number, search: object[], temperature: number }} Candidate
 */

/**
 * Trains a tagger.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {TokensParams} params
 * @param {Context} context
 * @returns {Promise<FittedTagger>} rejects with BAD_INPUT if no word has a token, OUT_OF_MEMORY, BAD_WEIGHTS, or the signal's reason
 */
export async function fitTagger(engine, params, context) {
  /** @type {Problem[]} */
  const problems = [];
  try {
    return await trainTagger(engine, params, context, problems);
  } finally {
    for (const { rows } of problems) rows.free();
  }
}

/**
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {TokensParams} params
 * @param {Context} context
 * @param {Problem[]} made all problems are added, whose memory is to be given back
 * @returns {Promise<FittedTagger>}
 */
async function trainTagger(engine, params, context, made) {
  const { words, tags, classes, outside, layers, standardize, validation, seed, mlp } = params;
  const encoded = await encode(engine, words, context);
  const count = wordCount(encoded);
  checkFirsts(count);
  const foldRows = Math.max((SEARCH_SIZE / classes / count) * words.length, 10);
  const { order, folds, trainRows } = split(strataOf(tags, outside), 2, { validation, foldRows, folds: FOLDS, seed });
  const kind = standardize ? 'standardized' : 'plain';
  const strengths = params.c === undefined ? STRENGTHS[kind] : [params.c];

  const pause = createPause(context);
  /**
   * The problems of layers, with the first sentences of the order.
   * @param {number[]} layers
   * @param {number} sentences number of them
   */
  const prepare = (layers, sentences) => {
    const numbers = order.slice(0, sentences);
    const paramsOfPass = { ...params, layers, numbers, tags: numbers.map((i) => tags[i]) };
    return collect(
      engine,
      numbers.map((i) => encoded[i]),
      paramsOfPass,
      sentences < trainRows ? withoutWarnings(context) : context,
      made,
    );
  };

  const searched = folds.length > 1 ? folds[folds.length - 1][1] : 0; // number of sentences in folds
  /** The problems of all layers to choose from, one after the other. */
  async function* candidates() {
    const bytesOfLayer = 4 * engine.config.hiddenSize * wordCount(order.slice(0, searched).map((i) => encoded[i]));
    for (const layersOfPass of passes(layers, bytesOfLayer)) yield* await prepare(layersOfPass, searched);
  }

  /** @type {Candidate | undefined} */
  let best;
  const featureSearch = [];
  const searches = searched > 0 && (layers.length > 1 || params.c === undefined);
  for await (const problem of searches ? candidates() : []) {
    const found = await searchLayer(problem, folds, strengths, context);
    const { logLoss, accuracy } = found;
    featureSearch.push({ layer: problem.layer, pooling: 'none', standardize, logLoss, accuracy });
    if (best && logLoss > best.logLoss) break;
    best = { problem, ...found };
  }
  const layer = best?.problem.layer ?? layers[0];
  const c = params.c ?? best?.c ?? DEFAULT_C[kind];

  const problem = best && searched === trainRows ? best.problem : (await prepare([layer], trainRows))[0];
  const { rows, starts, targets, regression } = problem;
  const base = {
    examples: trainRows,
    classes,
    layer,
    pooling: 'none',
    standardize,
    ...(featureSearch.length > 1 && { featureSearch }),
  };
  const featureSpec = {
    layer,
    pooling: /** @type {const} */ ('none'),
    normalize: false,
  };

  if (mlp) {
    const trainer = new CrfTrainer(rows, starts, targets, mlp, seed);
    const heldOut = folds.length > 1 ? folds[0] : undefined;
    const { epochs, search } = await trainer.chooseEpochs(heldOut, pause, progressReporter(context, 'search'));
    await trainer.fit(epochs, pause, progressReporter(context, 'train'));
    const dense = trainer.dense();
    return {
      network: { ...featureSpec, dense: await rows.unscale(dense, pause) },
      transitions: trainer.transitions(),
      report: {
        ...base,
        temperature: 1,
        epochs,
        epochSearch: search,
        trainAccuracy: await accuracyOf(problem, rows.count, dense, pause),
      },
      validation: order.slice(trainRows),
    };
  }

  const report = progressReporter(context, 'train');
  const { iterations, converged } = await regression.fit({ c }, pause, (i) => report(i, i + 1));
  report(iterations, iterations);
  const dense = regression.dense();
  const { temperature = 1, search = [] } = best ?? {};
  const trainAccuracy = await accuracyOf(problem, rows.count, dense, pause);
  await divide(dense[0], temperature, pause);
  return {
    network: { ...featureSpec, dense: await rows.unscale(dense, pause) },
    report: { ...base, c, iterations, converged, search, temperature, trainAccuracy },
    validation: order.slice(trainRows),
  };
}

/**
 * A sentence as a text, and the first token of each word that has one.
 * @typedef {{ text: string, firsts: import('../dataset/sentences.js').First[] }} EncodedSentence indices of words in the sentence, of tokens in the
 *   text with [CLS]
 */

/**
 * Joins the words of sentences, and finds their first tokens.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {string[][]} sentences
 * @param {Context} context
 * @returns {Promise<EncodedSentence[]>}
 */
async function encode(engine, sentences, context) {
  const pause = createPause(context);
  const encoded = [];
  for (const words of sentences) {
    const { text, spans } = joinWords(words);
    const { offsets } = engine.tokenizer.tokenize([text]);
    encoded.push({ text, firsts: firstsOf(spans, offsets, Math.min(offsets.length, engine.config.maxPositions)) });
    await pause();
  }
  return encoded;
}

/** Number of words that have a token. @param {EncodedSentence[]} sentences */
const wordCount = (sentences) => sentences.reduce((sum, { firsts }) => sum + firsts.length, 0);

/**
 * Makes the problems of several layers in one pass of the encoder.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {EncodedSentence[]} sentences
 * @param {TokensParams & { numbers: number[] }} params `layers`: of this pass; `tags`: of these sentences; `numbers`: their indices among
 *   the caller's, for messages
 * @param {Context} context
 * @param {Problem[]} made they are added, as soon as they have memory
 * @returns {Promise<Problem[]>} [layers]; rejects with OUT_OF_MEMORY, and as `forEachBatch`
 */
async function collect(engine, sentences, { layers, numbers, tags, classes, standardize, mlp }, context, made) {
  const starts = Int32Array.from(startsOf(sentences.map(({ firsts }) => firsts.length)));
  const count = starts[sentences.length];
  const labels = new Int32Array(count);
  sentences.forEach(({ firsts }, i) =>
    labels.set(
      firsts.map(({ word }) => tags[i][word]),
      starts[i],
    ),
  );
  const { hiddenSize } = engine.config;
  /** @type {Map<number, Problem>} */
  const problems = new Map();
  for (const layer of layers) {
    const rows = await Rows.create(engine.compiled, count, hiddenSize, {
      layers: mlp ? [mlp.hiddenSize, classes] : [classes],
      trainers: (core) =>
        SingleLabelRegression.bytes(core, count, hiddenSize, classes) +
        (mlp ? CrfTrainer.bytes(core, hiddenSize, classes, starts, mlp) : 0),
    });
    const regression = new SingleLabelRegression(rows, count, labels, new Float32Array(classes).fill(1));
    const problem = { layer, rows, starts, targets: new SingleLabel(labels, classes), regression };
    problems.set(layer, problem);
    made.push(problem);
  }
  await forEachBatch(
    engine,
    sentences.map(({ text }) => [text]),
    { phase: 'features', layers, numbers },
    (batch) => {
      const { rows } = /** @type {Problem} */ (problems.get(batch.layer));
      const hidden = engine.hidden(batch, false);
      batch.indices.forEach((sentence, i) => {
        sentences[sentence].firsts.forEach(({ token }, word) => {
          const begin = (batch.starts[i] + token) * hiddenSize;
          rows.set(starts[sentence] + word, hidden.subarray(begin, begin + hiddenSize));
        });
      });
    },
    context,
  );
  const pause = createPause(context);
  if (standardize) for (const { rows } of problems.values()) await rows.standardize(count, pause);
  return [...problems.values()];
}

/**
 * Chooses the best strength for one layer, by the first fold.
 * @param {Problem} problem of the sentences of all folds
 * @param {import('../dataset/split.js').Split['folds']} folds ranges of sentences
 * @param {number[]} strengths
 * @param {Context} context
 */
async function searchLayer({ rows, starts, targets, regression }, folds, strengths, context) {
  const pause = createPause(context);
  const [begin, end] = folds[0].map((sentence) => starts[sentence]);
  const { search, chosen, temperature } = await searchStrength(
    strengths,
    [[begin, end]],
    targets,
    async (c, without) => {
      await regression.fit({ c, without }, pause);
      return rows.logits(begin, end, regression.dense(), pause);
    },
    progressReporter(context, 'search'),
    pause,
  );
  return { ...chosen, search, temperature };
}
