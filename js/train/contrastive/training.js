// Contrastive trainings, with their progress.
import { progressReporter } from '../../rpc/progress.js';
import { contrast } from '../deep/contrast.js';

/** @typedef {import('../deep/contrast.js').Contrast} Contrast */
/** @typedef {import('../deep/contrast.js').ContrastOptions} ContrastOptions */

/** Trainings, one after the other, each from the same beginning. */
export class Training {
  #engine;
  #tuner;
  #trainings;
  #options;
  #pause;
  #report;
  #done = 0;
  #tokens = 0;
  #began = performance.now();
  /** Of the last training: how many steps, and the mean loss of its last tenth. */
  steps = 0;
  loss = 0;

  /**
   * @param {import('../../engine/engine.js').Engine} engine
   * @param {import('./adapter-tuner.js').AdapterTuner} tuner
   * @param {Contrast[][][]} trainings [trainings][steps]
   * @param {Omit<ContrastOptions, 'maxTokens'>} options
   * @param {import('../../rpc/serve.js').Context} context
   * @param {() => Promise<void>} pause
   */
  constructor(engine, tuner, trainings, options, context, pause) {
    this.#engine = engine;
    this.#tuner = tuner;
    this.#trainings = trainings;
    this.#options = options;
    this.#pause = pause;
    this.#report = progressReporter(context, 'train');
  }

  get #total() {
    return this.#trainings.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * @param {number} number of the training
   * @returns {Promise<import('../../core/dense.js').Lora>} the tuned adapters
   */
  async run(number) {
    const { loss, learningRate, warmup, weightDecay, seed } = this.#options;
    const tuner = this.#tuner;
    /** @type {number[]} */
    const losses = [];
    const onStep = (/** @type {number} */ ofStep, /** @type {number} */ tokens) => {
      losses.push(ofStep);
      this.#done += 1;
      this.#tokens += tokens;
      const seconds = (performance.now() - this.#began) / 1000;
      const left = this.#total - this.#done;
      if (left === 0) return; // `finish` tells
      this.#report(this.#done, this.#total, {
        loss: ofStep,
        tokensPerSecond: this.#tokens / seconds,
        secondsLeft: (seconds / this.#done) * left,
        memory: tuner.tuner.memoryBytes,
      });
    };
    tuner.begin();
    const { maxTokens } = tuner;
    await contrast(
      this.#engine,
      tuner.tuner,
      tuner.below,
      this.#trainings[number],
      { loss, learningRate, warmup, weightDecay, maxTokens, seed },
      { pause: this.#pause, onStep },
    );
    const last = losses.slice(-Math.ceil(losses.length / 10));
    this.steps = losses.length;
    this.loss = last.reduce((sum, one) => sum + one, 0) / Math.max(last.length, 1);
    return tuner.lora();
  }

  /** When no more trainings follow. */
  finish() {
    this.#report(this.#total, this.#total, { memory: this.#tuner.tuner.memoryBytes });
  }
}
