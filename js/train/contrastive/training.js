// Trainings of the encoder on pooled vectors, one after the other, each from the same beginning: on several parts of the examples, say.
import { tensorsOf } from '../../core/tensors.js';
import { normalizeRows } from '../../engine/engine.js';
import { assemble, cut, longestOf } from '../deep/batches.js';
import { contrast } from '../deep/contrast.js';
import { describeRun } from '../deep/checkpoint.js';
import { encoderPlan, reportTuned } from '../deep/encoder-plan.js';
import { HiddenStates } from '../deep/hidden-states.js';
import { drawAdapters } from '../deep/initial.js';
import { changeWeights, checkTurn, withTuner } from '../deep/session.js';
import { loraOf, replaceWeights } from '../deep/trained.js';
import { adaptedVectors } from './vectors.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../tokenize/tokenizer.js').Text} Text */
/** @typedef {import('../deep/contrast.js').Contrast} Contrast */
/** @typedef {import('../deep/task.js').TuningExample} TuningExample */

/** How many tokens a batch has, if there is memory for them: those of 16 pairs of sentences, which then run forward once only. */
const STEP_TOKENS = 1024;

/**
 * How the encoder is tuned; checked.
 * @typedef {object} ContrastSteps
 * @property {'contrastive'} method
 * @property {'lora' | 'layers' | 'full'} tune what of the encoder
 * @property {number} [rounds] of pairs of labelled examples
 * @property {number} [epochs] of pairs that were given
 * @property {number} batchSize pairs of a step
 * @property {number} learningRate
 * @property {number} warmup
 * @property {number} weightDecay
 * @property {number} maxTokens of a text
 * @property {number} [memory] in bytes
 * @property {boolean} checkpoints whether the caller wants them
 * @property {Uint8Array} [resume] a checkpoint
 */

/** @typedef {ContrastSteps & import('../deep/encoder-plan.js').EncoderTuning} ContrastTuning */

/**
 * Does something with trainings, whose tuner lives as long.
 * @template T
 * @param {Engine} engine
 * @param {{ seed: number, tuning: ContrastTuning }} params of the task's function
 * @param {object} what
 * @param {'mean' | 'cls' | 'max'} what.pooling
 * @param {number} what.longest tokens of the longest text that is trained on
 * @param {import('../deep/contrast.js').ContrastOptions['loss']} what.loss
 * @param {Contrast[][][]} what.trainings [trainings][steps]
 * @param {Text[]} what.texts whose vectors say what each training has brought
 * @param {Text[]} [what.others] whose vectors may be asked for, too
 * @param {import('../../rpc/serve.js').Context} context
 * @param {(trainings: Trainings) => Promise<T>} work
 * @returns {Promise<T>} rejects with OUT_OF_MEMORY, BAD_CHECKPOINT, BAD_INPUT for target modules that are not there, and with what `work`
 *   rejects with
 */
export async function withTrainings(engine, params, what, context, work) {
  const { pooling, longest, loss, trainings, texts, others = [] } = what;
  const { seed, tuning: how } = params;
  const { hiddenSize } = engine.config;
  const { fingerprint } = engine;
  const tensors = tensorsOf(engine.core, engine.model);
  const plan = {
    ...encoderPlan(engine, [...tensors.keys()], how.tune, how),
    maxTokens: STEP_TOKENS,
    pooling,
    outputs: 0,
    lossBytes: 0,
  };
  const whole = how.tune === 'lora' ? new Map() : wholeTexts(engine, [...texts, ...others]);
  const steps = trainings.reduce((sum, { length }) => sum + length, 0);
  /** @type {Float32Array} */
  let initial;
  const options = {
    plan,
    longest: Math.max(longest, longestOf(Array.from(whole.values(), ({ encoded }) => encoded))),
    how,
    describe: () => describeRun(engine, /** @type {any} */ (params), { steps }),
    drawInitial(/** @type {import('../deep/tuner.js').Tuner} */ tuner) {
      drawAdapters(tuner, tensors, plan, seed + 1);
      initial = tuner.readValues();
    },
    finished: texts.length * hiddenSize,
  };
  return withTuner(engine, options, context, (session) => {
    const given = { fingerprint, initial, trainings, texts, whole, tensors, pooling, loss, how, seed, steps };
    return work(new Trainings(engine, session, context, given));
  });
}

/**
 * Texts as inference reads them, of which training may read the beginning only.
 * @param {Engine} engine
 * @param {Text[]} texts
 * @returns {Map<Text, TuningExample>}
 */
function wholeTexts({ tokenizer, config }, texts) {
  const encode = (/** @type {Text} */ text) => tokenizer.encode(text, config.maxPositions);
  return new Map(texts.map((text, index) => [text, { encoded: encode(text), index, weight: 1 }]));
}

/**
 * @typedef {object} Given
 * @property {string} fingerprint of the weights that training began with
 * @property {Float32Array} initial what is trained, before
 * @property {Contrast[][][]} trainings
 * @property {Text[]} texts
 * @property {Map<Text, TuningExample>} whole the texts that the tuner reads: none with adapters, with which the engine does
 * @property {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @property {'mean' | 'cls' | 'max'} pooling
 * @property {import('../deep/contrast.js').ContrastOptions['loss']} loss
 * @property {ContrastTuning} how
 * @property {number} seed
 * @property {number} steps of all trainings
 */

export class Trainings {
  #engine;
  #session;
  #context;
  #given;
  #below;
  #tokens = 0;

  /**
   * @param {Engine} engine
   * @param {import('../deep/session.js').Session} session
   * @param {import('../../rpc/serve.js').Context} context
   * @param {Given} given
   */
  constructor(engine, session, context, given) {
    const { embeds, begin = 0 } = session.plan;
    this.#engine = engine;
    this.#session = session;
    this.#context = context;
    this.#given = given;
    this.#below = embeds ? undefined : new HiddenStates(engine, begin, session.pause);
  }

  /** The tuned vectors of the texts, after each training that has ended: [texts][hiddenSize]. */
  get #finished() {
    return /** @type {Float32Array[]} */ (this.#session.standing.finished);
  }

  /** Whether the model's own weights are trained. */
  get changesModel() {
    return this.#session.plan.tuning.includes('TRAINED');
  }

  /** The adapters, as the last training that ran has left them, copies; undefined where there are none. */
  get lora() {
    const { tuner, plan } = this.#session;
    return this.changesModel ? undefined : loraOf(tuner, this.#given.tensors, plan);
  }

  /**
   * Trains, unless that was done before an interruption.
   * @param {number} number of the training: they are run in their order
   * @returns {Promise<Float32Array[]>} [texts][hiddenSize] the tuned vectors of the texts, each of length 1
   */
  async run(number) {
    const { texts } = this.#given;
    const { hiddenSize } = this.#engine.config;
    if (number === this.#finished.length) {
      await this.#train(number);
      const vectors = new Float32Array(texts.length * hiddenSize);
      (await this.vectorsOf(texts)).forEach((vector, i) => vectors.set(vector, i * hiddenSize));
      this.#finished.push(vectors);
    }
    return rowsOf(this.#finished[number], hiddenSize);
  }

  /** @param {number} number the next one */
  async #train(number) {
    const { tuner, plan, standing, pause, onStep } = this.#session;
    const { initial, trainings, loss, how, seed, steps: all } = this.#given;
    const steps = trainings[number];
    const before = trainings.slice(0, number).reduce((sum, { length }) => sum + length, 0);
    const first = standing.step - before;
    if (first === 0) {
      tuner.restart(initial);
      standing.loss = 0;
    }
    const { learningRate, warmup, weightDecay } = how;
    await contrast(
      this.#engine,
      tuner,
      this.#below,
      steps,
      first,
      { loss, learningRate, warmup, weightDecay, maxTokens: plan.maxTokens, seed },
      {
        pause,
        onStep: (ofStep, tokens) => {
          standing.step += 1;
          this.#tokens += tokens;
          if (standing.step - before > steps.length - lastSteps(steps)) standing.loss += ofStep;
          if (standing.step < all) onStep(standing, ofStep, this.#tokens, all); // else `finish` tells
        },
      },
    );
  }

  /**
   * Vectors by what the last training that ran has left.
   * @param {Text[]} texts of those that were named before
   * @returns {Promise<Float32Array[]>} [texts][hiddenSize], each of length 1
   */
  async vectorsOf(texts) {
    const { lora } = this;
    const { pooling, whole } = this.#given;
    if (lora) return adaptedVectors(this.#engine, texts, { pooling, lora }, this.#context);
    const { tuner, plan, pause } = this.#session;
    const { hiddenSize } = this.#engine.config;
    /** @type {Float32Array[]} */
    const vectors = [];
    const examples = texts.map((text) => /** @type {TuningExample} */ (whole.get(text)));
    for (const some of cut(examples, plan.maxTokens)) {
      const hidden = await this.#below?.of(some);
      const features = tuner.features({ ...assemble(this.#engine, some), ...(hidden && { hidden }) });
      normalizeRows(features, hiddenSize);
      vectors.push(...rowsOf(features, hiddenSize));
      await pause();
    }
    return vectors;
  }

  /**
   * When no more trainings follow.
   * @returns {object} for the report: what was trained, and how: among others the steps of the last training, and the mean loss of its last tenth
   */
  finish() {
    const { standing, onEnd } = this.#session;
    const { trainings, how, steps: all } = this.#given;
    onEnd(all);
    const last = trainings[this.#finished.length - 1];
    const { method, tune, learningRate, batchSize } = how;
    return {
      ...{ method, tune, ...reportTuned(tune, how), learningRate, batchSize },
      steps: last.length,
      trainLoss: standing.loss / lastSteps(last),
    };
  }

  /**
   * Gives the model the weights that were trained, if they are kept. Nothing must be able to fail after it.
   * @param {boolean} isKept whether what the last training has left is
   * @param {import('../deep/session.js').UntilAlone} untilAlone
   * @returns {Promise<void>} rejects with HEAD_MODEL_MISMATCH if another training has changed the model meanwhile, or
   *   the signal's reason
   */
  async settle(isKept, untilAlone) {
    const engine = this.#engine;
    const { tuner, plan } = this.#session;
    const { fingerprint } = this.#given;
    const { signal } = this.#context;
    if (isKept && this.changesModel)
      await changeWeights(engine, fingerprint, signal, untilAlone, () => replaceWeights(engine, tuner, plan.tuning));
    else checkTurn(engine, fingerprint, signal);
  }
}

/**
 * @param {Float32Array} matrix [rows][width]
 * @param {number} width
 * @returns {Float32Array[]} [rows] views
 */
const rowsOf = (matrix, width) =>
  Array.from({ length: matrix.length / width }, (_, row) => matrix.subarray(row * width, (row + 1) * width));

/** The last tenth of them. @param {Contrast[][]} steps */
const lastSteps = ({ length }) => Math.ceil(length / 10);
