// Pairs of texts that are too long for the model.

/**
 * How many tokens of each text of a pair are kept: the longer one is cut until both fit, as by Hugging Face's `longest_first`.
 * @param {number} first tokens of the first text
 * @param {number} second tokens of the second text
 * @param {number} limit of both together
 * @returns {[first: number, second: number]}
 */
export function cutLongestFirst(first, second, limit) {
  if (first + second <= limit) return [first, second];
  const shorter = Math.min(first, second);
  const half = Math.floor(limit / 2);
  const [min, max] = shorter <= half ? [shorter, limit - shorter] : [half, limit - half];
  return first <= second ? [min, max] : [max, min];
}
