// Trainings of adapters on pooled vectors, one after the other, each from the same beginning: on several parts of the examples, say.
import { tensorsOf } from '../../core/tensors.js';
import { contrast } from '../deep/contrast.js';
import { describeRun } from '../deep/checkpoint.js';
import { dropoutOf } from '../deep/dropout.js';
import { HiddenStates } from '../deep/hidden-states.js';
import { drawAdapters } from '../deep/initial.js';
import { withTuner } from '../deep/session.js';
import { adaptedTensors } from '../deep/tensors.js';
import { loraOf } from '../deep/trained.js';
import { adapterScale, keepsEmbeddings } from '../deep/tuner-plan.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../deep/contrast.js').Contrast} Contrast */

/** How many tokens a batch has, if there is memory for them: those of 16 pairs of sentences, which then run forward once only. */
const STEP_TOKENS = 1024;

/**
 * How adapters are tuned; checked.
 * @typedef {object} ContrastTuning
 * @property {'contrastive'} method
 * @property {number} rank
 * @property {number} alpha
 * @property {boolean} rslora
 * @property {number} dropout
 * @property {string | string[]} targetModules
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

/**
 * Does something with trainings, whose tuner lives as long.
 * @template T
 * @param {Engine} engine
 * @param {{ seed: number, tuning: ContrastTuning }} params of the task's function
 * @param {object} what
 * @param {'mean' | 'cls' | 'max'} what.pooling
 * @param {number} what.longest tokens of the longest text
 * @param {import('../deep/contrast.js').ContrastOptions['loss']} what.loss
 * @param {Contrast[][][]} what.trainings [trainings][steps]
 * @param {import('../../rpc/serve.js').Context} context
 * @param {(trainings: Trainings) => Promise<T>} work
 * @returns {Promise<T>} rejects with OUT_OF_MEMORY, BAD_CHECKPOINT, BAD_INPUT for target modules that are not there, and with what `work`
 *   rejects with
 */
export async function withTrainings(engine, params, { pooling, longest, loss, trainings }, context, work) {
  const { seed, tuning: how } = params;
  const { config } = engine;
  const tensors = tensorsOf(engine.core, engine.model);
  const { hidden, attention } = dropoutOf(engine.configJson);
  const plan = {
    tuning: adaptedTensors([...tensors.keys()], config.family, how.targetModules),
    weights: /** @type {'f32' | 'int8'} */ (engine.isInt8 ? 'int8' : 'f32'),
    embeds: keepsEmbeddings(engine),
    maxTokens: STEP_TOKENS,
    pooling,
    rank: how.rank,
    scale: adapterScale(how),
    dropout: { hidden, attention, adapter: how.dropout },
    outputs: 0,
    lossBytes: 0,
  };
  const steps = trainings.reduce((sum, { length }) => sum + length, 0);
  /** @type {import('../deep/tuner.js').TunerState} */
  let initial;
  const options = {
    plan,
    longest,
    how,
    describe: () => describeRun(engine, /** @type {any} */ (params), { steps }),
    drawInitial(/** @type {import('../deep/tuner.js').Tuner} */ tuner) {
      drawAdapters(tuner, tensors, plan, seed + 1);
      initial = tuner.readState();
    },
  };
  return withTuner(engine, options, context, (session) => {
    session.standing.finished ??= [];
    return work(new Trainings(engine, session, { initial, trainings, tensors, loss, how, seed, steps }));
  });
}

/**
 * @typedef {object} Given
 * @property {import('../deep/tuner.js').TunerState} initial
 * @property {Contrast[][][]} trainings
 * @property {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
 * @property {import('../deep/contrast.js').ContrastOptions['loss']} loss
 * @property {ContrastTuning} how
 * @property {number} seed
 * @property {number} steps of all trainings
 */

class Trainings {
  #engine;
  #session;
  #given;
  #below;
  #tokens = 0;

  /**
   * @param {Engine} engine
   * @param {import('../deep/session.js').Session} session
   * @param {Given} given
   */
  constructor(engine, session, given) {
    this.#engine = engine;
    this.#session = session;
    this.#given = given;
    this.#below = session.plan.embeds ? undefined : new HiddenStates(engine, 0, session.pause);
  }

  /** What is trained, after each training that has ended. */
  get #finished() {
    return /** @type {Float32Array[]} */ (this.#session.standing.finished);
  }

  /**
   * Trains, unless that was done before an interruption.
   * @param {number} number of the training: they are run in their order
   * @returns {Promise<import('../../core/dense.js').Lora>} the tuned adapters
   */
  async run(number) {
    const { tuner, plan } = this.#session;
    if (number === this.#finished.length) await this.#train(number);
    // An interrupted training, which is to go on, may be in the tuner.
    const state = tuner.readState();
    tuner.writeValues(this.#finished[number]);
    const lora = loraOf(tuner, this.#given.tensors, plan);
    tuner.writeState(state);
    return lora;
  }

  /** @param {number} number the next one */
  async #train(number) {
    const { tuner, plan, standing, pause, onStep } = this.#session;
    const { initial, trainings, loss, how, seed, steps: all } = this.#given;
    const steps = trainings[number];
    const before = trainings.slice(0, number).reduce((sum, { length }) => sum + length, 0);
    const first = standing.step - before;
    if (first === 0) {
      tuner.writeState(initial);
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
    this.#finished.push(tuner.readValues());
  }

  /**
   * When no more trainings follow.
   * @returns {{ steps: number, trainLoss: number }} of the last training; the loss is the mean of its last tenth
   */
  finish() {
    const { standing, onEnd } = this.#session;
    const { trainings, steps: all } = this.#given;
    onEnd(all);
    const last = trainings[this.#finished.length - 1];
    return { steps: last.length, trainLoss: standing.loss / lastSteps(last) };
  }
}

/** The last tenth of them. @param {Contrast[][]} steps */
const lastSteps = ({ length }) => Math.ceil(length / 10);
