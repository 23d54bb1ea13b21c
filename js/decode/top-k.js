// The best of many scores.

/**
 * @param {ArrayLike<number>} scores
 * @param {number} k how many, at most
 * @param {Iterable<number>} candidates indices, each once
 * @returns {number[]} indices of the best, best first; of equal scores those that come first among the candidates
 */
export function topK(scores, k, candidates) {
  const better = (/** @type {number} */ a, /** @type {number} */ b) => scores[b] - scores[a];
  /** @type {number[]} */
  let best = [];
  let least = -Infinity; // what doesn't exceed it is not among the best
  for (const index of candidates) {
    if (scores[index] <= least) continue;
    best.push(index);
    if (best.length < 2 * k) continue;
    best = best.sort(better).slice(0, k);
    least = scores[best[k - 1]];
  }
  return best.sort(better).slice(0, k);
}
