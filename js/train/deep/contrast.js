// The steps of contrastive tuning: what belongs together gets vectors in the same direction, what does not belong together in others.
import { assemble, cut } from './batches.js';
import { cosineLoss, rankingLoss } from './contrastive-loss.js';
import { rateAt } from './schedule.js';

/** @typedef {import('./task.js').TuningExample} TuningExample */

/**
 * Texts whose vectors are compared.
 * @typedef {object} Contrast
 * @property {TuningExample[]} texts a text, another one, and for 'ranking' perhaps a third, which does not belong to the first
 * @property {number} [score] for 'cosine': the cosine that the first two should have
 */

/**
 * @typedef {object} ContrastOptions
 * @property {'cosine' | 'ranking'} loss see contrastive-loss.js
 * @property {number} learningRate the highest, see `rateAt`
 * @property {number} warmup share of the steps
 * @property {number} weightDecay
 * @property {number} maxTokens of a batch; a step of more is cut
 * @property {number} seed of dropout
 */

/** To which the L2 norm of a gradient is cut down, as the trainer of sentence-transformers does. */
const MAX_NORM = 1;

/**
 * Trains. A text that stands in several pairs of a step runs through the encoder once.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {import('./tuner.js').Tuner} tuner of a plan that pools, without a head, before step `first`
 * @param {import('./hidden-states.js').HiddenStates | undefined} below where the tuner does not compute the embeddings
 * @param {Contrast[][]} steps [steps] what is compared in each
 * @param {number} first the step to begin with, where earlier ones were taken
 * @param {ContrastOptions} options
 * @param {{ pause: () => Promise<void>, onStep: (loss: number, tokens: number) => void }} hooks `tokens`: of the step
 * @returns {Promise<void>} rejects as `Tuner.stepTogether`, and with BAD_INPUT for pairs that the model can't read
 */
export async function contrast(engine, tuner, below, steps, first, options, { pause, onStep }) {
  const { learningRate, warmup, weightDecay, maxTokens, seed } = options;
  const { hiddenSize } = engine.config;
  for (let step = first; step < steps.length; step++) {
    const contrasts = steps[step];
    const texts = [...new Set(contrasts.flatMap((one) => one.texts))];
    const batches = [];
    for (const some of cut(texts, maxTokens))
      batches.push({ ...assemble(engine, some), ...(below && { hidden: await below.of(some) }) });
    const lossOf = lossOfStep(contrasts, texts, hiddenSize, options.loss);
    const rate = learningRate * rateAt(step, steps.length, warmup);
    const { loss } = await tuner.stepTogether(
      batches,
      lossOf,
      { learningRate: rate, weightDecay, maxNorm: MAX_NORM, seed },
      pause,
    );
    onStep(
      loss,
      batches.reduce((sum, { starts }) => sum + starts[starts.length - 1], 0),
    );
    await pause();
  }
}

/**
 * @param {Contrast[]} contrasts of a step
 * @param {TuningExample[]} texts all of theirs
 * @param {number} width
 * @param {ContrastOptions['loss']} loss
 * @returns {(vectors: Float32Array) => import('./contrastive-loss.js').VectorLoss} of their vectors [texts][width]
 */
function lossOfStep(contrasts, texts, width, loss) {
  const rows = new Map(texts.map((text, row) => [text, row]));
  const rowOf = (/** @type {TuningExample} */ text) => /** @type {number} */ (rows.get(text));
  const pairs = contrasts.map(({ texts: [left, right], score = 1 }) => ({
    left: rowOf(left),
    right: rowOf(right),
    score,
  }));
  if (loss === 'cosine') return (vectors) => cosineLoss(vectors, width, pairs);
  const others = contrasts.flatMap((one) => one.texts.slice(2).map(rowOf));
  const anchors = pairs.map(({ left }) => left);
  const candidates = [...pairs.map(({ right }) => right), ...others];
  return (vectors) => rankingLoss(vectors, width, anchors, candidates);
}
