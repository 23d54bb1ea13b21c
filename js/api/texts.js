// Checks of the texts that callers give.
import { BertletError } from '../errors.js';

/** @typedef {import('../types.js').TextInput} TextInput */
/** @typedef {import('../tokenize/tokenizer.js').Text} Text */

/**
 * One or several texts or pairs, in the form in which they go to the worker. Throws BAD_INPUT.
 * @param {TextInput | TextInput[]} texts
 * @returns {Text[]}
 */
export function toTexts(texts) {
  if (texts === undefined || texts === null)
    throw new BertletError('BAD_INPUT', `A text or an array of texts is wanted, not ${texts}.`);
  try {
    return Array.from(Array.isArray(texts) ? texts : [texts], (input, i) => {
      if (typeof input === 'string') return [input];
      const { text, textPair } = input ?? {};
      if (typeof text === 'string' && (textPair === undefined || typeof textPair === 'string')) return [text, textPair];
      throw new BertletError(
        'BAD_INPUT',
        `Text ${i} is neither a string nor a pair { text, textPair } of strings, but of type ${typeof input}.`,
      );
    });
  } catch (error) {
    if (error instanceof BertletError) throw error;
    throw new BertletError('BAD_INPUT', 'Reading a text throws an error.', { cause: error });
  }
}
