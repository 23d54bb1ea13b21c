// Trains a classifier with a hidden layer: mini-batches of AdamW, early stopping on held-out rows.
import { align } from '../../core/instance.js';
import { Mlp } from './mlp.js';
import { random, shuffle } from '../../base/random.js';
import { range } from '../../base/numbers.js';
import { MultiLabel } from '../dataset/targets.js';

/**
 * @typedef {object} MlpOptions
 * @property {number} hiddenSize
 * @property {number} epochs the maximum, with early stopping
 * @property {number} learningRate
 * @property {boolean} earlyStopping whether to train for as many epochs as are best for held-out examples
 */

/** Rows of a step. */
const BATCH = 32;

/** After so many epochs without a lower loss no more are tried. */
const PATIENCE = 3;

/** Trains an `Mlp` on rows. */
export class MlpTrainer {
  #rows;
  #targets;
  #classWeight;
  #options;
  #seed;
  #mlp;
  #at;

  /**
   * Bytes that it needs in the core's memory. Throws OUT_OF_MEMORY.
   * @type {(core: import('../../core/instance.js').Core, width: number, classes: number, options: MlpOptions) => number}
   */
  static bytes(core, width, classes, { hiddenSize }) {
    const shape = { inputs: width, hidden: hiddenSize, outputs: classes, maxRows: BATCH };
    return Mlp.bytes(core, shape) + align(4 * BATCH * classes) + align(4 * Math.max(BATCH, classes));
  }

  /**
   * @param {import('../dataset/rows.js').Rows} rows
   * @param {import('../dataset/targets.js').SingleLabel | MultiLabel} targets
   * @param {Float32Array} classWeight [classes]; for MultiLabel [classes][2], of rows without and with the label
   * @param {MlpOptions} options
   * @param {number} seed of the first weights and the order of rows
   */
  constructor(rows, targets, classWeight, options, seed) {
    const { classes } = targets;
    const { core, width } = rows;
    this.#rows = rows;
    this.#targets = targets;
    this.#classWeight = classWeight;
    this.#options = options;
    this.#seed = seed;
    this.#mlp = new Mlp(core, { inputs: width, hidden: options.hiddenSize, outputs: classes, maxRows: BATCH });
    this.#at = { targets: core.reserve(4 * BATCH * classes), weights: core.reserve(4 * Math.max(BATCH, classes)) };
  }

  /** The trained layers, copies. */
  dense() {
    return this.#mlp.dense();
  }

  /**
   * Trains without a fold, and measures on it after each epoch. Throws BAD_WEIGHTS when the loss is not finite.
   * @param {[begin: number, end: number] | undefined} heldOut rows of the fold; without them, or without early stopping, the maximum is
   *   taken
   * @param {number} trainRows number of rows to train on, with the fold
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   * @returns {Promise<{ epochs: number, search: { epochs: number, logLoss: number, accuracy: number }[], held?: Float32Array }>} the best
   *   number of epochs; what was measured after each; the fold's logits after the best one, [end - begin][classes]
   */
  async chooseEpochs(heldOut, trainRows, pause, report) {
    const { epochs: maxEpochs, earlyStopping } = this.#options;
    if (!heldOut || !earlyStopping) return { epochs: maxEpochs, search: [] };
    const [begin, end] = heldOut;
    /** @type {{ epochs: number, logLoss: number, accuracy: number }[]} */
    const search = [];
    /** @type {{ epochs: number, logLoss: number, held: Float32Array }} */
    let best = { epochs: 0, logLoss: Infinity, held: new Float32Array(0) };
    await this.#run(maxEpochs, [...range(0, begin), ...range(end, trainRows)], pause, async (epoch) => {
      const logits = await this.#rows.logits(begin, end, this.dense(), pause);
      const { logLoss, correct } = await this.#targets.measure(logits, range(begin, end), pause);
      search.push({ epochs: epoch, logLoss: logLoss / (end - begin), accuracy: correct / (end - begin) });
      if (logLoss < best.logLoss) best = { epochs: epoch, logLoss, held: logits };
      const continues = epoch - best.epochs < PATIENCE;
      report(continues ? epoch : maxEpochs, maxEpochs);
      return continues;
    });
    return { epochs: Math.max(best.epochs, 1), search, held: best.held };
  }

  /**
   * Trains from new weights on the first `trainRows` rows. Throws BAD_WEIGHTS when the loss is not finite.
   * @param {number} epochs
   * @param {number} trainRows
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   */
  async fit(epochs, trainRows, pause, report) {
    await this.#run(epochs, range(0, trainRows), pause, async (epoch) => {
      report(epoch, epochs);
      return true;
    });
  }

  /**
   * @param {number} epochs
   * @param {number[]} rows to train on
   * @param {() => Promise<void>} pause
   * @param {(epoch: number) => Promise<boolean>} afterEpoch called after each epoch, with 1 after the first; false ends the training
   */
  async #run(epochs, rows, pause, afterEpoch) {
    const next = random(this.#seed);
    await this.#mlp.reset(next, pause);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      shuffle(rows, next);
      for (let first = 0; first < rows.length; first += BATCH) {
        await this.#step(rows.slice(first, first + BATCH), pause);
        await pause();
      }
      if (!(await afterEpoch(epoch))) return;
    }
  }

  /**
   * One step of training.
   * @param {number[]} batch rows
   * @param {() => Promise<void>} pause
   */
  async #step(batch, pause) {
    const { core, at: features } = this.#rows;
    const { fn } = core;
    const { targets, weights } = this.#at;
    const { classes } = this.#targets;
    const logits = await this.#mlp.forward(features, batch, pause);
    let loss;
    if (this.#targets instanceof MultiLabel) {
      const all = this.#targets.targets;
      batch.forEach((row, i) => {
        core.bytes(targets + i * classes, classes).set(all.subarray(row * classes, (row + 1) * classes));
      });
      // The core's loss has a weight for rows with the label only; those without have weight 1.
      const ratio = core.floats(weights, classes);
      for (let k = 0; k < classes; k++) ratio[k] = this.#classWeight[2 * k + 1] / this.#classWeight[2 * k];
      loss = fn.sigmoid_loss(logits, targets, weights, batch.length, classes);
    } else {
      const { labels } = this.#targets;
      core.ints(targets, batch.length).set(batch.map((row) => labels[row]));
      core.floats(weights, batch.length).set(batch.map((row) => this.#classWeight[labels[row]]));
      loss = fn.softmax_loss(logits, targets, weights, batch.length, classes);
    }
    await this.#mlp.step(loss, this.#options.learningRate, pause);
  }
}
