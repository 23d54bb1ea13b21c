// Chooses the strength of regularization by cross-validation.
import { range } from '../../base/numbers.js';

/**
 * What was measured for one strength: means over all rows that were left out.
 * @typedef {{ c: number, logLoss: number, accuracy: number, microF1?: number }} Step
 */

/** Chosen is the strongest regularization whose log-loss is at most this times the lowest, since small sets are noisy. */
const TIE = 1.005;

/**
 * Tries one strength after the other, the strongest regularization first, until one is worse than the one before. Each is measured on
 * the folds, by a head that was trained without them.
 *
 * Strengths are compared by the log-loss at their best temperature, since calibration can correct a head's confidence afterwards, but not
 * its errors. If rows may have several labels, the micro F1 is compared instead: rare labels hardly matter to the log-loss, and under a
 * regularization that is too strong no row gets any.
 * @param {number[]} strengths values of `c`, ascending
 * @param {[begin: number, end: number][]} folds ranges of rows to leave out in turn
 * @param {import('../dataset/targets.js').SingleLabel | import('../dataset/targets.js').MultiLabel} targets
 * @param {(c: number, without: [begin: number, end: number]) => Promise<Float32Array>} train trains without a fold and gives the logits of
 *   its rows, [end - begin][classes]
 * @param {(loaded: number, total: number) => void} report gets fits
 * @param {() => Promise<void>} pause
 * @returns {Promise<{ search: Step[], chosen: Step, temperature: number, errors: Float64Array }>} all steps, the best one, its temperature, and
 *   the errors of all rows that were left out, see `Measure`. Rejects as `train`
 */
export async function searchStrength(strengths, folds, targets, train, report, pause) {
  const rows = folds.flatMap(([begin, end]) => range(begin, end));
  const total = strengths.length * folds.length;
  /** @type {Step[]} */
  const search = [];
  /** @type {{ temperature: number, errors: Float64Array }[]} */
  const details = [];
  let steps = 0;
  for (const c of strengths) {
    const logits = new Float32Array(rows.length * targets.classes);
    let filled = 0;
    for (const fold of folds) {
      const logitsOfFold = await train(c, fold);
      logits.set(logitsOfFold, filled);
      filled += logitsOfFold.length;
      report(++steps, total);
    }
    const temperature = await targets.temperature(logits, Int32Array.from(rows), pause);
    const { logLoss, correct, errors, ...rest } = await targets.measure(logits, rows, pause, temperature);
    const previous = search.at(-1);
    const step = { c, logLoss: logLoss / rows.length, accuracy: correct / rows.length, ...rest };
    search.push(step);
    details.push({ temperature, errors });
    if (previous && lossOf(step) > lossOf(previous)) break;
  }
  report(total, total);

  // The strongest regularization that is about as good as the best. With micro F1 it must be as good, because the mistake of a strong
  // regularization is to find too few labels.
  const minLoss = Math.min(...search.map(lossOf));
  const tie = search[0].microF1 === undefined ? TIE : 1;
  const best = search.findIndex((step) => lossOf(step) <= tie * minLoss);
  return { search, chosen: search[best], ...details[best] };
}

/** What is to be minimized. */
const lossOf = (/** @type {Step} */ { logLoss, microF1 }) => (microF1 === undefined ? logLoss : 1 - microF1);
