// Pairs of labelled examples, as SetFit draws them (Tunstall et al. 2022, https://arxiv.org/abs/2209.11055, section 3): in each round, each
// example stands in one pair with an example of its label, and in one with an example of another label.
import { random, shuffle } from '../../base/random.js';

/** A pair of examples, by their index. @typedef {{ left: number, right: number, alike: boolean }} Pair */

/**
 * Draws pairs, the same ones for the same seed. An example that shares its label with no other is in no pair of that kind.
 * @param {number[][]} labels [examples] of each; examples are alike if they share a label, or both have none
 * @param {number[]} members indices of the examples to draw from
 * @param {number} rounds
 * @param {number} seed
 * @returns {Pair[]} in random order
 */
export function drawPairs(labels, members, rounds, seed) {
  const next = random(seed);
  /** By an example's labels: those who share one, itself included, and the others. @type {Map<string, { alike: number[], other: number[] }>} */
  const known = new Map();
  const partnersOf = (/** @type {number[]} */ own) => {
    const key = own.join();
    let partners = known.get(key);
    if (!partners) {
      const isAlike = (/** @type {number} */ i) =>
        own.length === 0 ? labels[i].length === 0 : labels[i].some((label) => own.includes(label));
      partners = { alike: members.filter(isAlike), other: members.filter((i) => !isAlike(i)) };
      known.set(key, partners);
    }
    return partners;
  };
  /** @type {Pair[]} */
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    for (const left of members) {
      const { alike, other } = partnersOf(labels[left]);
      if (alike.length > 1) {
        // Any but itself, in whose place stands the last one.
        const drawn = alike[Math.floor(next() * (alike.length - 1))];
        pairs.push({ left, right: drawn === left ? alike[alike.length - 1] : drawn, alike: true });
      }
      if (other.length > 0) pairs.push({ left, right: other[Math.floor(next() * other.length)], alike: false });
    }
  }
  return shuffle(pairs, next);
}
