// What `createModel` makes of its options: the files of a model, and the options to load them with.
import { newModelFiles } from '../checkpoint/new-model.js';
import { BertletError } from '../errors.js';
import { checkNumber } from './fit/tuning.js';
import { checkInteger } from './options.js';

/** The tokens that every BERT has. */
const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * Throws BAD_INPUT, or BAD_VOCABULARY if the vocabulary lacks a special token, or has a piece twice.
 * @param {import('../types.js').NewModelOptions} options
 * @returns {[files: Record<string, Uint8Array<ArrayBuffer>>, others: object]}
 */
export function newModel({
  vocabulary,
  lowercase = true,
  stripAccents = lowercase,
  splitChinese = true,
  layers = 4,
  hiddenSize = 128,
  heads = Math.max(1, Math.round(hiddenSize / 32)),
  intermediateSize = 4 * hiddenSize,
  maxTokens = 128,
  dropout = 0.1,
  seed = 0,
  ...others
}) {
  checkVocabulary(vocabulary);
  checkInteger('layers', layers, 1, 1000);
  checkInteger('hiddenSize', hiddenSize, 8, 16384);
  checkInteger('heads', heads, 1, hiddenSize);
  checkInteger('intermediateSize', intermediateSize, 8, 65536);
  checkInteger('maxTokens', maxTokens, 3, 65536);
  checkNumber('dropout', dropout, (value) => value >= 0 && value < 1, 'at least 0 and below 1');
  if (!Number.isInteger(seed)) throw new BertletError('BAD_INPUT', `seed is ${seed}; it must be an integer.`);
  if (hiddenSize % 8 || hiddenSize % heads || intermediateSize % 8)
    throw new BertletError(
      'BAD_INPUT',
      `hiddenSize (${hiddenSize}) must be a multiple of 8 and of heads (${heads}), intermediateSize (${intermediateSize}) of 8.`,
    );
  const texts = { vocabulary, lowercase, stripAccents, splitChinese };
  const architecture = { ...texts, layers, hiddenSize, heads, intermediateSize, maxTokens, dropout };
  return [newModelFiles(architecture, seed), { cache: false, dtype: 'f32', ...others }];
}

/** @param {unknown} vocabulary */
function checkVocabulary(vocabulary) {
  if (!Array.isArray(vocabulary) || !vocabulary.every((piece) => typeof piece === 'string' && /^\S+$/.test(piece)))
    throw new BertletError(
      'BAD_INPUT',
      'The option "vocabulary" must be an array of pieces, by id: strings without white space.',
    );
  const lacking = SPECIALS.find((token) => !vocabulary.includes(token));
  if (lacking)
    throw new BertletError('BAD_VOCABULARY', `The vocabulary lacks ${lacking}. It must have ${SPECIALS.join(', ')}.`);
  const seen = new Set();
  for (const [id, piece] of vocabulary.entries()) {
    if (seen.has(piece))
      throw new BertletError(
        'BAD_VOCABULARY',
        `The vocabulary has ${JSON.stringify(piece)} twice, also as number ${id}.`,
      );
    seen.add(piece);
  }
}
