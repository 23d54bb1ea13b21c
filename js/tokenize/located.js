// Texts to ids that fit into the model, with where in the texts their tokens are.
import { range } from '../base/numbers.js';
import { cutLongestFirst } from './truncation.js';

/** Tokens, [CLS] and [SEP] included, and where they are. @typedef {Pick<import('../types.js').Encoding, 'tokens' | 'offsets'>} Located */

/**
 * As `tokenizer.encode`.
 * @param {import('./tokenizer.js').Tokenizer} tokenizer
 * @param {import('./tokenizer.js').Text} text
 * @param {number} maxTokens
 * @returns {import('./tokenizer.js').Encoded & { located: Located }}
 */
export function encodeLocated(tokenizer, text, maxTokens) {
  const { ids, tokenTypeIds, tokens, offsets } = tokenizer.tokenize(text);
  const last = ids.length - 1; // [SEP]
  const second = tokenTypeIds.indexOf(1);
  const [keep, keepOther] =
    second < 0
      ? [Math.min(last, maxTokens - 1) - 1, 0]
      : cutLongestFirst(second - 2, last - second, Math.max(maxTokens - 3, 0));
  const other = second < 0 ? [] : range(second - 1, second + keepOther); // from the [SEP] before it on
  const kept = [...range(0, keep + 1), ...other, last];
  return {
    ids: Int32Array.from(kept, (i) => ids[i]),
    second: keep + 2,
    cut: kept.length <= last,
    located: { tokens: kept.map((i) => tokens[i]), offsets: kept.map((i) => offsets[i]) },
  };
}
