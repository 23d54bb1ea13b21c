// Chooses the strength of regularization by cross-validation.
import { range } from '../../base/numbers.js';

/** @typedef {{ c: number, logLoss: number, accuracy: number, microF1?: number }} Step means over rows that were left out */

/** A weaker regularization must have a log-loss lower by so much to be preferred: small sets are noisy. */
const TIE = 1.005;

/**
 * What is right of rows that were left out, for one strength after the other until it gets worse. Strengths are compared by the
 * log-loss at each one's best temperature: how sure a head is can be mended afterwards, what it knows can't. Where a row may have
 * several labels it is the micro F1 that counts: rare labels hardly matter to the log-loss, and with strong regularization no row
 * gets any.
 * @param {number[]} strengths the strongest regularization first
 * @param {[begin: number, end: number][]} leftOut rows to leave out in turn
 * @param {import('../dataset/targets.js').SingleLabel | import('../dataset/targets.js').MultiLabel} targets
 * @param {(c: number, without: [begin: number, end: number]) => Promise<Float32Array>} train gives logits of the rows without which
 *   it trained
 * @param {(loaded: number, total: number) => void} report
 * @returns {Promise<{ search: Step[], chosen: Step, temperature: number }>}
 */
export async function searchStrength(strengths, leftOut, targets, train, report) {
  const rows = leftOut.flatMap(([begin, end]) => range(begin, end));
  const total = strengths.length * leftOut.length;
  /** @type {Step[]} */
  const search = [];
  /** @type {number[]} */
  const temperatures = [];
  let steps = 0;
  for (const c of strengths) {
    const logits = new Float32Array(rows.length * targets.classes);
    let at = 0;
    for (const fold of leftOut) {
      const own = await train(c, fold);
      logits.set(own, at);
      at += own.length;
      report(++steps, total);
    }
    const temperature = targets.temperature(logits, Int32Array.from(rows));
    const { logLoss, correct, ...more } = targets.measure(
      logits.map((value) => value / temperature),
      rows,
    );
    const last = search.at(-1);
    const step = { c, logLoss: logLoss / rows.length, accuracy: correct / rows.length, ...more };
    search.push(step);
    temperatures.push(temperature);
    if (last && lossOf(step) > lossOf(last)) break;
  }
  report(total, total);

  // The strongest regularization that is as good as the best. Not by micro F1: there it errs by finding too few labels.
  const least = Math.min(...search.map(lossOf));
  const tie = search[0].microF1 === undefined ? TIE : 1;
  const best = search.findIndex((step) => lossOf(step) <= tie * least);
  return { search, chosen: search[best], temperature: temperatures[best] };
}

const lossOf = (/** @type {Step} */ { logLoss, microF1 }) => (microF1 === undefined ? logLoss : 1 - microF1);
