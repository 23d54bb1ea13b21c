// Trains a head with a hidden layer and a conditional random field on top, sentence by sentence.
import { align } from '../../core/instance.js';
import { Mlp } from './mlp.js';
import { random, shuffle } from '../../base/random.js';
import { range } from '../../base/numbers.js';

/** @typedef {import('./mlp-trainer.js').MlpOptions} MlpOptions */

/** Sentences of a step. */
const BATCH = 16;

/** Epochs without a lower loss before no more are tried. */
const PATIENCE = 2;

export class CrfTrainer {
  #rows;
  #starts;
  #targets;
  #options;
  #seed;
  #mlp;
  #at;

  /**
   * @param {import('../../core/instance.js').Core} core
   * @param {number} width
   * @param {number} tags
   * @param {Int32Array} starts
   * @param {MlpOptions} options
   */
  static bytes(core, width, tags, starts, options) {
    const { words, crf } = CrfTrainer.#sizes(core, tags, starts);
    const mlp = Mlp.bytes(core, shape(width, tags, words, options));
    return mlp + align(4 * words) + align(4 * (BATCH + 1)) + align(crf);
  }

  /**
   * @param {import('../../core/instance.js').Core} core
   * @param {number} tags
   * @param {Int32Array} starts
   */
  static #sizes(core, tags, starts) {
    const longest = starts.reduce((most, start, i) => Math.max(most, i > 0 ? start - starts[i - 1] : 1), 1);
    return { words: BATCH * longest, crf: core.fn.crf_bytes(longest, tags) >>> 0 };
  }

  /**
   * @param {import('../dataset/rows.js').Rows} rows
   * @param {Int32Array} starts [sentences + 1] rows where sentences begin
   * @param {import('../dataset/targets.js').SingleLabel} targets
   * @param {MlpOptions} options
   * @param {number} seed
   */
  constructor(rows, starts, targets, options, seed) {
    const { core, width } = rows;
    this.#rows = rows;
    this.#starts = starts;
    this.#targets = targets;
    this.#options = options;
    this.#seed = seed;
    const { words, crf } = CrfTrainer.#sizes(core, targets.classes, starts);
    this.#mlp = new Mlp(core, shape(width, targets.classes, words, options));
    this.#at = { labels: core.reserve(4 * words), starts: core.reserve(4 * (BATCH + 1)), crf: core.reserve(crf) };
  }

  dense() {
    return this.#mlp.dense();
  }

  /** @returns {Float32Array} [tags + 1][tags], the last row: of the first word */
  transitions() {
    const { classes } = this.#targets;
    return this.#rows.core.floats(this.#mlp.extra.parameters, (classes + 1) * classes).slice();
  }

  /**
   * @param {[begin: number, end: number] | undefined} heldOut sentences to choose by
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   */
  async chooseEpochs(heldOut, pause, report) {
    const { epochs: most, earlyStopping } = this.#options;
    if (!heldOut || !earlyStopping) return { epochs: most, search: [] };
    const [begin, end] = heldOut;
    const count = this.#starts.length - 1;
    const words = this.#starts[end] - this.#starts[begin];
    /** @type {{ epochs: number, logLoss: number }[]} */
    const search = [];
    let best = { epochs: 1, logLoss: Infinity };
    await this.#run(most, [...range(0, begin), ...range(end, count)], pause, async (epochs) => {
      let sum = 0;
      for (let first = begin; first < end; first += BATCH) {
        const batch = range(first, Math.min(first + BATCH, end));
        sum += this.#loss(batch) * batch.reduce((all, i) => all + this.#starts[i + 1] - this.#starts[i], 0);
        await pause();
      }
      const step = { epochs, logLoss: sum / words };
      search.push(step);
      if (step.logLoss < best.logLoss) best = step;
      const goesOn = epochs - best.epochs < PATIENCE;
      report(goesOn ? epochs : most, most);
      return goesOn;
    });
    return { epochs: best.epochs, search };
  }

  /**
   * @param {number} epochs
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   */
  async fit(epochs, pause, report) {
    await this.#run(epochs, range(0, this.#starts.length - 1), pause, async (epoch) => {
      report(epoch, epochs);
      return true;
    });
  }

  /**
   * @param {number} epochs
   * @param {number[]} sentences to train on
   * @param {() => Promise<void>} pause
   * @param {(epoch: number) => Promise<boolean>} goesOn after each epoch, from 1
   */
  async #run(epochs, sentences, pause, goesOn) {
    const next = random(this.#seed);
    this.#mlp.reset(next);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      shuffle(sentences, next);
      for (let first = 0; first < sentences.length; first += BATCH) {
        const loss = this.#loss(sentences.slice(first, first + BATCH));
        this.#mlp.step(loss, this.#options.learningRate);
        await pause();
      }
      if (!(await goesOn(epoch))) return;
    }
  }

  /**
   * The loss of some sentences; leaves its gradient for a step.
   * @param {number[]} sentences
   */
  #loss(sentences) {
    const { core, at: features } = this.#rows;
    const { labels, starts, crf } = this.#at;
    const { labels: tags, classes } = this.#targets;
    const rows = sentences.flatMap((i) => range(this.#starts[i], this.#starts[i + 1]));
    let at = 0;
    const batchStarts = [0, ...sentences.map((i) => (at += this.#starts[i + 1] - this.#starts[i]))];
    core.ints(labels, rows.length).set(rows.map((row) => tags[row]));
    core.ints(starts, batchStarts.length).set(batchStarts);
    const logits = this.#mlp.forward(features, rows);
    const { parameters, gradient } = this.#mlp.extra;
    core.floats(gradient, (classes + 1) * classes).fill(0); // of a loss that was only measured
    return core.fn.crf_loss(logits, labels, starts, sentences.length, classes, parameters, crf, gradient);
  }
}

/**
 * @param {number} width
 * @param {number} tags
 * @param {number} maxRows
 * @param {MlpOptions} options
 */
const shape = (width, tags, maxRows, { hiddenSize }) => ({
  inputs: width,
  hidden: hiddenSize,
  outputs: tags,
  maxRows,
  extra: (tags + 1) * tags,
});
