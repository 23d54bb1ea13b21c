// The learning rate of each step, and the order of the examples in each epoch.
import { random, shuffle } from '../../base/random.js';
import { range } from '../../base/numbers.js';

/**
 * The rate rises linearly over the first steps, and then falls linearly to 0, as `get_linear_schedule_with_warmup` of transformers.
 * @param {number} step 0 to steps - 1
 * @param {number} steps of the whole training
 * @param {number} warmup share of the steps in which it rises, 0 to 1
 * @returns {number} by which the learning rate is multiplied
 */
export function rateAt(step, steps, warmup) {
  const rising = Math.floor(warmup * steps);
  return step < rising ? step / rising : (steps - step) / Math.max(steps - rising, 1);
}

/**
 * The order of examples in an epoch. It depends on nothing but its number, so that training can go on in the midst of any epoch.
 * @param {number} examples number of them
 * @param {number} seed
 * @param {number} epoch
 */
export const orderOf = (examples, seed, epoch) => shuffle(range(0, examples), random(seed + 7919 * (epoch + 1)));
