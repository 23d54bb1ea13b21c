// The best sequence of tags, by scores of each word's tags and of one tag following another.
import { indexOfMax, rowOf } from '../base/numbers.js';
import { schemeOf } from './schemes.js';
import { parseTag } from './tags.js';

/**
 * Scores of a linear chain, which are added to those of the words: -Infinity forbids. A conditional random field learns them.
 * @typedef {object} Transitions
 * @property {Float64Array} start [labels] of the first word's tag
 * @property {Float64Array} next [labels][labels], row: a tag, column: the one after it
 * @property {Float64Array} end [labels] of the last word's tag
 */

/**
 * Transitions that forbid sequences that are invalid in the scheme of the labels. If the labels have no tag that begins (or ends)
 * entities of a type, as may be in a small set of examples, any of its tags may begin (or end) one.
 * @param {string[]} labels tags
 * @param {import('./schemes.js').AnyScheme} [scheme] of the labels; B- and I- alone can be IOB1 as well as IOB2, the default
 * @returns {Transitions}
 */
export function validTransitions(labels, scheme = schemeOf([], labels)) {
  const tags = labels.map(parseTag);
  const typesWith = (/** @type {string} */ prefixes) =>
    new Set(tags.filter(({ prefix }) => prefixes.includes(prefix)).map(({ type }) => type));
  // In IO, IOB1 and IOE1 an entity may begin and end at any tag.
  const withBegin = ['IOB2', 'IOBES', 'BILOU'].includes(scheme) ? typesWith('BS') : new Set();
  const withEnd = ['IOE2', 'IOBES', 'BILOU'].includes(scheme) ? typesWith('ES') : new Set();

  const mayBegin = tags.map(({ prefix, type }) => !'IE'.includes(prefix) || !withBegin.has(type));
  const mayEnd = tags.map(({ prefix, type }) => !'BI'.includes(prefix) || !withEnd.has(type));
  const mayFollow = (/** @type {number} */ from, /** @type {number} */ to) => {
    const continues = 'BI'.includes(tags[from].prefix) && 'IE'.includes(tags[to].prefix);
    return (continues && tags[from].type === tags[to].type) || (mayEnd[from] && mayBegin[to]);
  };

  const score = (/** @type {boolean} */ allowed) => (allowed ? 0 : -Infinity);
  return {
    start: Float64Array.from(mayBegin, score),
    next: Float64Array.from(
      tags.flatMap((_, from) => tags.map((_, to) => mayFollow(from, to))),
      score,
    ),
    end: Float64Array.from(mayEnd, score),
  };
}

/**
 * The sequence of labels with the greatest sum of scores, by the Viterbi algorithm (Rabiner 1989, section III.B).
 * @param {ArrayLike<number>} scores [words][labels] logarithms of probabilities, or logits
 * @param {Transitions} transitions
 * @returns {Int32Array} [words] index of each word's label; if every sequence is forbidden, of each word's best label
 */
export function viterbi(scores, { start, next, end }) {
  const labels = start.length;
  const words = scores.length / labels;
  if (words === 0) return new Int32Array(0);
  const previous = new Int32Array(words * labels); // [words][labels] the label before, on the best way to this one
  let best = Float64Array.from(start, (score, label) => score + scores[label]);
  for (let word = 1; word < words; word++) {
    best = Float64Array.from({ length: labels }, (_, to) => {
      let max = -Infinity;
      for (let label = 0; label < labels; label++) {
        const score = best[label] + next[label * labels + to];
        if (score > max) {
          max = score;
          previous[word * labels + to] = label;
        }
      }
      return max + scores[word * labels + to];
    });
  }
  const total = best.map((score, label) => score + end[label]);
  const path = new Int32Array(words);
  path[words - 1] = indexOfMax(total);
  if (total[path[words - 1]] === -Infinity) {
    return path.map((_, word) => indexOfMax(rowOf(scores, word, labels)));
  }
  for (let word = words - 1; word > 0; word--) path[word - 1] = previous[word * labels + path[word]];
  return path;
}
