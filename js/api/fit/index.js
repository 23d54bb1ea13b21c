// The caller's side of `fit`: checks of examples and options, and what the worker found as a head.
import { BertletError } from '../../errors.js';
import { listen } from '../listeners.js';
import { evaluateMultiLabel, evaluatePredictions } from '../../metrics/classification.js';
import { indexOfMax, rowOf } from '../../base/numbers.js';
import { noOthers, oneOf } from '../options.js';
import {
  checkAnsweredExamples,
  checkExamples,
  checkMultiLabelExamples,
  checkTaggedExamples,
  labelNames,
} from '../examples.js';
import { random, shuffle } from '../../base/random.js';
import { windowOptions } from '../../tokenize/question-windows.js';
import { createHead } from '../heads/create.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').Task} Task */

/** Options of every task, those of some, and what only one kind of head has. */
const COMMON = ['head', 'layer', 'validation', 'seed'];
const EPOCHS = ['epochs', 'learningRate'];
const CLASSIFICATION = ['classWeight', 'pooling', 'standardize'];
const OPTIONS = {
  'text-classification': CLASSIFICATION,
  'multi-label': CLASSIFICATION,
  'token-classification': ['standardize'],
  'question-answering': ['maxTokens', 'stride', ...EPOCHS],
};
const HEAD_OPTIONS = { linear: ['c'], mlp: ['hiddenSize', 'earlyStopping', ...EPOCHS] };

/**
 * @param {Task} task
 * @param {'linear' | 'mlp'} head
 */
function optionsOf(task, head) {
  // A head that finds answers is trained in epochs also when it is linear, and never stops early.
  const own = HEAD_OPTIONS[head].filter((name) => task !== 'question-answering' || name === 'hiddenSize');
  return ['task', ...COMMON, ...OPTIONS[task], ...own];
}

/** What the tasks need: parameters for the worker, and of what it found a head's labels and report. */
const tasks = {
  'text-classification': prepareClassifier,
  'multi-label': prepareClassifier,
  'token-classification': prepareTagger,
  'question-answering': prepareAnswerer,
};

/**
 * @param {import('../../rpc/connection.js').Connection} connection
 * @param {import('../../types.js').ModelInfo} info
 * @param {any[]} examples
 * @param {FitOptions & import('../../types.js').TaskOptions} options
 */
export async function fitHead(connection, info, examples, { signal, onProgress, onWarning, ...options }) {
  const { task = 'text-classification', head: kind = 'linear' } = options;
  oneOf('task', task, Object.keys(tasks));
  oneOf('head', kind, Object.keys(HEAD_OPTIONS));
  const known = optionsOf(task, kind);
  const others = Object.entries(options).filter(([name]) => !known.includes(name));
  noOthers(Object.fromEntries(others), `for ${task} with head '${kind}'`);
  const { labels, params, finish } = tasks[task](examples, { ...options, task }, info);
  const fitted = await connection.call(
    'fit',
    { task, ...params },
    { signal, onEvent: listen({ onProgress, onWarning }) },
  );
  const { model: baseModel, adapter, fingerprint } = info;
  const { heldOut = [], ...found } = /** @type {any} */ (finish(fitted));
  const data = { task, labels, baseModel, ...(adapter && { adapter }), fingerprint, ...found };
  const head = await createHead(connection, data);
  if (heldOut.length > 0) data.report.validation = await head.evaluate(heldOut, { signal, onWarning });
  return head;
}

/**
 * @param {any[]} examples
 * @param {FitOptions & { task: Task }} options
 * @param {import('../../types.js').ModelInfo} info
 */
function prepareClassifier(examples, options, info) {
  const multiLabel = options.task === 'multi-label';
  const { texts, labels: given } = multiLabel ? checkMultiLabelExamples(examples) : checkExamples(examples);
  const labelLists = given.map((label) => (Array.isArray(label) ? label : [label]));
  const names = labelNames(labelLists, options.task);
  const indices = new Map(names.map((name, index) => [name, index]));
  const labels = labelLists.map((list) => list.map((name) => /** @type {number} */ (indices.get(name))));
  const { validation = 0, c, seed = 0, classWeight } = options;
  const params = {
    ...common({ validation, c, seed }),
    texts,
    labels,
    classes: names.length,
    classWeight: classWeights(classWeight, labels, names, multiLabel),
    layers: layersOf(options.layer ?? info.layers, info, range(1, info.layers)),
    poolings: poolingsOf(options.pooling ?? 'mean'),
    standardize: standardizationsOf(options.standardize ?? options.head === 'mlp'),
    mlp: mlpOf(options),
  };
  return {
    labels: names,
    params,
    /** @param {import('../../train/frozen/classification.js').FittedClassifier} fitted */
    finish({ network, report, validation: { examples: heldOut, logits } }) {
      if (heldOut.length === 0) return { network, report };
      const truth = heldOut.map((example) => labelLists[example]);
      const rows = heldOut.map((_, i) => rowOf(logits, i, names.length));
      const { accuracy, macroF1, microF1, n } = multiLabel
        ? evaluateMultiLabel(
            truth,
            rows.map((row) => names.filter((_, k) => row[k] >= 0)),
            names,
          )
        : evaluatePredictions(
            truth.flat(),
            rows.map((row) => names[indexOfMax(row)]),
            names,
          );
      return { network, report: { ...report, validation: { accuracy, macroF1, microF1, n } } };
    },
  };
}

/**
 * @param {any[]} examples
 * @param {FitOptions & { task: Task }} options
 * @param {import('../../types.js').ModelInfo} info
 */
function prepareTagger(examples, options, info) {
  const { words, tags } = checkTaggedExamples(examples);
  const names = labelNames(tags, options.task);
  const indices = new Map(names.map((name, index) => [name, index]));
  const { validation = 0, c, seed = 0, standardize = true } = options;
  if (typeof standardize !== 'boolean')
    throw new BertletError('BAD_INPUT', `standardize is ${standardize}; for entities it must be true or false.`);
  return {
    labels: names,
    params: {
      ...common({ validation, c, seed }),
      words,
      tags: tags.map((list) => list.map((name) => indices.get(name))),
      classes: names.length,
      outside: names.indexOf('O'),
      // Those in the middle are the best for entities; the first of them that is better than the one above it is taken.
      layers: layersOf(options.layer ?? 'auto', info, range(Math.ceil(info.layers / 2), info.layers)),
      standardize,
      mlp: mlpOf({ epochs: 10, ...options }),
    },
    /** @param {import('../../train/frozen/tokens.js').FittedTagger} fitted */
    finish({ network, report, transitions, validation: numbers }) {
      const size = names.length ** 2;
      return {
        network,
        report: /** @type {import('../../types.js').FitReport} */ (report),
        heldOut: numbers.map((i) => examples[i]),
        ...(transitions && {
          transitions: {
            start: Float64Array.from(transitions.subarray(size)),
            next: Float64Array.from(transitions.subarray(0, size)),
            end: new Float64Array(names.length),
          },
        }),
      };
    },
  };
}

/**
 * @param {any[]} examples
 * @param {FitOptions & { task: Task }} options
 * @param {import('../../types.js').ModelInfo} info
 */
function prepareAnswerer(examples, options, info) {
  const { questions, answers } = checkAnsweredExamples(examples);
  const { seed, validation } = common({ validation: options.validation ?? 0, seed: options.seed ?? 0 });
  const order = shuffle(range(0, examples.length - 1), random(seed));
  const heldOut = order.splice(Math.max(order.length - Math.round(order.length * validation), 1));
  const [layer] = layersOf(options.layer ?? info.layers, info, []);
  if (layer === undefined)
    throw new BertletError('BAD_INPUT', "layer is 'auto', which question-answering can't choose; give a number.");
  const { epochs = 1, learningRate = 3e-3 } = options;
  const mlp = mlpOf({ ...options, head: 'mlp', epochs, learningRate });
  return {
    labels: [],
    params: {
      seed,
      questions: order.map((i) => questions[i]),
      answers: order.map((i) => answers[i][0]),
      numbers: order,
      windows: windowOptions(options, info.maxTokens),
      layer,
      ...mlp,
      hiddenSize: options.head === 'mlp' ? mlp?.hiddenSize : 0,
    },
    /** @param {any} fitted */
    finish: ({ network, report }) => ({ network, report, heldOut: heldOut.map((i) => examples[i]) }),
  };
}

/**
 * Options of every task, checked.
 * @param {{ validation: number, c?: number, seed: number }} options
 */
function common({ validation, c, seed }) {
  if (!(validation >= 0 && validation <= 0.9))
    throw new BertletError('BAD_INPUT', `validation is ${validation}; it must be from 0 to 0.9.`);
  if (c !== undefined && !(c > 0 && c < Infinity))
    throw new BertletError('BAD_INPUT', `c is ${c}; it must be a positive number.`);
  if (!Number.isInteger(seed)) throw new BertletError('BAD_INPUT', `seed is ${seed}; it must be an integer.`);
  return { validation, c, seed };
}

/**
 * Weights of single labels [classes], or, of several labels, of rows without and with each [classes][2].
 * @param {FitOptions['classWeight']} given
 * @param {number[][]} labels
 * @param {string[]} names
 * @param {boolean} multiLabel
 */
export function classWeights(given, labels, names, multiLabel) {
  const counts = new Float64Array(names.length);
  for (const k of labels.flat()) counts[k] += 1;
  const of = classWeightOf(given, names);
  if (multiLabel) {
    return Float32Array.from({ length: 2 * names.length }, (_, i) => {
      const [k, has] = [i >> 1, i & 1];
      if (given !== 'balanced') return has ? of(k) : 1;
      return labels.length / (2 * (has ? counts[k] : Math.max(labels.length - counts[k], 1)));
    });
  }
  // As scikit-learn's class_weight='balanced'.
  return Float32Array.from(names, (_, k) =>
    given === 'balanced' ? labels.length / (names.length * counts[k]) : of(k),
  );
}

/**
 * @param {FitOptions['classWeight']} given
 * @param {string[]} names
 * @returns {(k: number) => number}
 */
function classWeightOf(given, names) {
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
 * @param {number | 'auto'} layer
 * @param {import('../../types.js').ModelInfo} info
 * @param {number[]} candidates for 'auto'
 */
function layersOf(layer, { layers }, candidates) {
  if (layer === 'auto') return candidates;
  if (!(Number.isInteger(layer) && layer >= 0 && layer <= layers))
    throw new BertletError('BAD_INPUT', `layer is ${layer}; it must be 'auto' or an integer from 0 to ${layers}.`);
  return [layer];
}

/** @param {string} pooling */
function poolingsOf(pooling) {
  const known = ['mean', 'max', 'cls'];
  oneOf('pooling', pooling, [...known, 'auto']);
  return /** @type {('mean' | 'max' | 'cls')[]} */ (pooling === 'auto' ? known : [pooling]);
}

/** @param {boolean | 'auto'} standardize */
function standardizationsOf(standardize) {
  if (standardize === 'auto') return [false, true];
  if (typeof standardize === 'boolean') return [standardize];
  throw new BertletError('BAD_INPUT', `standardize is ${standardize}; it must be true, false or 'auto'.`);
}

/** @param {FitOptions} options */
function mlpOf({ head = 'linear', hiddenSize = 128, epochs = 30, learningRate = 1e-3, earlyStopping = true }) {
  if (head === 'linear') return undefined;
  for (const [name, value] of Object.entries({ hiddenSize, epochs }))
    if (!(Number.isInteger(value) && value >= 1 && value <= 65536))
      throw new BertletError('BAD_INPUT', `${name} is ${value}; it must be an integer from 1 to 65536.`);
  if (!(learningRate > 0 && learningRate < Infinity))
    throw new BertletError('BAD_INPUT', `learningRate is ${learningRate}; it must be a positive number.`);
  return { hiddenSize, epochs, learningRate, earlyStopping: Boolean(earlyStopping) };
}

/**
 * @param {number} from
 * @param {number} to
 */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
