// `fit` for one label or several for each text: checks of examples and options, and a head's data from the worker's result.
import { range } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { evaluateMultiLabel, evaluatePredictions } from '../../metrics/classification.js';
import { checkExamples, checkMultiLabelExamples, labelNames } from '../examples.js';
import { checkChoice } from '../options.js';
import { checkCommonOptions, layerCandidates, mlpOptions } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').HeadTask} Task */

/**
 * See `prepare` in index.js. Throws BAD_INPUT, NO_EXAMPLES, BAD_LABELS or ONE_CLASS.
 * @param {any[]} examples
 * @param {FitOptions & { task: Task }} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function prepareClassifier(examples, options, info) {
  const multiLabel = options.task === 'multi-label';
  const { texts, labels: given } = multiLabel ? checkMultiLabelExamples(examples) : checkExamples(examples);
  const labelLists = given.map((label) => (Array.isArray(label) ? label : [label]));
  const names = labelNames(labelLists, options.task);
  const indices = new Map(names.map((name, index) => [name, index]));
  const labels = labelLists.map((list) => list.map((name) => /** @type {number} */ (indices.get(name))));
  const { validation = 0, c, seed = 0, classWeight } = options;
  const params = {
    ...checkCommonOptions({ validation, c, seed }),
    texts,
    labels,
    classes: names.length,
    classWeight: classWeights(classWeight, labels, names, multiLabel),
    layers: layerCandidates(options.layer ?? info.numLayers, info, range(1, info.numLayers + 1)),
    poolings: poolingsOf(options.pooling ?? 'mean', options.method),
    standardize: standardizationsOf(options.standardize ?? options.head === 'mlp'),
    mlp: mlpOptions(options),
  };
  return {
    labels: names,
    params,
    /** @param {import('../../train/frozen/classification.js').FittedClassifier} fitted */
    finish({ network, report, validation: { examples: heldOut, predicted } }) {
      if (heldOut.length === 0) return { network, report };
      const truth = heldOut.map((example) => labelLists[example]);
      const found = predicted.map((list) => list.map((k) => names[k]));
      const { accuracy, macroF1, microF1, n } = multiLabel
        ? evaluateMultiLabel(truth, found, names)
        : evaluatePredictions(truth.flat(), found.flat(), names);
      return { network, report: { ...report, validation: { accuracy, macroF1, microF1, n } } };
    },
  };
}

/**
 * How much an example of each class counts. 'balanced' is scikit-learn's class_weight: examples / (classes * examples of the class).
 * Throws BAD_INPUT or BAD_LABELS.
 * @param {FitOptions['classWeight']} given
 * @param {number[][]} labels [examples] indices of the labels of each
 * @param {string[]} names [classes]
 * @param {boolean} multiLabel
 * @returns {Float32Array} [classes]; for multi-label [classes][2], of examples without and with the label
 */
export function classWeights(given, labels, names, multiLabel) {
  const counts = new Float64Array(names.length);
  for (const k of labels.flat()) counts[k] += 1;
  const weightOf = givenWeights(given, names);
  if (multiLabel) {
    return Float32Array.from({ length: 2 * names.length }, (_, i) => {
      const [k, has] = [i >> 1, i & 1];
      if (given !== 'balanced') return has ? weightOf(k) : 1;
      return labels.length / (2 * (has ? counts[k] : Math.max(labels.length - counts[k], 1)));
    });
  }
  return Float32Array.from(names, (_, k) =>
    given === 'balanced' ? labels.length / (names.length * counts[k]) : weightOf(k),
  );
}

/**
 * The weights that the caller gave, checked; 1 for a label without any.
 * @param {FitOptions['classWeight']} given
 * @param {string[]} names [classes]
 * @returns {(k: number) => number} weight of class k
 */
function givenWeights(given, names) {
  if (given === undefined || given === 'balanced') return () => 1;
  if (typeof given !== 'object' || given === null)
    throw new BertletError(
      'BAD_INPUT',
      `classWeight is ${given}; it must be 'balanced' or an object, label to weight.`,
    );
  for (const [name, weight] of Object.entries(given)) {
    if (!names.includes(name))
      throw new BertletError('BAD_LABELS', `classWeight has the label "${name}", which no example has.`);
    if (!(weight > 0 && weight < Infinity))
      throw new BertletError('BAD_INPUT', `classWeight of "${name}" is ${weight}; it must be a positive number.`);
  }
  return (k) => (Object.hasOwn(given, names[k]) ? given[names[k]] : 1);
}

/**
 * The poolings to choose from: 'auto' is for features that don't change.
 * @param {string} pooling
 * @param {import('../../types.js').FitMethod} [method]
 */
export function poolingsOf(pooling, method = 'head') {
  const known = ['mean', 'max', 'cls'];
  checkChoice('pooling', pooling, method === 'head' ? [...known, 'auto'] : known);
  return /** @type {('mean' | 'max' | 'cls')[]} */ (pooling === 'auto' ? known : [pooling]);
}

/** The standardizations to choose from. @param {boolean | 'auto'} standardize */
function standardizationsOf(standardize) {
  if (standardize === 'auto') return [false, true];
  if (typeof standardize === 'boolean') return [standardize];
  throw new BertletError('BAD_INPUT', `standardize is ${standardize}; it must be true, false or 'auto'.`);
}
