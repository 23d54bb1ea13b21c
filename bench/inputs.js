// What every contender is given: the same token ids, the same sentences.

/**
 * Batches as [sequences, tokens in each].
 * @type {[number, number][]}
 */
export const shapes = [
  [1, 16],
  [1, 32],
  [1, 128],
  [1, 256],
  [1, 512],
  [8, 128],
  [32, 32],
];

const CLS = 101;
const SEP = 102;
const FIRST_WORD = 1996; // bert-base-uncased: from here on whole words
const WORDS = 20000;

/**
 * Token ids [batch][tokens], each row [CLS] word ... word [SEP]; the words come from a fixed random sequence.
 * @param {number} batch
 * @param {number} tokens
 * @returns {Int32Array}
 */
export function tokenIds(batch, tokens) {
  let state = 1;
  return Int32Array.from({ length: batch * tokens }, (_, index) => {
    const column = index % tokens;
    if (column === 0) return CLS;
    if (column === tokens - 1) return SEP;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' linear congruential generator
    return FIRST_WORD + ((state >>> 8) % WORDS);
  });
}

/**
 * `count` of the items, evenly over the whole.
 * @template T
 * @param {T[]} items
 * @param {number} count
 * @returns {T[]}
 */
export const spread = (items, count) =>
  Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)]);

/**
 * Where one of `parts` equal parts begins and ends.
 * @param {number} length
 * @param {number} parts
 * @param {number} part
 * @returns {[begin: number, end: number]}
 */
export const bounds = (length, parts, part) => [
  Math.floor((part * length) / parts),
  Math.floor(((part + 1) * length) / parts),
];
