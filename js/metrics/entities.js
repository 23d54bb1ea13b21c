// Precision, recall and F1 of entities, equal to seqeval's.
import { strictSpans } from '../decode/schemes.js';
import { tagSpans } from '../decode/tags.js';
import { BertletError } from '../errors.js';
import { scoresOf, total } from './classification.js';

/** @typedef {import('../decode/tags.js').TagSpan} TagSpan */
/** @typedef {import('./classification.js').Scores} Scores */
/** @typedef {import('../types.js').EntityMetrics} EntityMetrics */

/**
 * Metrics of entities, as seqeval's: an entity was found if its type, first and last word are right. An undefined number, such as the
 * precision without any prediction, is 0. Throws BAD_INPUT if `truth` and `predicted` are not of the same shape.
 * @param {string[][]} truth [sentences][words] tags
 * @param {string[][]} predicted [sentences][words] tags
 * @param {import('../decode/schemes.js').Scheme} [scheme] of both, for seqeval's strict mode: only entities whose tags are valid in it
 *   count, and other tags than its own throw BAD_LABELS. Default: seqeval's default mode, which reads tags of any scheme
 * @returns {EntityMetrics}
 */
export function entityMetrics(truth, predicted, scheme) {
  const spansOf = (/** @type {string[]} */ tags) => (scheme ? strictSpans(tags, scheme) : tagSpans(tags));
  if (truth.length !== predicted.length) {
    throw new BertletError('BAD_INPUT', `There are ${truth.length} sentences and tags of ${predicted.length}.`);
  }
  /** @type {Map<string, import('./classification.js').Counts>} */
  const counts = new Map();
  const countsOf = (/** @type {string} */ type) => {
    const known = counts.get(type) ?? { hits: 0, found: 0, support: 0 };
    counts.set(type, known);
    return known;
  };
  truth.forEach((tags, i) => {
    if (tags.length !== predicted[i].length) {
      const problem = `Sentence ${i} has ${tags.length} tags, but ${predicted[i].length} predicted ones`;
      throw new BertletError('BAD_INPUT', `${problem}; every word needs one of each.`);
    }
    const key = (/** @type {TagSpan} */ { type, start, end }) => `${start} ${end} ${type}`;
    const gold = spansOf(tags);
    const known = new Set(gold.map(key));
    for (const { type } of gold) countsOf(type).support += 1;
    for (const span of spansOf(predicted[i])) {
      countsOf(span.type).found += 1;
      if (known.has(key(span))) countsOf(span.type).hits += 1;
    }
  });

  const types = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, count]) => [type, scoresOf(count)]);
  return { ...scoresOf(total([...counts.values()])), types: Object.fromEntries(types) };
}
