// Probabilities that can be believed: a temperature for the logits, how far off they are, and where to draw a line.
import { logSumExp, rowOf, softmax } from '../base/numbers.js';

/** Temperatures beyond these mean that nothing, or everything, is certain. */
const RANGE = [0.01, 100];

/**
 * The temperature T for which softmax(logits / T) has the least log-loss (Guo et al. 2017,
 * https://arxiv.org/abs/1706.04599, section 4.2). The loss is convex in 1 / T; its slope is brought to 0 by bisection.
 * For independent labels, each with a sigmoid, the two logits of a row are 0 and the label's.
 *
 * Where few rows are all right the least loss would be at T = 0, as if no error were possible. With a `doubt` the true class counts
 * 1 - doubt and the others share the rest, as the targets of Platt 1999 ("Probabilistic outputs for support vector machines",
 * section 2.2).
 * @param {ArrayLike<number>} logits [rows][classes] of examples that the model wasn't trained on
 * @param {ArrayLike<number>} labels [rows] the true class of each
 * @param {number} classes
 * @param {number} [doubt] 0 to 1
 * @returns {number} 1 if there are no rows
 */
export function fitTemperature(logits, labels, classes, doubt = 0) {
  const rows = Array.from({ length: labels.length }, (_, i) => rowOf(logits, i, classes));
  if (rows.length === 0) return 1;
  const others = doubt / (classes - 1);
  // Of the loss in 1 / T: what the logits are on average, by the probabilities, minus what they are by the targets.
  const slope = (/** @type {number} */ inverse) =>
    rows.reduce((sum, row, i) => {
      const probabilities = softmax(row.map((logit) => logit * inverse));
      const target = (/** @type {number} */ k) => (k === labels[i] ? 1 - doubt : others);
      return row.reduce((all, logit, k) => all + logit * (probabilities[k] - target(k)), sum);
    }, 0);
  let [low, high] = [Math.log(1 / RANGE[1]), Math.log(1 / RANGE[0])];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}

/**
 * Mean of -log(probability of the true class).
 * @param {ArrayLike<number>} logits [rows][classes]
 * @param {ArrayLike<number>} labels [rows]
 * @param {number} classes
 * @param {number} [temperature]
 */
export function logLoss(logits, labels, classes, temperature = 1) {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = rowOf(logits, i, classes).map((logit) => logit / temperature);
    sum += logSumExp(row) - row[labels[i]];
  }
  return sum / labels.length;
}

/**
 * Expected calibration error (Guo et al. 2017, section 2): how far apart, on average over the predictions, confidence and
 * accuracy are among predictions of about the same confidence.
 * @param {ArrayLike<number>} confidences [rows] probability of the predicted class
 * @param {ArrayLike<boolean | number>} correct [rows]
 * @param {number} [bins] of equal width; a bin does not hold its lower bound
 */
export function expectedCalibrationError(confidences, correct, bins = 15) {
  const gaps = new Float64Array(bins); // sum of accuracy - confidence
  for (let i = 0; i < confidences.length; i++) {
    const bin = Math.max(Math.ceil(confidences[i] * bins) - 1, 0);
    gaps[bin] += Number(correct[i]) - confidences[i];
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / confidences.length;
}

/**
 * The threshold that gives the best F1 to `score >= threshold`.
 * @param {ArrayLike<number>} scores [rows]
 * @param {ArrayLike<boolean | number>} truth [rows]
 * @returns {{ threshold: number, f1: number }} half-way between two scores; Infinity and 0 if nothing is true
 */
export function bestThreshold(scores, truth) {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const support = order.filter((i) => truth[i]).length;
  let best = { threshold: Infinity, f1: 0 };
  let hits = 0;
  order.forEach((i, rank) => {
    if (truth[i]) hits += 1;
    const next = scores[order[rank + 1]] ?? -Infinity;
    if (next === scores[i]) return; // equal scores are on the same side
    const f1 = (2 * hits) / (rank + 1 + support);
    if (f1 > best.f1) best = { threshold: next === -Infinity ? scores[i] : (scores[i] + next) / 2, f1 };
  });
  return best;
}
