// The kinds of classifier that the page trains, and what is particular to each.
import { hotelReviews, opinions, sentencePairs } from './samples.js';

/** @typedef {import('./types.js').KindName} KindName */

/**
 * @typedef {object} Kind
 * @property {string} key under which the browser keeps its examples
 * @property {import('./samples.js').Samples} samples
 * @property {{ task?: 'multi-label', layer?: 'auto' }} fit what `fit` is told
 * @property {number} threshold of a score, at first
 * @property {string} pasted an example of lines to paste
 */

/** @type {Record<KindName, Kind>} */
export const kinds = {
  single: {
    key: 'bertlet:examples',
    samples: opinions,
    fit: {},
    threshold: 0,
    pasted: 'Where is my parcel?, delivery\nI was charged twice, payment',
  },
  several: {
    key: 'bertlet:examples-several',
    samples: hotelReviews,
    fit: { task: 'multi-label' },
    threshold: 0.5,
    pasted: 'Late, and they charged me twice, delivery\nLate, and they charged me twice, payment',
  },
  pairs: {
    key: 'bertlet:examples-pairs',
    samples: sentencePairs,
    // What two texts have to do with each other is lost in the last layers of a model for single sentences.
    fit: { layer: 'auto' },
    threshold: 0,
    pasted: 'It rains., It is pouring., same\n"It rains, again.", I like tea., different',
  },
};

export const kindNames = /** @type {KindName[]} */ (Object.keys(kinds));

/**
 * Something for each kind.
 * @template T
 * @param {(kind: KindName) => T} make
 */
export const perKind = (make) =>
  /** @type {Record<KindName, T>} */ (Object.fromEntries(kindNames.map((kind) => [kind, make(kind)])));

/**
 * In which kind a saved classifier is opened: a file does not say whether it was trained on pairs.
 * @param {string} task
 * @param {KindName} open
 * @returns {KindName}
 */
export function kindFor(task, open) {
  if (task === 'multi-label') return 'several';
  return open === 'pairs' ? 'pairs' : 'single';
}
