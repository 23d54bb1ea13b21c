// The options of `fit` for methods that train the encoder along with the head, checked and with their defaults. docs/fine-tuning.md says how the
// defaults were chosen.
import { BertletError } from '../../errors.js';
import { readContent } from '../../io/content.js';
import { readAll } from '../../io/streams.js';
import { callOptions } from '../call-options.js';
import { checkChoice, checkInteger } from '../options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {Exclude<import('../../types.js').FitMethod, 'head'>} Method */

/** Names of the options of steps, whatever is trained, and of adapters. */
export const STEPS = ['batchSize', 'learningRate', 'maxTokens', 'memory', 'warmup', 'weightDecay'];
export const ADAPTERS = ['alpha', 'dropout', 'rank', 'rslora', 'targetModules'];

/** Of what may be interrupted. */
const INTERRUPTIONS = ['onCheckpoint', 'resume'];

/** Of what is trained in epochs, of what is done in between; and of each method. */
export const EPOCHS = [...STEPS, 'epochs'];
export const COMMON_TUNING = [...EPOCHS, ...INTERRUPTIONS, 'earlyStopping'];
export const TUNING = {
  lora: [...ADAPTERS, 'modulesToSave'],
  layers: ['layers'],
  full: /** @type {string[]} */ ([]),
};

/** Of contrastive tuning, for all its tasks, by what is tuned. */
const CONTRASTIVE = { lora: ADAPTERS, layers: TUNING.layers, full: TUNING.full };

/**
 * Names of the options of contrastive tuning; more of them may be interrupted. Throws BAD_INPUT for an unknown `tune`.
 * @param {FitOptions['tune']} [tune]
 */
export function contrastiveSteps(tune = 'lora') {
  checkChoice('tune', tune, Object.keys(CONTRASTIVE));
  return ['tune', ...STEPS, ...CONTRASTIVE[tune]];
}
export const contrastiveOptions = (/** @type {FitOptions['tune']} */ tune) => [
  ...contrastiveSteps(tune),
  ...INTERRUPTIONS,
];

/** The highest learning rate of what is trained. */
const LEARNING_RATE = { lora: 1e-3, layers: 3e-4, full: 2e-4 };

/** Tokens of a text, and examples of a step; pairs of a contrastive one. */
const MAX_TOKENS = 128;
const PAIRS = 16;
const BATCH_SIZE = {
  'text-classification': 32,
  'multi-label': 32,
  regression: 32,
  'token-classification': 16,
  'question-answering': 16,
  'sentence-similarity': PAIRS,
};

/** @param {unknown} name of a module */
const isName = (name) => typeof name === 'string' && name !== '';

/**
 * Throws BAD_INPUT.
 * @param {FitOptions & { method: Method, task: import('../../types.js').HeadTask }} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function tuningOptions(options, info) {
  const { method, task, tune = 'lora', modulesToSave = [] } = options;
  if (!Array.isArray(modulesToSave) || !Array.from(modulesToSave).every(isName))
    throw new BertletError(
      'BAD_INPUT',
      `modulesToSave is ${JSON.stringify(modulesToSave)}; it must be an array of names of modules, such as ['LayerNorm', 'embeddings'].`,
    );
  const option = method === 'contrastive' ? 'tune' : 'method';
  const trained = method === 'contrastive' ? tune : method;
  const isBeside = trained === 'lora' && modulesToSave.length === 0;
  if (!isBeside && info.dtype !== 'f32')
    throw new BertletError(
      'BAD_INPUT',
      `${trained === 'lora' ? 'modulesToSave' : `${option} '${trained}'`} trains the model's own weights, which must be in f32: load it with dtype 'f32', or use ${option} 'lora'${trained === 'lora' ? ' without it' : ''}.`,
    );
  const usual = method === 'contrastive' ? PAIRS : BATCH_SIZE[task];
  const { layers = Math.min(2, info.numLayers), epochs, rounds, earlyStopping = true } = options;
  checkInteger('layers', layers, 1, info.numLayers);
  if (rounds !== undefined) checkInteger('rounds', rounds, 1, 65536);
  if (epochs !== undefined) checkInteger('epochs', epochs, 1, 65536);
  return {
    ...stepOptions(options, info, { batchSize: usual, learningRate: LEARNING_RATE[trained] }),
    ...adapterOptions(options, info),
    ...{ method, tune, modulesToSave, layers, epochs, rounds },
    ...{ earlyStopping: Boolean(earlyStopping), crf: Boolean(options.crf) },
  };
}

/**
 * The options of steps, whatever is trained. Throws BAD_INPUT.
 * @param {Pick<FitOptions, 'batchSize' | 'learningRate' | 'maxTokens' | 'memory' | 'warmup' | 'weightDecay'>} options
 * @param {import('../../types.js').ModelInfo} info
 * @param {{ batchSize: number, learningRate: number }} usual the defaults that differ
 */
export function stepOptions(options, info, usual) {
  const { batchSize = usual.batchSize, learningRate = usual.learningRate } = options;
  const { memory, warmup = 0.1, weightDecay = 0.01 } = options;
  const { maxTokens = Math.min(MAX_TOKENS, info.maxTokens) } = options;
  checkInteger('batchSize', batchSize, 1, 65536);
  checkInteger('maxTokens', maxTokens, 3, info.maxTokens);
  if (memory !== undefined) checkInteger('memory', memory, 1, 2 ** 32);
  checkNumber('learningRate', learningRate, (value) => value > 0, 'a positive number');
  checkNumber('weightDecay', weightDecay, (value) => value >= 0, 'a number that is not negative');
  checkNumber('warmup', warmup, (value) => value >= 0 && value <= 1, 'a share of the steps, 0 to 1');
  return { batchSize, learningRate, maxTokens, memory, warmup, weightDecay };
}

/**
 * The options of adapters. Throws BAD_INPUT.
 * @param {Pick<FitOptions, 'rank' | 'alpha' | 'rslora' | 'dropout' | 'targetModules'>} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function adapterOptions(options, info) {
  const { rank = Math.min(16, info.hiddenSize), alpha = 2 * rank } = options;
  const { rslora = false, dropout = 0.05, targetModules = 'all-linear' } = options;
  checkInteger('rank', rank, 1, info.hiddenSize);
  checkNumber('alpha', alpha, (value) => value > 0, 'a positive number');
  checkNumber('dropout', dropout, (value) => value >= 0 && value < 1, 'at least 0 and below 1');
  if (
    !(Array.isArray(targetModules)
      ? targetModules.length > 0 && Array.from(targetModules).every(isName)
      : isName(targetModules))
  )
    throw new BertletError(
      'BAD_INPUT',
      `targetModules is ${JSON.stringify(targetModules)}; it must be 'all-linear', names of modules such as ['query', 'value'], or a pattern.`,
    );
  return { rank, alpha, rslora: Boolean(rslora), dropout, targetModules };
}

/**
 * Throws BAD_INPUT.
 * @param {string} name
 * @param {unknown} value
 * @param {(value: number) => boolean} isRight
 * @param {string} what it must be
 */
export function checkNumber(name, value, isRight, what) {
  if (typeof value === 'number' && Number.isFinite(value) && isRight(value)) return;
  throw new BertletError('BAD_INPUT', `${name} is ${value}; it must be ${what}.`);
}

/**
 * A checkpoint's bytes.
 * @param {FitOptions['resume']} content
 * @returns {Promise<Uint8Array | undefined>} rejects with BAD_INPUT if it is something else
 */
export const readResume = async (content) =>
  content === undefined ? undefined : readAll(await readContent(content, 'resume'), 'The checkpoint', 2 ** 32);

/**
 * The options of a call that trains the encoder. Aborted, it ends when its last checkpoint has come, or with a head if it was done: then the
 * model may have new weights.
 * @param {import('../../types.js').TaskOptions} options
 * @param {FitOptions['onCheckpoint']} onCheckpoint
 * @returns {import('../../rpc/connection.js').CallOptions}
 */
export function tuningCall(options, onCheckpoint) {
  const { onEvent, ...rest } = callOptions(options);
  return {
    ...rest,
    patient: true,
    onEvent: (event) => (event.checkpoint ? onCheckpoint?.(event.checkpoint) : onEvent?.(event)),
  };
}
