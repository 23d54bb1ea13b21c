// The caller's side of `fit`: which options go with which task, and a fit from examples to a head's data.
import { callOptions } from '../call-options.js';
import { rejectUnknownOptions, checkChoice } from '../options.js';
import { prepareAnswerer } from './answers.js';
import { prepareClassifier } from './classification.js';
import { prepareTagger } from './tokens.js';

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
 * @param {import('../heads/remote-head.js').RemoteHead} remote where the worker is to keep the head
 * @param {import('../../types.js').ModelInfo} info
 * @param {any[]} examples
 * @param {FitOptions & import('../../types.js').TaskOptions} options
 * @returns {Promise<{ data: import('../../checkpoint/head-file.js').HeadData, heldOut: any[] }>} `heldOut`: examples that the head is
 *   still to be measured on
 */
export async function fitHead(remote, info, examples, { signal, onProgress, onWarning, ...options }) {
  const { task = 'text-classification', head: kind = 'linear' } = options;
  checkChoice('task', task, Object.keys(tasks));
  checkChoice('head', kind, Object.keys(HEAD_OPTIONS));
  const known = optionsOf(task, kind);
  const others = Object.entries(options).filter(([name]) => !known.includes(name));
  rejectUnknownOptions(Object.fromEntries(others), `for ${task} with head '${kind}'`);
  const { labels, params, finish } = tasks[task](examples, { ...options, task }, info);
  const fitted = await remote.call('fit', { task, ...params }, callOptions({ signal, onProgress, onWarning }));
  const { model: baseModel, adapter, fingerprint } = info;
  const { heldOut = [], ...found } = /** @type {any} */ (finish(fitted));
  return { data: { task, labels, baseModel, ...(adapter && { adapter }), fingerprint, ...found }, heldOut };
}
