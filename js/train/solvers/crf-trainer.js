// Trains a head with a hidden layer and a conditional random field (CRF) on top: batches of sentences, early stopping on held-out ones.
import { STATUS } from '../../core/abi.js';
import { align } from '../../core/instance.js';
import { Mlp } from './mlp.js';
import { random, shuffle } from '../../base/random.js';
import { range } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { TURN } from './turn.js';

/** @typedef {import('./mlp-trainer.js').MlpOptions} MlpOptions */

/** Sentences of a step. */
const BATCH = 16;

/** After so many epochs without a lower loss no more are tried. */
const PATIENCE = 2;

/** Trains an `Mlp` and the transitions of a CRF on the words of sentences, one row a word. */
export class CrfTrainer {
  #rows;
  #starts;
  #targets;
  #options;
  #seed;
  #mlp;
  #crf;
  #at;

  /**
   * Bytes that it needs in the core's memory. Throws OUT_OF_MEMORY.
   * @param {import('../../core/instance.js').Core} core
   * @param {number} width of the rows
   * @param {number} tags
   * @param {Int32Array} starts [sentences + 1] first row of each sentence, then the number of rows
   * @param {MlpOptions} options
   */
  static bytes(core, width, tags, starts, options) {
    const { words, crf } = CrfTrainer.#sizes(core, tags, starts);
    const mlp = Mlp.bytes(core, shape(width, tags, words, options));
    return mlp + align(4 * words) + align(4 * (BATCH + 1)) + align(crf);
  }

  /**
   * The most words of a batch, and bytes of scratch for the CRF's loss.
   * @param {import('../../core/instance.js').Core} core
   * @param {number} tags
   * @param {Int32Array} starts
   */
  static #sizes(core, tags, starts) {
    const longest = starts.reduce((max, start, i) => Math.max(max, i > 0 ? start - starts[i - 1] : 1), 1);
    const crf = core.fn.crf_bytes(longest, tags) >>> 0;
    if (crf === 0)
      throw new BertletError(
        'OUT_OF_MEMORY',
        `Sentences of ${longest} words with ${tags} tags need more than the 4 GB of WebAssembly. Cut them, or take fewer tags.`,
      );
    return { words: BATCH * longest, longest, crf };
  }

  /**
   * @param {import('../dataset/rows.js').Rows} rows
   * @param {Int32Array} starts [sentences + 1] first row of each sentence, then the number of rows
   * @param {import('../dataset/targets.js').SingleLabel} targets
   * @param {MlpOptions} options
   * @param {number} seed of the first weights and the order of sentences
   */
  constructor(rows, starts, targets, options, seed) {
    const { core, width } = rows;
    this.#rows = rows;
    this.#starts = starts;
    this.#targets = targets;
    this.#options = options;
    this.#seed = seed;
    const { words, longest, crf } = CrfTrainer.#sizes(core, targets.classes, starts);
    this.#mlp = new Mlp(core, shape(width, targets.classes, words, options));
    this.#at = { labels: core.reserve(4 * words), starts: core.reserve(4 * (BATCH + 1)) };
    this.#crf = core.fn.crf_init(core.reserve(crf), longest, targets.classes);
  }

  /** The trained layers, copies. */
  dense() {
    return this.#mlp.dense();
  }

  /** Scores of a tag (column) after another (row); the last row: as first tag. @returns {Float32Array} [tags + 1][tags], a copy */
  transitions() {
    const { classes } = this.#targets;
    return this.#rows.core.floats(this.#mlp.extra.parameters, (classes + 1) * classes).slice();
  }

  /**
   * Trains without a fold, and measures on it after each epoch. Throws BAD_WEIGHTS when the loss is not finite.
   * @param {[begin: number, end: number] | undefined} heldOut sentences of the fold; without them, or without early stopping, the
   *   maximum is taken
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   * @returns {Promise<{ epochs: number, search: { epochs: number, logLoss: number }[] }>} the best number of epochs; what was measured
   *   after each, the loss of a word
   */
  async chooseEpochs(heldOut, pause, report) {
    const { epochs: maxEpochs, earlyStopping } = this.#options;
    if (!heldOut || !earlyStopping) return { epochs: maxEpochs, search: [] };
    const [begin, end] = heldOut;
    const count = this.#starts.length - 1;
    const words = this.#starts[end] - this.#starts[begin];
    /** @type {{ epochs: number, logLoss: number }[]} */
    const search = [];
    let best = { epochs: 1, logLoss: Infinity };
    await this.#run(maxEpochs, [...range(0, begin), ...range(end, count)], pause, async (epochs) => {
      let sum = 0;
      for (let first = begin; first < end; first += BATCH) {
        const batch = range(first, Math.min(first + BATCH, end));
        sum +=
          (await this.#loss(batch, pause)) * batch.reduce((all, i) => all + this.#starts[i + 1] - this.#starts[i], 0);
        await pause();
      }
      const step = { epochs, logLoss: sum / words };
      search.push(step);
      if (step.logLoss < best.logLoss) best = step;
      const continues = epochs - best.epochs < PATIENCE;
      report(continues ? epochs : maxEpochs, maxEpochs);
      return continues;
    });
    return { epochs: best.epochs, search };
  }

  /**
   * Trains from new weights on all sentences. Throws BAD_WEIGHTS when the loss is not finite.
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
   * @param {(epoch: number) => Promise<boolean>} afterEpoch called after each epoch, with 1 after the first; false ends the training
   */
  async #run(epochs, sentences, pause, afterEpoch) {
    const next = random(this.#seed);
    await this.#mlp.reset(next, pause);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      shuffle(sentences, next);
      for (let first = 0; first < sentences.length; first += BATCH) {
        const loss = await this.#loss(sentences.slice(first, first + BATCH), pause);
        await this.#mlp.step(loss, this.#options.learningRate, pause);
        await pause();
      }
      if (!(await afterEpoch(epoch))) return;
    }
  }

  /**
   * The mean loss of sentences, over their words; its gradient is left in the core for a step.
   * @param {number[]} sentences at most BATCH
   * @param {() => Promise<void>} pause
   * @returns {Promise<number>} negative for an error
   */
  async #loss(sentences, pause) {
    const { core, at: features } = this.#rows;
    const { labels, starts } = this.#at;
    const { labels: tags, classes } = this.#targets;
    const rows = sentences.flatMap((i) => range(this.#starts[i], this.#starts[i + 1]));
    let end = 0;
    const batchStarts = [0, ...sentences.map((i) => (end += this.#starts[i + 1] - this.#starts[i]))];
    core.ints(labels, rows.length).set(rows.map((row) => tags[row]));
    core.ints(starts, batchStarts.length).set(batchStarts);
    const logits = await this.#mlp.forward(features, rows, pause);
    const { parameters, gradient } = this.#mlp.extra;
    core.floats(gradient, (classes + 1) * classes).fill(0); // it may be left from a loss without a step
    const status = core.fn.crf_start(this.#crf, logits, labels, starts, sentences.length, parameters, gradient);
    if (status !== STATUS.OK) throw new Error(`bertlet_crf_start: ${status}`);
    while (!core.fn.crf_run(this.#crf, TURN)) await pause();
    return core.fn.crf_loss(this.#crf);
  }
}

/**
 * The shape of the head; its extra parameters are the transitions.
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
