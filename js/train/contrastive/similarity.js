// The worker's side of `fit` for pairs of texts that belong together: what is tuned makes the vectors of `embed` as alike as the pairs
// say (Reimers & Gurevych 2019, https://arxiv.org/abs/1908.10084).
import { range } from '../../base/numbers.js';
import { random, shuffle } from '../../base/random.js';
import { BertletError } from '../../errors.js';
import { regressionMetrics } from '../../metrics/correlation.js';
import { candidatesOf, retrievalMetrics } from '../../metrics/retrieval.js';
import { createPause } from '../../rpc/progress.js';
import { inBatches, longestOf } from '../deep/batches.js';
import { dot } from '../deep/contrastive-loss.js';
import { orderOf } from '../deep/schedule.js';
import { encodeAll } from '../deep/task.js';
import { withTrainings } from './training.js';
import { adaptedVectors } from './vectors.js';

/** @typedef {import('../deep/contrast.js').Contrast} Contrast */

/** As many epochs as it takes for MIN_STEPS, up to MAX_EPOCHS. */
const MIN_STEPS = 100;
const MAX_EPOCHS = 10;

/**
 * @typedef {object} SimilarityParams
 * @property {string[][]} texts [examples] two, or three: the third does not belong to the first
 * @property {number[]} [scores] [examples] 0 to 1, how alike the two are; undefined: each first text belongs to its second one
 * @property {number} validation share of the examples to hold out
 * @property {number} seed
 * @property {import('./training.js').ContrastTuning} tuning
 */

/**
 * Tunes, and measures on what is held out.
 * @param {import('../../engine/engine.js').Engine} engine which has the tuned weights when it resolves, if weights were tuned, unless the
 *   held-out examples say that it is better as it is
 * @param {SimilarityParams} params
 * @param {import('../../rpc/serve.js').Context} context
 * @param {import('../deep/session.js').UntilAlone} untilAlone
 * @returns {Promise<{ network: import('../../core/dense.js').HeadNetwork, report: object }>} the network is an adapter
 *   only, none if weights were tuned, or the model is better as it is. Rejects with UNSUPPORTED_MODEL, OUT_OF_MEMORY, BAD_CHECKPOINT, BAD_WEIGHTS,
 *   WORKER_FAILED, BAD_INPUT, HEAD_MODEL_MISMATCH if another training has changed the model meanwhile, or the signal's reason
 */
export async function fitSimilarity(engine, params, context, untilAlone) {
  const { texts, scores, validation, seed, tuning: how } = params;
  const { pooling, normalize } = poolingOf(engine, context);
  const pause = createPause(context);
  const { maxTokens } = how;
  const tokens = await encodeAll(
    texts,
    maxTokens,
    (own) => {
      const encoded = own.map((text) => engine.tokenizer.encode([text], maxTokens));
      return { encoded, cut: encoded.some(({ cut }) => cut) };
    },
    pause,
    context,
  );
  const order = shuffle(range(0, texts.length), random(seed));
  const heldOut = order.splice(Math.max(order.length - Math.round(order.length * validation), 1));
  /** @type {Contrast[]} */
  const contrasts = order.map((index) => ({
    texts: tokens[index].encoded.map((encoded) => ({ encoded, index, weight: 1 })),
    ...(scores && { score: scores[index] }),
  }));
  const { batchSize } = how;
  const epochs = how.epochs ?? Math.min(Math.ceil(MIN_STEPS / Math.ceil(order.length / batchSize)), MAX_EPOCHS);
  const steps = range(0, epochs).flatMap((epoch) => {
    const ofEpoch = orderOf(contrasts.length, seed, epoch);
    const batches = scores ? inBatches(ofEpoch, batchSize) : withoutRepeats(ofEpoch, batchSize, (i) => texts[order[i]]);
    return batches.map((batch) => batch.map((i) => contrasts[i]));
  });
  const longest = longestOf(tokens.flatMap(({ encoded }) => encoded));
  const loss = scores ? /** @type {const} */ ('cosine') : /** @type {const} */ ('ranking');
  const measured = measurementOf(
    heldOut.map((i) => texts[i]),
    scores && heldOut.map((i) => scores[i]),
  );
  const what = { pooling, longest, loss, trainings: [steps], texts: measured.texts };
  return withTrainings(engine, params, what, context, async (training) => {
    const tuned = await training.run(0);
    const trained = training.finish();
    let comparison;
    if (heldOut.length > 0) {
      const asTheyAre = await adaptedVectors(engine, measured.texts, { pooling }, context);
      comparison = compare(await measured.by(asTheyAre, pause), await measured.by(tuned, pause));
    }
    const isTuned = comparison?.kept !== 'frozen';
    const { lora } = training;
    const { numLayers: layer } = engine.config;
    const fitted = {
      network: { layer, pooling, normalize, dense: [], ...(isTuned && lora && { lora }) },
      report: {
        examples: order.length,
        layer,
        pooling,
        ...(comparison && { comparison }),
        epochs,
        ...trained,
      },
    };
    await training.settle(isTuned, untilAlone);
    return fitted;
  });
}

/**
 * How `embed` pools by default.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {import('../../rpc/serve.js').Context} context
 */
function poolingOf({ extras }, { emit }) {
  const {
    pooling = /** @type {const} */ ('mean'),
    normalize = false,
    dense = [],
    defaultPrompt,
  } = extras.sentencePipeline ?? {};
  if (dense.length > 0)
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      'This model has dense layers between its encoder and its vectors, through which bertlet does not train. Take a model without them, such as all-MiniLM-L6-v2.',
    );
  if (defaultPrompt)
    emit({
      warning: `By default embed() puts the prompt "${defaultPrompt}" before texts, but this training does not. Put it before the texts of the pairs that should have it.`,
    });
  return { pooling, normalize };
}

/**
 * Batches in which no text occurs twice: it would count as a wrong answer of another example where it is right. What does not fit into a
 * batch waits for the next one.
 * @param {number[]} order
 * @param {number} size
 * @param {(i: number) => string[]} textsOf
 * @returns {number[][]}
 */
function withoutRepeats(order, size, textsOf) {
  /** @type {number[][]} */
  const batches = [];
  for (let waiting = order; waiting.length > 0;) {
    /** @type {number[]} */
    const batch = [];
    /** @type {number[]} */
    const later = [];
    const seen = new Set();
    for (const i of waiting) {
      const texts = textsOf(i);
      if (batch.length === size || texts.some((text) => seen.has(text))) {
        later.push(i);
        continue;
      }
      texts.forEach((text) => seen.add(text));
      batch.push(i);
    }
    batches.push(batch);
    waiting = later;
  }
  return batches;
}

/**
 * How well cosines agree with scores; or, without scores, how well each first text finds its second one among all.
 * @param {string[][]} pairs
 * @param {number[] | undefined} scores
 * @returns {{ texts: import('../../tokenize/tokenizer.js').Text[], by: (vectors: Float32Array[], pause: () => Promise<void>) =>
 *   Promise<import('../../types.js').SimilarityScores> }} the texts whose vectors are wanted, and what these say
 */
function measurementOf(pairs, scores) {
  const lefts = pairs.map(([left]) => left);
  const rights = pairs.map(([, right]) => right);
  const { candidates, own } = scores ? { candidates: rights, own: [] } : candidatesOf(rights);
  return {
    texts: [...lefts, ...candidates].map((text) => [text]),
    async by(vectors, pause) {
      const [ofLefts, ofCandidates] = [vectors.slice(0, pairs.length), vectors.slice(pairs.length)];
      if (!scores) return retrievalMetrics(ofLefts, ofCandidates, own, dot, pause);
      const cosines = ofLefts.map((left, i) => dot(left, ofCandidates[i]));
      const { pearson, spearman, n } = regressionMetrics(scores, cosines);
      return { spearman, pearson, n };
    },
  };
}

/**
 * By the first of what was measured.
 * @param {import('../../types.js').SimilarityScores} frozen
 * @param {import('../../types.js').SimilarityScores} tuned
 */
function compare(frozen, tuned) {
  const [before, after] = [frozen, tuned].map(({ spearman, meanReciprocalRank = 0 }) => spearman ?? meanReciprocalRank);
  const kept = /** @type {'tuned' | 'frozen'} */ (before >= after ? 'frozen' : 'tuned');
  return { measuredOn: /** @type {const} */ ('validation'), frozen, tuned, kept };
}
