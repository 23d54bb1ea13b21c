// Changes of the examples that can be taken back.
import { offerUndo } from '../shared/undo.js';

/**
 * @param {import('./types.js').ExamplesStore} examples
 * @param {import('./types.js').Examples} next
 * @param {string} message what was done, as a sentence
 */
export function change(examples, next, message) {
  const before = examples.value;
  examples.set(next);
  offerUndo(message, () => examples.set(before));
}
