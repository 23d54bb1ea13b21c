// Added tokens, which are searched in a text before it is split into words (added-token-search.js): most in the text itself, those with
// normalized=True of Hugging Face's tokenizers in normalized text.
import { SPECIAL } from '../core/abi.js';
import { BertletError } from '../errors.js';

/**
 * @typedef {object} AddedToken
 * @property {string} content
 * @property {number} id
 * @property {boolean} singleWord it is found only where no word character is beside it
 * @property {boolean} lstrip it includes the white space before it
 * @property {boolean} rstrip it includes the white space after it
 * @property {boolean} normalized it is searched in normalized text, between those that are not
 */

/** Upper bound of ids, since a damaged file might have ids that need all memory. */
export const MAX_IDS = 2 ** 22;

/** The special tokens, which the core finds by itself. */
export const SPECIALS = Object.keys(SPECIAL).map((name) => `[${name}]`);

/**
 * Checks a list of added tokens. Throws BAD_VOCABULARY.
 * @param {any} list as in tokenizer.json: content, id and flags
 * @param {string} location path or URL of the file, for messages
 * @returns {AddedToken[]} all of them; none if all are special tokens without flags, which the core finds by itself
 */
export function parseAddedTokens(list, location) {
  if (!Array.isArray(list)) throw new BertletError('BAD_VOCABULARY', `${location}: its added tokens are not a list.`);
  const tokens = list.map((entry) => {
    const {
      content,
      id,
      single_word: singleWord = false,
      lstrip = false,
      rstrip = false,
      normalized = false,
    } = entry ?? {};
    const isId = Number.isInteger(id) && id >= 0 && id < MAX_IDS;
    const hasFlags = [singleWord, lstrip, rstrip, normalized].every((flag) => typeof flag === 'boolean');
    if (typeof content !== 'string' || content === '' || /[\r\n]/.test(content) || !isId || !hasFlags)
      throw new BertletError('BAD_VOCABULARY', `${location}: the added token ${JSON.stringify(entry)} is not valid.`);
    return { content, id, singleWord, lstrip, rstrip, normalized };
  });
  const isPlainSpecial = (/** @type {AddedToken} */ { content, singleWord, lstrip, rstrip, normalized }) =>
    SPECIALS.includes(content) && !singleWord && !lstrip && !rstrip && !normalized;
  return tokens.every(isPlainSpecial) ? [] : tokens;
}
