// A tuner of adapters on pooled vectors, which can begin anew: for trainings on several parts of the examples.
import { tensorsOf } from '../../core/tensors.js';
import { createPause } from '../../rpc/progress.js';
import { compileTrainer } from '../deep/compile-trainer.js';
import { dropoutOf } from '../deep/dropout.js';
import { drawAdapters } from '../deep/initial.js';
import { planMemory } from '../deep/plan-memory.js';
import { adaptedTensors } from '../deep/tensors.js';
import { loraOf } from '../deep/trained.js';
import { HiddenStates } from '../deep/hidden-states.js';
import { Tuner } from '../deep/tuner.js';
import { adapterScale, keepsEmbeddings } from '../deep/tuner-plan.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */

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
 * @property {number} rounds of pairs of labelled examples
 * @property {number} [epochs] of pairs that were given
 * @property {number} batchSize pairs of a step
 * @property {number} learningRate
 * @property {number} warmup
 * @property {number} weightDecay
 * @property {number} maxTokens of a text
 * @property {number} [memory] in bytes
 */

export class AdapterTuner {
  #tensors;
  #plan;
  #initial;

  /**
   * To be disposed of.
   * @param {Engine} engine
   * @param {ContrastTuning} how
   * @param {{ pooling: 'mean' | 'cls' | 'max', longest: number, seed: number }} options `longest`: tokens of the longest text
   * @param {import('../../rpc/serve.js').Context} context
   * @returns {Promise<AdapterTuner>} rejects with OUT_OF_MEMORY, and BAD_INPUT for target modules that are not there
   */
  static async create(engine, how, { pooling, longest, seed }, context) {
    const { rank, dropout, targetModules } = how;
    const { config } = engine;
    const tensors = tensorsOf(engine.core, engine.model);
    const rates = dropoutOf(engine.configJson);
    const wanted = {
      tuning: adaptedTensors([...tensors.keys()], config.family, targetModules),
      weights: /** @type {'f32' | 'int8'} */ (engine.isInt8 ? 'int8' : 'f32'),
      embeds: keepsEmbeddings(engine),
      maxTokens: STEP_TOKENS,
      pooling,
      rank,
      scale: adapterScale(how),
      dropout: { hidden: rates.hidden, attention: rates.attention, adapter: dropout },
      outputs: 0,
      lossBytes: 0,
    };
    const compiled = await compileTrainer(engine.compiled);
    const { keptLayers, maxTokens } = await planMemory(config, compiled, wanted, { longest, budget: how.memory });
    const plan = { ...wanted, keptLayers, maxTokens };
    const tuner = await Tuner.create(engine, compiled, plan);
    drawAdapters(tuner, tensors, plan, seed);
    const pause = createPause(context);
    return new AdapterTuner(tuner, tensors, plan, plan.embeds ? undefined : new HiddenStates(engine, 0, pause));
  }

  /**
   * @param {Tuner} tuner
   * @param {Map<string, import('../../core/tensors.js').CoreTensor>} tensors of the model
   * @param {import('../deep/tuner.js').TunerPlan} plan
   * @param {HiddenStates | undefined} below
   */
  constructor(tuner, tensors, plan, below) {
    this.tuner = tuner;
    /** Where the embeddings of a batch come from, if the tuner has none. */
    this.below = below;
    this.#tensors = tensors;
    this.#plan = plan;
    this.#initial = tuner.readState();
  }

  /** Tokens of a batch. */
  get maxTokens() {
    return this.#plan.maxTokens;
  }

  /** Forgets what was trained. */
  begin() {
    this.tuner.writeState(this.#initial);
  }

  /** The adapters as they are now, copies. */
  lora() {
    return loraOf(this.tuner, this.#tensors, this.#plan);
  }

  /** Ends the threads, and frees the memory. */
  dispose() {
    this.tuner.dispose();
  }
}
