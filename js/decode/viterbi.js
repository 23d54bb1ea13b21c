// The best sequence of tags: scores of single words, and of one tag following another.
import { indexOfMax, rowOf } from '../base/numbers.js';
import { parseTag, schemeOf } from './tags.js';

/**
 * Logarithmic scores of a linear chain; -Infinity forbids. A conditional random field has learned ones.
 * @typedef {object} Transitions
 * @property {Float64Array} start [labels] of the first word's tag
 * @property {Float64Array} next [labels][labels], row: a tag, column: the one after it
 * @property {Float64Array} end [labels] of the last word's tag
 */

/**
 * 0 for what the labels' scheme allows and -Infinity for the rest. A tag that opens or closes an entity is not asked for
 * where there is none for the type, as in a small set of examples.
 * @param {string[]} labels
 * @returns {Transitions}
 */
export function validTransitions(labels) {
  const scheme = schemeOf(labels);
  const tags = labels.map(parseTag);
  const typesWith = (/** @type {string} */ prefixes) =>
    new Set(tags.filter(({ prefix }) => prefixes.includes(prefix)).map(({ type }) => type));
  const opened = scheme === 'IO' ? new Set() : typesWith('BS');
  const closed = scheme === 'IOBES' || scheme === 'BILOU' ? typesWith('ES') : new Set();

  const begins = tags.map(({ prefix, type }) => !'IE'.includes(prefix) || !opened.has(type));
  const ends = tags.map(({ prefix, type }) => !'BI'.includes(prefix) || !closed.has(type));
  const mayFollow = (/** @type {number} */ from, /** @type {number} */ to) => {
    const goesOn = 'BI'.includes(tags[from].prefix) && 'IE'.includes(tags[to].prefix);
    return (goesOn && tags[from].type === tags[to].type) || (ends[from] && begins[to]);
  };

  const score = (/** @type {boolean} */ allowed) => (allowed ? 0 : -Infinity);
  return {
    start: Float64Array.from(begins, score),
    next: Float64Array.from(
      tags.flatMap((_, from) => tags.map((_, to) => mayFollow(from, to))),
      score,
    ),
    end: Float64Array.from(ends, score),
  };
}

/**
 * The Viterbi algorithm (Rabiner 1989, section III.B), in O(words x labels^2).
 * @param {ArrayLike<number>} scores [words][labels] logarithms of probabilities, or logits
 * @param {Transitions} transitions
 * @returns {Int32Array} [words] labels of the sequence with the greatest sum; if none is allowed, each word's best label
 */
export function viterbi(scores, { start, next, end }) {
  const labels = start.length;
  const words = scores.length / labels;
  if (words === 0) return new Int32Array(0);
  const from = new Int32Array(words * labels); // [words][labels] the best label before
  let best = Float64Array.from(start, (score, label) => score + scores[label]);
  for (let word = 1; word < words; word++) {
    best = Float64Array.from({ length: labels }, (_, to) => {
      let most = -Infinity;
      for (let label = 0; label < labels; label++) {
        const score = best[label] + next[label * labels + to];
        if (score > most) {
          most = score;
          from[word * labels + to] = label;
        }
      }
      return most + scores[word * labels + to];
    });
  }
  const total = best.map((score, label) => score + end[label]);
  const path = new Int32Array(words);
  path[words - 1] = indexOfMax(total);
  if (total[path[words - 1]] === -Infinity) {
    return path.map((_, word) => indexOfMax(rowOf(scores, word, labels)));
  }
  for (let word = words - 1; word > 0; word--) path[word - 1] = from[word * labels + path[word]];
  return path;
}
