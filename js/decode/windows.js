// Puts together what was found in overlapping windows of a long text.
import { rowOf } from '../base/numbers.js';
import { softmax } from '../base/probabilities.js';

/** @typedef {import('./entities.js').EntityGroup} EntityGroup */

/**
 * One window: [CLS] a part of the text [SEP].
 * @typedef {object} Window
 * @property {[start: number, end: number][]} offsets [tokens] in UTF-16 code units of the text
 * @property {Float32Array} logits [tokens][labels]
 */

/**
 * The entities of all windows without those that overlap another one, as `aggregate_overlapping_entities` of Hugging Face's pipeline
 * chooses them: of entities that overlap the longest counts, in code points, and of those the one with the highest score.
 * @param {string} text
 * @param {EntityGroup[]} entities of one window after the other
 * @returns {EntityGroup[]} in the order of the text
 */
export function mergeEntities(text, entities) {
  const lengthOf = (/** @type {EntityGroup} */ { start, end }) => [...text.slice(start, end)].length;
  /** @type {EntityGroup[]} */
  const merged = [];
  for (const entity of [...entities].sort((a, b) => a.start - b.start)) {
    const previous = merged[merged.length - 1];
    if (!previous || entity.start >= previous.end) {
      merged.push(entity);
      continue;
    }
    const longer = lengthOf(entity) - lengthOf(previous);
    if (longer > 0 || (longer === 0 && entity.score > previous.score)) merged[merged.length - 1] = entity;
  }
  return merged;
}

/**
 * The text as if it were one window. Of a token that two windows read, the logits count whose best label has the higher probability.
 * @param {Window[]} windows in order, at least one
 * @param {number} labels how many
 * @param {number} shared how many tokens a window shares with the one before
 * @returns {Window}
 */
export function mergeWindows(windows, labels, shared) {
  if (windows.length === 1) return windows[0];
  const certainty = (/** @type {ArrayLike<number>} */ row) => Math.max(...softmax(row));
  const separator = { offset: windows[0].offsets[0], row: rowOf(windows[0].logits, 0, labels) };
  const tokens = [separator]; // for [CLS], and in the end for [SEP]: neither has a tag
  windows.forEach(({ offsets, logits }, window) => {
    const known = window === 0 ? 0 : shared;
    const first = tokens.length - known;
    for (let token = 1; token < offsets.length - 1; token++) {
      const row = rowOf(logits, token, labels);
      const place = first + token - 1;
      if (place >= tokens.length) tokens.push({ offset: offsets[token], row });
      else if (certainty(row) > certainty(tokens[place].row)) tokens[place].row = row;
    }
  });
  tokens.push(separator);
  return {
    offsets: tokens.map(({ offset }) => offset),
    logits: Float32Array.from(tokens.flatMap(({ row }) => [...row])),
  };
}
