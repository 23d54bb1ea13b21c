// `pretrain`: checks of its arguments, and the call to the worker.
import { BertletError } from '../errors.js';
import { ADAPTERS, adapterOptions, checkNumber, readResume, stepOptions, STEPS, tuningCall } from './fit/tuning.js';
import { checkChoice, checkInteger, rejectUnknownOptions } from './options.js';

/** @typedef {import('../types.js').PretrainOptions} PretrainOptions */

/** The highest learning rate of each method. */
const LEARNING_RATE = { full: 5e-4, lora: 1e-3 };

/** Sequences of a step, by default. */
const BATCH_SIZE = 32;

/** Names of the options of both methods. */
const COMMON = [
  ...STEPS,
  ...['method', 'steps', 'packed', 'mlmProbability', 'wholeWords', 'validation', 'onCheckpoint', 'resume', 'seed'],
];

/**
 * See `Model.pretrain`.
 * @param {import('../rpc/connection.js').Caller} connection to the model's worker
 * @param {{ info: import('../types.js').ModelInfo, head?: unknown }} model the `Model`, which gets the new `info`, and loses its `head`
 * @param {string[]} texts
 * @param {PretrainOptions & import('../types.js').TaskOptions} options
 * @returns {Promise<import('../types.js').PretrainReport>}
 */
export async function pretrain(connection, model, texts, { signal, onProgress, onWarning, ...options }) {
  const { info } = model;
  const { validation = 0, seed = 0, onCheckpoint } = options;
  checkTexts('Text', texts);
  if (texts.length === 0) throw new BertletError('NO_EXAMPLES', 'There are no texts to train on.');
  const heldOut = Array.isArray(validation) ? validation : [];
  checkTexts('Text of validation,', heldOut);
  if (!Array.isArray(validation))
    checkNumber('validation', validation, (value) => value >= 0 && value <= 0.9, 'texts, or a share from 0 to 0.9');
  if (!Number.isInteger(seed)) throw new BertletError('BAD_INPUT', `seed is ${seed}; it must be an integer.`);
  const tuning = pretrainingOptions(options, info);
  const resume = await readResume(options.resume);
  const changed = (/** @type {string} */ fingerprint) => {
    model.info = Object.freeze({ ...model.info, fingerprint, hasMaskedLMHead: true });
    model.head = undefined; // a checkpoint's own belongs to weights that are gone
  };
  const call = tuningCall({ signal, onProgress, onWarning }, onCheckpoint);
  const { report, fingerprint } = await connection.call(
    'fit',
    {
      task: 'masked-lm',
      texts,
      heldOut,
      validation: Array.isArray(validation) ? 0 : validation,
      seed,
      tuning: { ...tuning, resume, checkpoints: onCheckpoint !== undefined },
    },
    { ...call, onEvent: (event) => (event.weights ? changed(event.weights) : call.onEvent?.(event)) },
  );
  changed(fingerprint);
  return report;
}

/**
 * Throws BAD_INPUT.
 * @param {string} what
 * @param {unknown} texts
 */
function checkTexts(what, texts) {
  if (!Array.isArray(texts))
    throw new BertletError('BAD_INPUT', `Texts are an array of strings, not of type ${typeof texts}.`);
  Array.from(texts).forEach((text, i) => {
    if (typeof text !== 'string')
      throw new BertletError('BAD_INPUT', `${what} ${i} is no string, but of type ${typeof text}.`);
  });
}

/**
 * The options of training, with their defaults. Throws BAD_INPUT.
 * @param {PretrainOptions} options
 * @param {import('../types.js').ModelInfo} info
 */
function pretrainingOptions(options, info) {
  const { method = 'full', steps, packed = true, wholeWords = false, live = false, mlmProbability = 0.15 } = options;
  checkChoice('method', method, ['full', 'lora']);
  const known = [...COMMON, ...(method === 'lora' ? ADAPTERS : ['live'])];
  const unknown = Object.entries(options).filter(([name]) => !known.includes(name));
  rejectUnknownOptions(Object.fromEntries(unknown), `for pre-training with method '${method}'`);
  if (info.dtype !== 'f32')
    throw new BertletError(
      'BAD_INPUT',
      "Pre-training changes the model's weights, which must be in f32: load it with dtype 'f32'.",
    );
  if (steps !== undefined) checkInteger('steps', steps, 1, 2 ** 24);
  checkNumber('mlmProbability', mlmProbability, (value) => value > 0 && value < 1, 'above 0 and below 1');
  return {
    ...stepOptions(options, info, { batchSize: BATCH_SIZE, learningRate: LEARNING_RATE[method] }),
    ...adapterOptions(options, info),
    ...{ method, steps, mlmProbability, packed: Boolean(packed), wholeWords: Boolean(wholeWords), live: Boolean(live) },
  };
}
