// The caller's side of `fit`: which options each task has, and the way from examples to a head's data.
import { callOptions } from '../call-options.js';
import { rejectUnknownOptions, checkChoice } from '../options.js';
import { prepareAnswerer } from './answers.js';
import { prepareClassifier } from './classification.js';
import { prepareTagger } from './tokens.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').Task} Task */

/** Names of the options of all tasks, of some tasks, and of each kind of head. */
const COMMON = ['head', 'layer', 'validation', 'seed'];
const EPOCHS = ['epochs', 'learningRate'];
const CLASSIFICATION = ['classWeight', 'pooling', 'standardize'];
const OPTIONS = {
  'text-classification': CLASSIFICATION,
  'multi-label': CLASSIFICATION,
  'token-classification': ['standardize', 'scheme'],
  'question-answering': ['maxTokens', 'stride', ...EPOCHS],
};
const HEAD_OPTIONS = { linear: ['c'], mlp: ['hiddenSize', 'earlyStopping', ...EPOCHS] };

/**
 * Names of the options of a task with a kind of head.
 * @param {Task} task
 * @param {'linear' | 'mlp'} head
 */
function optionsOf(task, head) {
  // A head for answers is trained in epochs, even a linear one, and has neither `c` nor early stopping.
  const headOptions = HEAD_OPTIONS[head].filter((name) => task !== 'question-answering' || name === 'hiddenSize');
  return ['task', ...COMMON, ...OPTIONS[task], ...headOptions];
}

/**
 * For each task, a function that checks examples and options, and gives `labels` (names of the outputs), `params` for the worker, and
 * `finish`, which turns the worker's result into the rest of a head's data, and `heldOut`.
 */
const prepare = {
  'text-classification': prepareClassifier,
  'multi-label': prepareClassifier,
  'token-classification': prepareTagger,
  'question-answering': prepareAnswerer,
};

/**
 * Trains a head in the worker. Rejects with BAD_INPUT, NO_EXAMPLES, BAD_LABELS or ONE_CLASS for what the caller gave, BAD_WEIGHTS if
 * training meets NaN or infinity, or with OUT_OF_MEMORY.
 * @param {import('../heads/remote-head.js').RemoteHead} remote where the worker is to keep the head
 * @param {import('../../types.js').ModelInfo} info
 * @param {any[]} examples
 * @param {FitOptions & import('../../types.js').TaskOptions} options
 * @returns {Promise<{ data: import('../../checkpoint/head-file.js').HeadData, heldOut: any[] }>} `heldOut`: held-out examples,
 *   if the head is still to be measured on them
 */
export async function fitHead(remote, info, examples, { signal, onProgress, onWarning, ...options }) {
  const { task = 'text-classification', head: kind = 'linear' } = options;
  checkChoice('task', task, Object.keys(prepare));
  checkChoice('head', kind, Object.keys(HEAD_OPTIONS));
  const known = optionsOf(task, kind);
  const unknown = Object.entries(options).filter(([name]) => !known.includes(name));
  rejectUnknownOptions(Object.fromEntries(unknown), `for ${task} with head '${kind}'`);
  const { labels, params, finish } = prepare[task](examples, { ...options, task }, info);
  const fitted = await remote.call('fit', { task, ...params }, callOptions({ signal, onProgress, onWarning }));
  const { model: baseModel, adapter, fingerprint } = info;
  const { heldOut = [], ...found } = /** @type {any} */ (finish(fitted));
  return { data: { task, labels, baseModel, ...(adapter && { adapter }), fingerprint, ...found }, heldOut };
}
