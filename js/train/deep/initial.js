// What training starts from.
import { random } from '../../base/random.js';

/**
 * Draws an adapter as PEFT does: A uniformly from +-1 / sqrt(columns), torch's kaiming_uniform_(a = sqrt(5)); B is 0, so that at first the
 * model computes what it did.
 * @param {number} rank
 * @param {number} rows
 * @param {number} columns
 * @param {() => number} next uniform in [0, 1)
 * @returns {{ a: Float32Array, b: Float32Array }} [rank][columns], [rows][rank]
 */
export function drawAdapter(rank, rows, columns, next) {
  const bound = 1 / Math.sqrt(columns);
  const a = Float32Array.from({ length: rank * columns }, () => (2 * next() - 1) * bound);
  return { a, b: new Float32Array(rows * rank) };
}

/** BERT's `initializer_range`. */
const STANDARD_DEVIATION = 0.02;

/**
 * Draws a linear head as transformers does: weights from a normal distribution (by Box and Muller's method); biases, and what the loss has of
 * its own, are 0.
 * @param {Float32Array} head weight [outputs][hiddenSize], then what is to be 0; changed
 * @param {number} weights how many numbers the weight has
 * @param {number} seed
 */
export function drawHead(head, weights, seed) {
  const next = random(seed);
  head.fill(0);
  for (let i = 0; i < weights; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    head[i] = STANDARD_DEVIATION * radius * Math.cos(2 * Math.PI * next());
  }
}
