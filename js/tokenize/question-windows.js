// Questions with their contexts, in windows that fit into the model.
import { BertletError } from '../errors.js';
import { contextWindows } from './windows.js';

/** @typedef {[question: string, context: string]} Question */
/** @typedef {{ maxTokens: number, stride: number }} WindowOptions */

/**
 * [CLS] question [SEP] window of the context [SEP]
 * @typedef {object} QuestionWindow
 * @property {import('./tokenizer.js').Encoded} encoded
 * @property {number} first place of the window's first context token
 * @property {string[]} tokens [window] the context's tokens in it
 * @property {[start: number, end: number][]} offsets [window] of these in the context
 */

/**
 * @param {import('./tokenizer.js').Tokenizer} tokenizer
 * @param {Question} question
 * @param {number} number of the question among those that were given, for errors
 * @param {WindowOptions} options
 * @returns {QuestionWindow[]} at least one
 */
export function questionWindows(tokenizer, [question, context], number, { maxTokens, stride }) {
  const { ids: asked } = tokenizer.tokenize([question]); // [CLS] question [SEP]
  const whole = tokenizer.tokenize([context]);
  const sep = asked[asked.length - 1];
  const sizes = { number, question: asked.length - 2, context: whole.ids.length - 2, maxTokens, stride };
  return contextWindows(sizes).map(([begin, end]) => ({
    encoded: {
      ids: Int32Array.of(...asked, ...whole.ids.subarray(1 + begin, 1 + end), sep),
      second: asked.length,
      cut: false,
    },
    first: asked.length,
    tokens: whole.tokens.slice(1 + begin, 1 + end),
    offsets: whole.offsets.slice(1 + begin, 1 + end),
  }));
}

/** The longest windows, and what they share, unless the caller says otherwise: those of Hugging Face's pipeline. */
const MAX_TOKENS = 384;
const STRIDE = 128;

/**
 * @param {{ maxTokens?: number, stride?: number }} given
 * @param {number} maxPositions of the model
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
