// Logits to probabilities. A page loads these functions from the start, so they stand alone.

/**
 * exp(logits) / sum(exp(logits)), without overflow.
 * @param {ArrayLike<number>} logits [classes] at least one
 * @returns {Float64Array} [classes] probabilities, whose sum is 1
 */
export function softmax(logits) {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]);
  const values = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += values[i] = Math.exp(logits[i] - max);
  for (let i = 0; i < logits.length; i++) values[i] /= sum;
  return values;
}

/** The logistic function. @param {number} z */
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));
