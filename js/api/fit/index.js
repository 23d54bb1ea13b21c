// The caller's side of `fit`: which options each task and method has, and the way from examples to a head's data.
import { BertletError } from '../../errors.js';
import { callOptions } from '../call-options.js';
import { RemoteHead } from '../heads/remote-head.js';
import { rejectUnknownOptions, checkChoice } from '../options.js';
import { prepareAnswerer } from './answers.js';
import { prepareClassifier } from './classification.js';
import { prepareRegressor } from './regression.js';
import { prepareSimilarity } from './similarity.js';
import { prepareTagger } from './tokens.js';
import { COMMON_TUNING, contrastiveOptions, readResume, TUNING, tuningCall, tuningOptions } from './tuning.js';

/** @typedef {import('../../checkpoint/head-file.js').HeadData} HeadData */
/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').HeadTask} Task */

/** Names of the options of all tasks and methods, of some tasks, and of each kind of head on the frozen encoder. */
const COMMON = ['task', 'method', 'validation', 'seed'];
const EPOCHS = ['epochs', 'learningRate'];
const OPTIONS = {
  'text-classification': ['classWeight', 'pooling'],
  'multi-label': ['classWeight', 'pooling'],
  regression: ['pooling'],
  'token-classification': ['scheme'],
  'question-answering': ['maxTokens', 'stride'],
  'sentence-similarity': [],
};
/** The tasks of contrastive tuning. @type {Task[]} */
const CONTRASTED = ['text-classification', 'multi-label', 'sentence-similarity'];
const HEAD_OPTIONS = { linear: ['c'], mlp: ['hiddenSize', 'earlyStopping', ...EPOCHS] };

/**
 * Names of the options of a task with a method.
 * @param {Task} task
 * @param {import('../../types.js').FitMethod} method
 * @param {'linear' | 'mlp'} head
 * @param {FitOptions['tune']} tune
 */
function optionsOf(task, method, head, tune) {
  const common = [...COMMON, ...OPTIONS[task]];
  const own = task === 'token-classification' ? ['crf'] : [];
  if (method === 'contrastive')
    return [...common, ...contrastiveOptions(tune), ...(task === 'sentence-similarity' ? ['epochs'] : ['c', 'rounds'])];
  if (method !== 'head') return [...common, ...own, ...COMMON_TUNING, ...TUNING[method]];
  if (task === 'regression') return [...common, 'layer', 'c'];
  // A head for answers is trained in epochs, even a linear one, and has neither `c` nor early stopping.
  return task === 'question-answering'
    ? [...common, 'head', 'layer', ...EPOCHS, ...(head === 'mlp' ? ['hiddenSize'] : [])]
    : [...common, 'head', 'layer', 'standardize', ...HEAD_OPTIONS[head]];
}

/**
 * For each task, a function that checks examples and options, and gives `labels` (names of the outputs), `params` for the worker, and
 * `finish`, which turns the worker's result into the rest of a head's data, and `heldOut`.
 */
const prepare = {
  'text-classification': prepareClassifier,
  'multi-label': prepareClassifier,
  regression: prepareRegressor,
  'token-classification': prepareTagger,
  'question-answering': prepareAnswerer,
  'sentence-similarity': prepareSimilarity,
};

/**
 * See `Model.fit`.
 * @param {import('../../rpc/connection.js').Caller} connection to the model's worker
 * @param {{ info: import('../../types.js').ModelInfo, head?: unknown }} model the `Model`: if all or some of its weights are trained, it gets a new
 *   `info`, and `head`
 * @param {(remote: RemoteHead, data: HeadData) => Promise<any>} createHead
 * @param {any[]} examples
 * @param {FitOptions & import('../../types.js').TaskOptions} options
 * @returns {Promise<any>} the head
 */
export async function fit(connection, model, createHead, examples, options) {
  const { signal, onWarning } = options;
  const remote = new RemoteHead(connection);
  const { data, heldOut } = await fitHead(remote, model.info, examples, options);
  const head = await createHead(remote, data);
  if (data.fingerprint !== model.info.fingerprint) {
    model.info = Object.freeze({ ...model.info, fingerprint: data.fingerprint });
    model.head = data.task === 'sentence-similarity' ? undefined : head; // a checkpoint's own belongs to weights that are gone
  }
  if (data.report && heldOut.length > 0) data.report.validation = await head.evaluate(heldOut, { signal, onWarning });
  return head;
}

/**
 * Trains a head in the worker, and what else the method trains. Rejects with BAD_INPUT, NO_EXAMPLES, BAD_LABELS or ONE_CLASS for what the caller gave, BAD_WEIGHTS if
 * training meets NaN or infinity, BAD_CHECKPOINT for a checkpoint of another training, or with OUT_OF_MEMORY.
 * @param {RemoteHead} remote where the worker is to keep the head
 * @param {import('../../types.js').ModelInfo} info
 * @param {any[]} examples
 * @param {FitOptions & import('../../types.js').TaskOptions} options
 * @returns {Promise<{ data: HeadData, heldOut: any[] }>} `heldOut`: held-out examples,
 *   if the head is still to be measured on them
 */
async function fitHead(remote, info, examples, { signal, onProgress, onWarning, ...options }) {
  const { task = 'text-classification', head: kind = 'linear', onCheckpoint } = options;
  checkChoice('task', task, Object.keys(prepare));
  const { method = task === 'sentence-similarity' ? 'contrastive' : 'head' } = options;
  checkChoice('method', method, ['head', ...Object.keys(TUNING), 'contrastive']);
  if (method === 'contrastive' && !CONTRASTED.includes(task))
    throw new BertletError(
      'BAD_INPUT',
      `method 'contrastive' is for the tasks ${CONTRASTED.join(', ')}; here it is ${task}.`,
    );
  checkChoice('head', kind, Object.keys(HEAD_OPTIONS));
  const known = optionsOf(task, method, kind, options.tune);
  const unknown = Object.entries(options).filter(([name]) => !known.includes(name));
  rejectUnknownOptions(
    Object.fromEntries(unknown),
    `for ${task} with ${method === 'head' ? `head '${kind}'` : `method '${method}'`}${known.includes('tune') ? ` and tune '${options.tune ?? 'lora'}'` : ''}`,
  );
  /** @type {(examples: any[], options: any, info: import('../../types.js').ModelInfo) => { labels: string[], params: object, finish: Function }} */
  const prepareTask = prepare[task];
  const { labels, params, finish } = prepareTask(examples, { ...options, task, method }, info);
  const tuning = method === 'head' ? undefined : tuningOptions({ ...options, method, task }, info);
  const resume = await readResume(options.resume);
  const listeners = { signal, onProgress, onWarning };
  const fitted = await remote.call(
    'fit',
    { task, ...params, ...(tuning && { tuning: { ...tuning, resume, checkpoints: onCheckpoint !== undefined } }) },
    tuning ? tuningCall(listeners, onCheckpoint) : callOptions(listeners),
  );
  const { model: baseModel, adapter } = info;
  const { fingerprint } = fitted;
  const { heldOut = [], ...found } = finish(fitted);
  return { data: { task, labels, baseModel, ...(adapter && { adapter }), fingerprint, ...found }, heldOut };
}
