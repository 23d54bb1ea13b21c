// Tuning for what a text is: its label, its labels, or a number.
import { range } from '../../base/numbers.js';
import { align } from '../../core/instance.js';
import { split } from '../dataset/split.js';
import { spreadOf } from '../dataset/spread.js';
import { MultiLabel, SingleLabel } from '../dataset/targets.js';
import { encodeAll } from './task.js';

/** @typedef {import('./task.js').TuningExample} TuningExample */
/** @typedef {import('./tuner.js').Loss} Loss */

/**
 * @typedef {object} TextTaskParams
 * @property {'text-classification' | 'multi-label' | 'regression'} task
 * @property {import('../../tokenize/tokenizer.js').Text[]} texts
 * @property {number[][]} labels [texts] of each text: its classes, exactly one for 'text-classification'; for 'regression' its number
 * @property {number} classes outputs of the head
 * @property {Float32Array} classWeight as of ClassificationParams
 * @property {('mean' | 'cls' | 'max')[]} poolings one
 * @property {number} validation share of the texts to hold out
 * @property {number} seed
 */

/**
 * Encodes texts, and holds some of them out.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {TextTaskParams} params
 * @param {number} maxTokens
 * @param {() => Promise<void>} pause
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<import('./task.js').TuningTask<TuningExample> & { validationOf: (logits: Float32Array[]) => object }>}
 */
export async function textTask(engine, params, maxTokens, pause, context) {
  const { task, texts, labels, classes, classWeight, validation, seed } = params;
  const [pooling] = params.poolings;
  const encode = (/** @type {import('../../tokenize/tokenizer.js').Text} */ text) =>
    engine.tokenizer.encode(text, maxTokens);
  const encoded = await encodeAll(texts, maxTokens, encode, pause, context);
  const kind = { 'text-classification': oneLabel, 'multi-label': severalLabels, regression: number }[task];
  const { weightOf, lossOf, targetsOf, measure, finish } = kind({ labels, classes, classWeight });

  const strata = Int32Array.from(labels, ([first = classes]) => (task === 'regression' ? 0 : first));
  const { order, trainRows } = split(strata, classes + 1, { validation, foldRows: 1, folds: 1, seed });
  const examples = order.map((index) => ({ encoded: encoded[index], index, weight: weightOf(index) }));
  const heldOut = examples.slice(trainRows);
  return {
    train: examples.slice(0, trainRows),
    heldOut,
    outputs: classes,
    pooling,
    scoreName: { 'text-classification': 'accuracy', 'multi-label': 'microF1', regression: 'r2' }[task],
    lossOf: (batch) => lossOf(batch.map(({ index }) => index)),
    measure: (logits) =>
      measure(
        logits,
        heldOut.map(({ index }) => index),
        pause,
      ),
    finish,
    validationOf(logits) {
      const targets = targetsOf([]);
      return {
        examples: heldOut.map(({ index }) => index),
        predicted: targets ? logits.map((row) => targets.chosen(row)) : [],
      };
    },
  };
}

/**
 * The parts of a task of texts that depend on its kind.
 * @typedef {object} Kind
 * @property {(index: number) => number} weightOf
 * @property {(indices: number[]) => Loss} lossOf
 * @property {(indices: number[]) => SingleLabel | MultiLabel | undefined} targetsOf
 * @property {(logits: Float32Array[], indices: number[], pause: () => Promise<void>) => Promise<import('./task.js').Measured>} measure
 * @property {(dense: import('../../core/dense.js').Dense) => void} [finish] as of TuningTask
 */

/** @typedef {Pick<TextTaskParams, 'labels' | 'classes' | 'classWeight'>} Labelled */

/** One label for each text. @param {Labelled} given @returns {Kind} */
function oneLabel({ labels, classes, classWeight }) {
  const targetsOf = (/** @type {number[]} */ indices) =>
    new SingleLabel(
      Int32Array.from(indices, (index) => labels[index][0]),
      classes,
    );
  return {
    weightOf: (index) => classWeight[labels[index][0]],
    lossOf: (indices) => (core, logits, rows) => {
      const labelsAt = core.scratch(align(4 * rows) + 4 * rows);
      const weightsAt = labelsAt + align(4 * rows);
      core.ints(labelsAt, rows).set(indices.map((index) => labels[index][0]));
      core.floats(weightsAt, rows).set(indices.map((index) => classWeight[labels[index][0]]));
      return core.fn.softmax_loss(logits, labelsAt, weightsAt, rows, classes);
    },
    targetsOf,
    async measure(logits, indices, pause) {
      const { logLoss, correct } = await targetsOf(indices).measure(flat(logits), range(0, indices.length), pause);
      return { loss: logLoss / indices.length, score: correct / indices.length };
    },
  };
}

/** Any number of labels for each text. @param {Labelled} given @returns {Kind} */
function severalLabels({ labels, classes, classWeight }) {
  const targetsOf = (/** @type {number[]} */ indices) => {
    const targets = new Uint8Array(indices.length * classes);
    indices.forEach((index, row) => labels[index].forEach((k) => (targets[row * classes + k] = 1)));
    return new MultiLabel(targets, classes);
  };
  // The core weighs examples with a label against those without it, as torch's pos_weight.
  const weights = Float32Array.from({ length: classes }, (_, k) => classWeight[2 * k + 1] / classWeight[2 * k]);
  return {
    weightOf: () => 1,
    lossOf: (indices) => (core, logits, rows) => {
      const weightsAt = core.scratch(align(4 * classes) + rows * classes);
      const targetsAt = weightsAt + align(4 * classes);
      core.floats(weightsAt, classes).set(weights);
      core.bytes(targetsAt, rows * classes).set(targetsOf(indices).targets);
      return core.fn.sigmoid_loss(logits, targetsAt, weightsAt, rows, classes);
    },
    targetsOf,
    async measure(logits, indices, pause) {
      const measured = await targetsOf(indices).measure(flat(logits), range(0, indices.length), pause);
      return { loss: measured.logLoss / (indices.length * classes), score: measured.microF1 ?? 0 };
    },
  };
}

/**
 * A number for each text, by the mean squared error. It is learnt in units of its standard deviation, above or below its mean: AdamW's steps,
 * which are as long for any loss, would take thousands to a number of another size.
 * @param {Labelled} given
 * @returns {Kind}
 */
function number({ labels }) {
  const { mean, deviation } = spreadOf(labels.map(([value]) => value));
  const truthOf = (/** @type {number} */ index) => (labels[index][0] - mean) / deviation;
  return {
    weightOf: () => 1,
    lossOf: (indices) => (core, logits, rows) => {
      const values = core.floats(logits, rows);
      const errors = indices.map((index, row) => values[row] - truthOf(index));
      errors.forEach((error, row) => (values[row] = (2 * error) / rows));
      return errors.reduce((sum, error) => sum + error ** 2, 0) / rows;
    },
    targetsOf: () => undefined,
    async measure(logits, indices) {
      const truth = indices.map(truthOf);
      const loss = truth.reduce((sum, value, row) => sum + (logits[row][0] - value) ** 2, 0) / truth.length;
      const { deviation: own } = spreadOf(truth);
      return { loss, score: 1 - loss / own ** 2 };
    },
    finish({ weight, bias }) {
      weight.forEach((value, i) => (weight[i] = value * deviation));
      bias[0] = bias[0] * deviation + mean;
    },
  };
}

/** @param {Float32Array[]} rows @returns {Float32Array} one behind the other */
function flat(rows) {
  const width = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, i) => all.set(row, i * width));
  return all;
}
