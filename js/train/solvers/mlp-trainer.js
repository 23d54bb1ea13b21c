// Trains a classifier with a hidden layer: mini-batches, and as many epochs as held-out examples want.
import { align } from '../../core/instance.js';
import { Mlp } from './mlp.js';
import { random, shuffle } from '../../base/random.js';
import { range } from '../../base/numbers.js';
import { MultiLabel } from '../dataset/targets.js';

/**
 * @typedef {object} MlpOptions
 * @property {number} hiddenSize
 * @property {number} epochs most of them
 * @property {number} learningRate
 * @property {boolean} earlyStopping whether held-out examples say how many epochs are best
 */

const BATCH = 32;

/** Epochs without a lower loss before no more are tried. */
const PATIENCE = 3;

export class MlpTrainer {
  #rows;
  #targets;
  #classWeight;
  #options;
  #seed;
  #mlp;
  #at;

  /** @type {(core: import('../../core/instance.js').Core, width: number, classes: number, options: MlpOptions) => number} */
  static bytes(core, width, classes, { hiddenSize }) {
    const shape = { inputs: width, hidden: hiddenSize, outputs: classes, maxRows: BATCH };
    return Mlp.bytes(core, shape) + align(4 * BATCH * classes) + align(4 * Math.max(BATCH, classes));
  }

  /**
   * @param {import('../dataset/rows.js').Rows} rows
   * @param {import('../dataset/targets.js').SingleLabel | MultiLabel} targets
   * @param {Float32Array} classWeight [classes] or [classes][2], as ClassificationParams
   * @param {MlpOptions} options
   * @param {number} seed
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

  dense() {
    return this.#mlp.dense();
  }

  /**
   * @param {[begin: number, end: number] | undefined} heldOut rows to choose by
   * @param {number} trainRows
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   */
  async chooseEpochs(heldOut, trainRows, pause, report) {
    const { epochs: most, earlyStopping } = this.#options;
    if (!heldOut || !earlyStopping) return { epochs: most, search: [] };
    const [begin, end] = heldOut;
    /** @type {{ epochs: number, logLoss: number, accuracy: number }[]} */
    const search = [];
    /** @type {{ epochs: number, logLoss: number, held: Float32Array }} */
    let best = { epochs: 0, logLoss: Infinity, held: new Float32Array(0) };
    await this.#run(most, [...range(0, begin), ...range(end, trainRows)], pause, (epoch) => {
      const logits = this.#rows.logits(begin, end, this.dense());
      const { logLoss, correct } = this.#targets.measure(logits, range(begin, end));
      search.push({ epochs: epoch, logLoss: logLoss / (end - begin), accuracy: correct / (end - begin) });
      if (logLoss < best.logLoss) best = { epochs: epoch, logLoss, held: logits };
      const goesOn = epoch - best.epochs < PATIENCE;
      report(goesOn ? epoch : most, most);
      return goesOn;
    });
    return { epochs: Math.max(best.epochs, 1), search, held: best.held };
  }

  /**
   * @param {number} epochs
   * @param {number} trainRows
   * @param {() => Promise<void>} pause
   * @param {(loaded: number, total: number) => void} report
   */
  async fit(epochs, trainRows, pause, report) {
    await this.#run(epochs, range(0, trainRows), pause, (epoch) => {
      report(epoch, epochs);
      return true;
    });
  }

  /**
   * @param {number} epochs
   * @param {number[]} rows to train on
   * @param {() => Promise<void>} pause
   * @param {(epoch: number) => boolean} goesOn after each epoch, from 1
   */
  async #run(epochs, rows, pause, goesOn) {
    const next = random(this.#seed);
    this.#mlp.reset(next);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      shuffle(rows, next);
      for (let first = 0; first < rows.length; first += BATCH) {
        this.#step(rows.slice(first, first + BATCH));
        await pause();
      }
      if (!goesOn(epoch)) return;
    }
  }

  /** @param {number[]} batch */
  #step(batch) {
    const { core, at: features } = this.#rows;
    const { fn } = core;
    const { targets, weights } = this.#at;
    const { classes } = this.#targets;
    const logits = this.#mlp.forward(features, batch);
    let loss;
    if (this.#targets instanceof MultiLabel) {
      const all = this.#targets.targets;
      batch.forEach((row, i) => {
        core.bytes(targets + i * classes, classes).set(all.subarray(row * classes, (row + 1) * classes));
      });
      // Of a weight for rows with the label and one for those without, their ratio counts.
      const ratio = core.floats(weights, classes);
      for (let k = 0; k < classes; k++) ratio[k] = this.#classWeight[2 * k + 1] / this.#classWeight[2 * k];
      loss = fn.sigmoid_loss(logits, targets, weights, batch.length, classes);
    } else {
      const { labels } = this.#targets;
      core.ints(targets, batch.length).set(batch.map((row) => labels[row]));
      core.floats(weights, batch.length).set(batch.map((row) => this.#classWeight[labels[row]]));
      loss = fn.softmax_loss(logits, targets, weights, batch.length, classes);
    }
    this.#mlp.step(loss, this.#options.learningRate);
  }
}
