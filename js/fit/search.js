// Chooses the strength of regularization by cross-validation.

/** @typedef {{ c: number, logLoss: number, accuracy: number }} Step */

/** A weaker regularization must be better by so much to be preferred: small sets are noisy. */
const TIE = 1.02;

/**
 * The mean log-loss and accuracy on what was left out, for one strength after the other until it gets worse.
 * @template Held
 * @param {number[]} strengths the strongest regularization first
 * @param {[begin: number, end: number][]} leftOut rows to leave out in turn
 * @param {(c: number, without: [begin: number, end: number]) => Promise<Held & { logLoss: number, correct: number }>} measure sums over
 *   the rows that were left out
 * @param {(loaded: number, total: number) => void} report
 * @returns {Promise<{ search: Step[], chosen: number, held: Held[] }>} `held`: what was measured with the chosen strength, by fold
 */
export async function searchStrength(strengths, leftOut, measure, report) {
  const rows = leftOut.reduce((sum, [begin, end]) => sum + end - begin, 0);
  const total = strengths.length * leftOut.length;
  /** @type {(Step & { held: Held[] })[]} */
  const results = [];
  let steps = 0;
  for (const c of strengths) {
    /** @type {(Held & { logLoss: number, correct: number })[]} */
    const measured = [];
    for (const fold of leftOut) {
      measured.push(await measure(c, fold));
      report(++steps, total);
    }
    const sum = (/** @type {'logLoss' | 'correct'} */ key) => measured.reduce((all, one) => all + one[key], 0);
    const last = results.at(-1)?.logLoss ?? Infinity;
    results.push({ c, logLoss: sum('logLoss') / rows, accuracy: sum('correct') / rows, held: measured });
    if (results[results.length - 1].logLoss > last) break;
  }
  report(total, total);

  // The strongest regularization whose log-loss is as good as the best.
  const least = Math.min(...results.map(({ logLoss }) => logLoss));
  const best = /** @type {typeof results[0]} */ (results.find(({ logLoss }) => logLoss <= TIE * least));
  return {
    search: results.map(({ c, logLoss, accuracy }) => ({ c, logLoss, accuracy })),
    chosen: best.c,
    held: best.held,
  };
}
