// Splits a long text into overlapping windows that fit into the model.
import { BertletError } from '../errors.js';
import { windowsOf } from './windows.js';

/**
 * One window: [CLS] a part of the text [SEP].
 * @typedef {import('./located.js').Located & { encoded: import('./tokenizer.js').Encoded }} TokenWindow `tokens` and `offsets` with [CLS] and
 *   [SEP]
 */

/**
 * The windows of `return_overflowing_tokens` and `stride` in Hugging Face's tokenizers. Throws BAD_INPUT for a wrong `stride`.
 * @param {import('./tokenizer.js').Tokenizer} tokenizer
 * @param {string} text
 * @param {{ maxTokens: number, stride: number }} sizes `maxTokens`: of a window, with [CLS] and [SEP]; `stride`: how many tokens a window
 *   shares with the one before
 * @returns {TokenWindow[]} at least one
 */
export function tokenWindows(tokenizer, text, { maxTokens, stride }) {
  const capacity = maxTokens - 2;
  if (!(Number.isInteger(stride) && stride >= 0 && stride < capacity)) {
    throw new BertletError(
      'BAD_INPUT',
      `stride is ${stride}; it must be an integer from 0 to ${capacity - 1}, since the model reads ${maxTokens} tokens, [CLS] and [SEP] included.`,
    );
  }
  const { ids, tokens, offsets } = tokenizer.tokenize([text]);
  return windowsOf(ids.length - 2, capacity, stride).map(([begin, end]) => {
    const part = (/** @type {any} */ list) => [list[0], ...list.slice(1 + begin, 1 + end), list[list.length - 1]];
    return {
      encoded: { ids: Int32Array.from(part([...ids])), second: end - begin + 2, cut: false },
      tokens: part(tokens),
      offsets: part(offsets),
    };
  });
}
