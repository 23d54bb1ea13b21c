// Checks of what callers give as texts and examples.
import { BertletError } from './errors.js';

/** @typedef {import('./types.js').Example} Example */

/**
 * @param {string | string[]} texts
 * @returns {string[]}
 */
export function toTexts(texts) {
  const list = typeof texts === 'string' ? [texts] : texts;
  if (!Array.isArray(list)) throw new BertletError('BAD_INPUT', `A text or an array of texts is wanted, not ${texts}.`);
  const wrong = list.findIndex((text) => typeof text !== 'string');
  if (wrong >= 0)
    throw new BertletError('BAD_INPUT', `Text ${wrong} is not a string, but of type ${typeof list[wrong]}.`);
  return list;
}

/**
 * @param {Example[]} examples
 * @returns {{ texts: string[], labels: string[] }}
 */
export function checkExamples(examples) {
  if (!Array.isArray(examples)) throw new BertletError('BAD_INPUT', 'Examples are an array of { text, label }.');
  if (examples.length === 0)
    throw new BertletError('NO_EXAMPLES', 'There are no examples. Give at least two, with different labels.');
  examples.forEach((example, i) => {
    if (typeof example?.text !== 'string')
      throw new BertletError('BAD_INPUT', `Example ${i} has no text: it must be { text, label }.`);
    const { label } = example;
    if (!(typeof label === 'string' && label !== '') && !Number.isFinite(label)) {
      throw new BertletError(
        'BAD_LABELS',
        `The label of example ${i} is ${JSON.stringify(label)}; it must be a string or a number.`,
      );
    }
  });
  return { texts: examples.map(({ text }) => text), labels: examples.map(({ label }) => String(label)) };
}
