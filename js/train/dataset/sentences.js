// Sentences with tags, of which a head reads the first token of each word.
import { firstTokens } from '../../decode/words.js';
import { BertletError } from '../../errors.js';

/** A word of a sentence, and its first token, by their indices. @typedef {{ word: number, token: number }} First */

/**
 * The words of a sentence that have a token.
 * @param {Parameters<typeof firstTokens>} of as of `firstTokens`
 * @returns {First[]}
 */
export const firstsOf = (...of) =>
  [...firstTokens(...of)].map((token, word) => ({ word, token })).filter(({ token }) => token >= 0);

/** Throws BAD_INPUT if there is nothing to read. @param {number} words that have a token, in all sentences */
export function checkFirsts(words) {
  if (words === 0)
    throw new BertletError('BAD_INPUT', 'None of the words has a token: they are control characters only.');
}

/**
 * Two kinds of sentences for a stratified split: 1 for those with an entity.
 * @param {number[][]} tags [sentences][words]
 * @param {number} outside the tag of words that are in no entity
 */
export const strataOf = (tags, outside) => Int32Array.from(tags, (list) => Number(list.some((tag) => tag !== outside)));
