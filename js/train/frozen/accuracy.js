// How often a head is right on rows that have targets.
import { range } from '../../base/numbers.js';

/**
 * @param {{ rows: import('../dataset/rows.js').Rows, targets: import('../dataset/targets.js').SingleLabel | import('../dataset/targets.js').MultiLabel }} problem
 * @param {number} count of rows, the first ones
 * @param {import('../../core/dense.js').Dense[]} dense
 * @param {() => Promise<void>} pause
 * @returns {Promise<number>} share of them that it gets right, 0 to 1
 */
export async function accuracyOf({ rows, targets }, count, dense, pause) {
  let right = 0;
  await rows.eachBlock(0, count, dense, pause, async (first, logits) => {
    const { correct } = await targets.measure(logits, range(first, first + logits.length / targets.classes), pause);
    right += correct;
  });
  return right / count;
}
