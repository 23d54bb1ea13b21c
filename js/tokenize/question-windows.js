// Splits a question and its context into windows that fit into the model.
import { BertletError } from '../errors.js';
import { contextWindows } from './windows.js';

/** @typedef {[question: string, context: string]} Question */
/** @typedef {{ maxTokens: number, stride: number }} WindowOptions see `contextWindows` */

/**
 * One window: [CLS] question [SEP] a part of the context [SEP].
 * @typedef {object} QuestionWindow
 * @property {import('./tokenizer.js').Encoded} encoded
 * @property {number} first index of the first context token in `encoded.ids`
 * @property {string[]} tokens [window] the context's tokens in this window
 * @property {[start: number, end: number][]} offsets [window] where they are in the context, in UTF-16 code units
 */

/**
 * Throws TEXT_TOO_LONG if a question leaves no room for its context.
 * @param {import('./tokenizer.js').Tokenizer} tokenizer
 * @param {Question} question
 * @param {number} number index of the question among the given ones, for messages
 * @param {WindowOptions} options
 * @returns {QuestionWindow[]} at least one
 */
export function questionWindows(tokenizer, [question, context], number, { maxTokens, stride }) {
  const { ids: questionIds } = tokenizer.tokenize([question]); // [CLS] question [SEP]
  const whole = tokenizer.tokenize([context]);
  const sep = questionIds[questionIds.length - 1];
  const sizes = { number, question: questionIds.length - 2, context: whole.ids.length - 2, maxTokens, stride };
  return contextWindows(sizes).map(([begin, end]) => ({
    encoded: {
      ids: Int32Array.of(...questionIds, ...whole.ids.subarray(1 + begin, 1 + end), sep),
      second: questionIds.length,
      cut: false,
    },
    first: questionIds.length,
    tokens: whole.tokens.slice(1 + begin, 1 + end),
    offsets: whole.offsets.slice(1 + begin, 1 + end),
  }));
}

/** Defaults of `maxTokens` and `stride`, which are those of Hugging Face's pipeline. */
const MAX_TOKENS = 384;
const STRIDE = 128;

/**
 * The options of windows, checked and with defaults. Throws BAD_INPUT.
 * @param {{ maxTokens?: number, stride?: number }} given
 * @param {number} maxPositions of the model, its longest input
 * @returns {WindowOptions}
 */
export function windowOptions(given, maxPositions) {
  const { maxTokens = Math.min(MAX_TOKENS, maxPositions), stride } = given;
  const options = { maxTokens, stride: stride ?? Math.min(STRIDE, Math.floor(maxTokens / 3)) };
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1 && maxTokens <= maxPositions))
    throw new BertletError('BAD_INPUT', `maxTokens is ${maxTokens}; it must be an integer from 1 to ${maxPositions}.`);
  if (!(Number.isInteger(options.stride) && options.stride >= 0))
    throw new BertletError('BAD_INPUT', `stride is ${stride}; it must be an integer that is not negative.`);
  return options;
}
