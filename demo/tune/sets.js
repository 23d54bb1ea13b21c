// What can be learned from here, and what to try on it.
import { fetchExamples } from '../examples/shipped.js';

/** @typedef {import('../examples/types.js').Labelled} Labelled */

/** Sentences to try, written for the page; a set of the user's own has none. @type {Record<string, string[]>} */
const TO_TRY = {
  reviews: [
    'Everybody dies in the end, and you will be glad that you came.',
    'A murderer you cannot help but love.',
    'A sad, violent and beautiful story of revenge.',
    'There is not a dull moment in it.', // which both get wrong
  ],
  banking: [
    'The shop took my money twice!',
    'My cash did not come out of the machine, but my account says it did.',
    'Why is there a fee for sending money abroad?',
  ],
};

/** @param {string} set */
export const toTry = (set) => TO_TRY[set] ?? [];

/**
 * @param {string} set name of a file that comes with the page, or 'mine'
 * @param {import('../examples/types.js').ExamplesStore} examples
 * @param {AbortSignal} signal
 * @returns {Promise<Labelled[]>}
 */
export async function examplesOf(set, examples, signal) {
  if (set === 'mine') return examples.of('single').items;
  const shipped = await fetchExamples(set, signal);
  return shipped.map(({ text, label }) => ({ text, label: label.replaceAll('_', ' ') }));
}
