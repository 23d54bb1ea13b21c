// The worker's side of `pretrain`: a masked language model is trained on texts, all of it, or by adapters that are merged in the end.
import { range } from '../../base/numbers.js';
import { SPECIAL } from '../../core/abi.js';
import { tensorsOf } from '../../core/tensors.js';
import { BATCH_TOKENS } from '../../engine/engine.js';
import { BertletError } from '../../errors.js';
import { createPause } from '../../rpc/progress.js';
import { split } from '../dataset/split.js';
import { assemble, cut, longestOf } from './batches.js';
import { describeRun } from './checkpoint.js';
import { dropoutOf } from './dropout.js';
import { drawAdapters, drawMaskedHead } from './initial.js';
import { Masking } from './masking.js';
import { packTexts, separateTexts } from './packing.js';
import { orderOf, rateAt } from './schedule.js';
import { changeWeights, withTuner } from './session.js';
import { adaptedTensors, trainedTensors } from './tensors.js';
import { mergeAdapters, replaceWeights } from './trained.js';
import { MAX_NORM } from './train.js';
import { adapterScale } from './tuner-plan.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../types.js').PretrainReport} PretrainReport */
/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./task.js').TuningExample} TuningExample */

/**
 * How is trained, see PretrainOptions; checked.
 * @typedef {object} Pretraining
 * @property {'full' | 'lora'} method
 * @property {number} rank and the following four: of 'lora'
 * @property {number} alpha
 * @property {boolean} rslora
 * @property {number} dropout
 * @property {string | string[]} targetModules
 * @property {number} [steps]
 * @property {number} batchSize
 * @property {number} learningRate
 * @property {number} warmup
 * @property {number} weightDecay
 * @property {number} maxTokens
 * @property {number} mlmProbability
 * @property {boolean} wholeWords
 * @property {boolean} packed
 * @property {boolean} live whether the model takes the weights whenever is measured, too
 * @property {number} [memory] in bytes
 * @property {boolean} checkpoints whether the caller wants them
 * @property {Uint8Array} [resume] a checkpoint
 */

/** Rounds through the texts by default. */
const ROUNDS = 3;

/** How often is measured, after the beginning. */
const MEASUREMENTS = 10;

/** The number of the round whose masks held-out texts have. */
const HELD_OUT = -1;

/** Shares of [UNK] among the tokens of texts: more than the first are worth a warning, more than the second make no sense. */
const UNKNOWN = { some: 0.05, most: 0.5 };

/**
 * Trains the engine's model as a masked language model. When it resolves, the engine has the new weights, and the masked-LM head; `live`
 * also after each measurement, of which the caller hears by an event { weights }, their fingerprint.
 * @param {Engine} engine
 * @param {{ texts: string[], heldOut: string[], validation: number, seed: number, tuning: Pretraining }} params `heldOut`: texts to measure
 *   on; or `validation`, the share of `texts` that is held out of training for that
 * @param {import('../../rpc/serve.js').Context} context
 * @param {import('./session.js').UntilAlone} untilAlone
 * @returns {Promise<{ report: PretrainReport }>} Rejects with BAD_INPUT, BAD_VOCABULARY, UNSUPPORTED_MODEL,
 *   BAD_CHECKPOINT, OUT_OF_MEMORY, BAD_WEIGHTS, HEAD_MODEL_MISMATCH if another training has changed the model meanwhile, or the signal's reason
 */
export async function pretrain(engine, params, context, untilAlone) {
  const { seed, tuning: how } = params;
  const { config, fingerprint, tokenizer, extras } = engine;
  const pause = createPause(context);
  if (tokenizer.specials[SPECIAL.MASK] < 0)
    throw new BertletError('BAD_VOCABULARY', 'The vocabulary has no [MASK], so nothing can be masked.');
  if (extras.maskedHead?.decoder)
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      "This model's decoder does not share the word embeddings (tie_word_embeddings is false), so bertlet can't train it as a masked language model.",
    );
  const masking = new Masking(tokenizer, how);
  const { train, heldOut, texts } = await sequencesOf(engine, params, masking, context, pause);
  const tensors = tensorsOf(engine.core, engine.model);
  const names = [...tensors.keys()];
  const lora = how.method === 'lora';
  const { hidden, attention } = dropoutOf(engine.configJson);
  const { activation } = extras.maskedHead?.transform ?? { activation: transformActivation(config) };
  if (activation === 'none') throw new Error('A masked-LM head without an activation');
  const plan = {
    tuning: lora ? adaptedTensors(names, config.family, how.targetModules) : trainedTensors(names, 0, true),
    maxTokens: BATCH_TOKENS,
    pooling: /** @type {const} */ ('none'),
    rank: lora ? how.rank : 0,
    scale: adapterScale(how),
    dropout: { hidden, attention, adapter: lora ? how.dropout : 0 },
    outputs: 0,
    maskedHead: activation,
  };
  const steps = how.steps ?? Math.ceil((ROUNDS * train.length) / how.batchSize);
  const options = {
    plan,
    longest: longestOf([...train, ...heldOut].map(({ encoded }) => encoded)),
    how,
    describe: () => describeRun(engine, { ...params, task: 'masked-lm' }, { steps }),
    drawInitial(/** @type {import('./tuner.js').Tuner} */ tuner) {
      tuner.masked.write(initialHead(engine, seed));
      drawAdapters(tuner, tensors, plan, seed + 1);
    },
    historyName: /** @type {const} */ ('history'),
  };
  return withTuner(engine, options, context, async (session) => {
    const { tuner, standing } = session;
    let known = fingerprint;
    const takeWeights = async () => {
      await changeWeights(engine, known, context.signal, untilAlone, () => {
        if (lora) mergeAdapters(engine, tuner, tensors, plan);
        else replaceWeights(engine, tuner, plan.tuning);
        takeHead(engine, tuner, activation);
      });
      known = engine.fingerprint;
    };
    const publish = async () => {
      await takeWeights();
      context.emit({ weights: known }, true); // it has them, even if it is aborted in this moment
    };
    const onMeasured = how.live ? publish : async () => {};
    if (standing.step > 0) await onMeasured(); // as before the interruption
    await run(engine, session, { train, heldOut, masking, steps, how, seed, onMeasured });
    await takeWeights();
    const tokens = train.reduce((sum, { encoded }) => sum + encoded.ids.length, 0);
    const counts = { texts, sequences: train.length, heldOutSequences: heldOut.length, tokens };
    const newHead = extras.maskedHead === undefined;
    return { report: reportOf(how, counts, newHead, standing) };
  });
}

/**
 * Gives the engine the trained masked-LM head.
 * @param {Engine} engine
 * @param {import('./tuner.js').Tuner} tuner
 * @param {NonNullable<import('./tuner-plan.js').TunerPlan['maskedHead']>} activation
 */
function takeHead(engine, tuner, activation) {
  const { weight, bias, gamma, beta, decoderBias } = tuner.masked.read();
  // A head of the checkpoint, with its pooler, belongs to weights that are gone.
  engine.extras = {
    ...engine.extras,
    head: undefined,
    headTensors: [],
    maskedHead: {
      transform: { weight, bias, activation },
      norm: { gamma, beta, epsilon: engine.config.epsilon },
      bias: decoderBias,
    },
  };
}

/**
 * The activation of a new head, as the family has it.
 * @param {import('../../checkpoint/config.js').Config} config
 */
const transformActivation = ({ family, activation }) => family.maskedHead.activation ?? activation;

/** The head that training starts from: the checkpoint's, or a new one. @param {Engine} engine @param {number} seed */
export function initialHead({ config, extras }, seed) {
  if (!extras.maskedHead) return drawMaskedHead(config, seed);
  const { transform, norm, bias } = extras.maskedHead;
  const { weight } = transform;
  return { weight, bias: transform.bias, gamma: norm.gamma, beta: norm.beta, decoderBias: bias };
}

/**
 * Texts as sequences of tokens, and those that are held out. Rejects with BAD_INPUT if there is nothing to mask, BAD_VOCABULARY if the
 * vocabulary does not know most of it.
 * @param {Engine} engine
 * @param {{ texts: string[], heldOut: string[], validation: number, seed: number, tuning: Pretraining }} params
 * @param {Masking} masking
 * @param {import('../../rpc/serve.js').Context} context
 * @param {() => Promise<void>} pause
 */
async function sequencesOf({ tokenizer }, { texts, heldOut, validation, seed, tuning: how }, masking, context, pause) {
  const strata = new Int32Array(texts.length);
  const { order, trainRows } = split(strata, 1, { validation, foldRows: 1, folds: 1, seed });
  const ofTexts = (/** @type {string[]} */ some) =>
    (how.packed ? packTexts : separateTexts)(tokenizer, some, how.maxTokens, pause);
  const canMask = (/** @type {TuningExample} */ { encoded }) => masking.canMask(encoded.ids);
  // In the caller's order: what follows each other there may belong together.
  const inOrder = (/** @type {number[]} */ indices) =>
    Array.from(indices)
      .sort((a, b) => a - b)
      .map((index) => texts[index]);
  const all = await ofTexts(inOrder(order.slice(0, trainRows)));
  checkUnknown(tokenizer, all, context);
  const train = all.filter(canMask);
  const held = (await ofTexts(heldOut.length > 0 ? heldOut : inOrder(order.slice(trainRows)))).filter(canMask);
  if (train.length === 0)
    throw new BertletError(
      'BAD_INPUT',
      'No text has a token that could be masked: they are empty, or hold special tokens only. Give texts with words.',
    );
  if (held.length === 0 && (heldOut.length > 0 || validation > 0))
    throw new BertletError(
      'BAD_INPUT',
      heldOut.length > 0
        ? 'No text of validation has a token that could be masked. Give texts with words.'
        : `validation is ${validation}, and of ${texts.length} texts that is none with words. Give more texts, or such as are to be measured on.`,
    );
  return { train, heldOut: held, texts: trainRows };
}

/**
 * Warns if the vocabulary does not know some of the tokens. Throws BAD_VOCABULARY if it does not know most of them.
 * @param {import('../../tokenize/tokenizer.js').Tokenizer} tokenizer
 * @param {TuningExample[]} sequences
 * @param {import('../../rpc/serve.js').Context} context
 */
function checkUnknown({ specials }, sequences, { emit }) {
  let [unknown, known] = [0, 0];
  for (const { encoded } of sequences)
    for (const id of encoded.ids) {
      if (id === specials[SPECIAL.UNK]) unknown += 1;
      else if (!specials.includes(id)) known += 1;
    }
  const share = unknown / (unknown + known);
  const what = `The vocabulary does not know ${Math.round(100 * share)} % of the texts' tokens ([UNK])`;
  const remedy = 'Take a model of their language, or one with a vocabulary of your own.';
  if (share > UNKNOWN.most) throw new BertletError('BAD_VOCABULARY', `${what}. ${remedy}`);
  if (share > UNKNOWN.some) emit({ warning: `${what}, which are not learnt. ${remedy}` });
}

/** @typedef {{ train: TuningExample[], heldOut: TuningExample[], masking: Masking, steps: number, how: Pretraining, seed: number, onMeasured: () => Promise<void> }} Run */

/**
 * Takes all steps that are still to be taken. Afterwards the tuner has the best of what was measured, or the last.
 * @param {Engine} engine
 * @param {Session} session
 * @param {Run} given
 */
async function run(engine, { tuner, plan, standing, pause, onStep }, given) {
  const { train, heldOut, masking, steps, how, seed, onMeasured } = given;
  const { batchSize, learningRate, warmup, weightDecay } = how;
  const heldOutBatches = batchesOf(engine, heldOut, masking, plan.maxTokens, seed, () => HELD_OUT);
  const every = Math.ceil(steps / MEASUREMENTS);
  const first = heldOut.length > 0 ? 0 : 1; // with held-out texts, what the model could before is measured, too
  const measureIfDue = async () => {
    const { history } = standing;
    if (standing.step !== Math.min((history.length + first) * every, steps) || endsAt(standing) === steps) return;
    await measure(tuner, standing, heldOutBatches, pause);
    await onMeasured();
  };
  await measureIfDue(); // at the beginning, or where a measurement was interrupted
  let tokens = 0;
  /** @type {{ round: number, order: number[] }} */
  let current = { round: -1, order: [] };
  /** Number `place` of all that is trained on, one round after the other. @param {number} place */
  const chosen = (place) => {
    const round = Math.floor(place / train.length);
    if (round !== current.round) current = { round, order: orderOf(train.length, seed, round) };
    return { example: train[current.order[place % train.length]], round };
  };
  while (standing.step < steps) {
    const start = standing.step * batchSize;
    const drawn = range(start, start + batchSize).map(chosen);
    const roundOf = (/** @type {number} */ i) => drawn[i].round;
    const examples = drawn.map(({ example }) => example);
    const batches = batchesOf(engine, examples, masking, plan.maxTokens, seed, roundOf);
    const masked = batches.reduce((sum, { labels }) => sum + labels.length, 0);
    const parts = batches.map(({ batch, labels }) => ({ batch, labels, share: labels.length / masked }));
    tokens += batches.reduce((sum, { batch }) => sum + batch.ids.length, 0);
    const rate = learningRate * rateAt(standing.step, steps, warmup);
    const { loss } = await tuner.step(parts, { learningRate: rate, weightDecay, maxNorm: MAX_NORM, seed }, pause);
    standing.step += 1;
    standing.loss += loss;
    await measureIfDue();
    onStep(standing, loss, tokens, steps);
    await pause();
  }
  if (standing.best) tuner.writeValues(standing.best.values);
}

/** The step of the last measurement. @param {Session['standing']} standing */
const endsAt = ({ history }) => (history.length > 0 ? history[history.length - 1].step : undefined);

/**
 * Masks sequences, and cuts them into batches.
 * @param {Engine} engine
 * @param {TuningExample[]} examples
 * @param {Masking} masking
 * @param {number} maxTokens of a batch
 * @param {number} seed
 * @param {(i: number) => number} roundOf which round's masks example number i gets
 * @returns {{ batch: import('./tuner.js').TunerBatch & { rows: number[] }, labels: number[] }[]}
 */
function batchesOf(engine, examples, masking, maxTokens, seed, roundOf) {
  const masked = examples.map((example, i) => {
    const { ids, places, labels } = masking.mask(example.encoded.ids, seed, roundOf(i), example.index);
    return { ...example, encoded: { ...example.encoded, ids }, places, labels };
  });
  return cut(masked, maxTokens).map((some) => {
    const batch = assemble(engine, some);
    const rows = some.flatMap(({ places }, i) => places.map((place) => batch.starts[i] + place));
    return { batch: { ...batch, rows }, labels: some.flatMap(({ labels }) => labels) };
  });
}

/**
 * Adds to the history what the steps since the last measurement brought, and keeps what is best. `standing` changes when all is measured:
 * an interrupted training measures again.
 * @param {import('./tuner.js').Tuner} tuner
 * @param {Session['standing']} standing
 * @param {ReturnType<typeof batchesOf>} batches of held-out texts
 * @param {() => Promise<void>} pause
 */
async function measure(tuner, standing, batches, pause) {
  const { step, history } = standing;
  const before = endsAt(standing) ?? 0;
  /** @type {import('../../types.js').PretrainMeasurement} */
  const measured = { step, ...(step > before && { loss: standing.loss / (step - before) }) };
  if (batches.length > 0) {
    const heldOut = await measureHeldOut(tuner, batches, pause);
    measured.heldOut = heldOut;
    const best = standing.best && history[standing.best.epoch - 1].heldOut;
    if (!best || heldOut.loss < best.loss) standing.best = { epoch: history.length + 1, values: tuner.readValues() };
  }
  history.push(measured);
  standing.loss = 0;
}

/**
 * @param {import('./tuner.js').Tuner} tuner
 * @param {ReturnType<typeof batchesOf>} batches
 * @param {() => Promise<void>} pause
 */
async function measureHeldOut(tuner, batches, pause) {
  let [loss, right, count] = [0, 0, 0];
  for (const { batch, labels } of batches) {
    const found = tuner.measureMasked(batch, labels);
    loss += found.loss * labels.length;
    right += found.right;
    count += labels.length;
    await pause();
  }
  return { loss: loss / count, perplexity: Math.exp(loss / count), accuracy: right / count };
}

/**
 * @param {Pretraining} how
 * @param {Pick<PretrainReport, 'texts' | 'sequences' | 'heldOutSequences' | 'tokens'>} counts
 * @param {boolean} newHead
 * @param {Session['standing']} standing
 * @returns {PretrainReport}
 */
function reportOf(how, counts, newHead, { step, history, best }) {
  const { method, rank, alpha, rslora, dropout, targetModules } = how;
  const { learningRate, batchSize, maxTokens, mlmProbability, wholeWords } = how;
  return {
    method,
    ...counts,
    newHead,
    ...(method === 'lora' && { lora: { rank, alpha, rslora, dropout, targetModules } }),
    ...{ learningRate, batchSize, maxTokens, mlmProbability, wholeWords },
    steps: step,
    kept: best ? history[best.epoch - 1].step : step,
    history,
  };
}
