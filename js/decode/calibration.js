// Calibration: a temperature that makes probabilities match accuracies, how far they are off, and the best threshold on a score.
import { indexOfMax, logSumExp, rowOf } from '../base/numbers.js';

/** The lowest and the highest temperature. */
const RANGE = [0.01, 100];

/** Numbers that are taken in between two pauses. */
const PIECE = 2 ** 15;

/**
 * The temperature T that minimizes the log-loss of softmax(logits / T) (Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 4.2).
 * The loss is convex in 1 / T, so bisection finds where its derivative is 0. For independent labels with a sigmoid each, give a row
 * of two logits for each: 0 and the label's.
 *
 * When all of a few rows are right, the minimum is at T = 0, as if errors were impossible. `smoothing` prevents that: the target of the
 * true class is 1 - smoothing and the others share the rest, in the manner of Platt 1999, "Probabilistic outputs for support vector
 * machines", section 2.2.
 * @param {ArrayLike<number>} logits [rows][classes] of examples that the model wasn't trained on
 * @param {ArrayLike<number>} labels [rows] the true class of each
 * @param {number} classes
 * @param {number} [smoothing] 0 to 1
 * @param {() => Promise<void>} [pause] awaited between pieces of work
 * @returns {Promise<number>} 0.01 to 100; 1 if there are no rows
 */
export async function fitTemperature(logits, labels, classes, smoothing = 0, pause = undefined) {
  if (labels.length === 0) return 1;
  const others = smoothing / (classes - 1);
  const rowsPerPause = Math.ceil(PIECE / classes);
  const scaled = new Float64Array(classes);
  // Of the loss by 1 / T: for each row, the mean of its logits under the probabilities minus their mean under the targets.
  const derivative = async (/** @type {number} */ inverse) => {
    let sum = 0;
    for (let i = 0; i < labels.length; i++) {
      const row = i * classes;
      for (let k = 0; k < classes; k++) scaled[k] = logits[row + k] * inverse;
      const max = scaled[indexOfMax(scaled)];
      let all = 0;
      for (let k = 0; k < classes; k++) all += scaled[k] = Math.exp(scaled[k] - max);
      for (let k = 0; k < classes; k++)
        sum += logits[row + k] * (scaled[k] / all - (k === labels[i] ? 1 - smoothing : others));
      if (i % rowsPerPause === 0) await pause?.();
    }
    return sum;
  };
  let [low, high] = [Math.log(1 / RANGE[1]), Math.log(1 / RANGE[0])];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if ((await derivative(Math.exp(middle))) < 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}

/**
 * Mean of -log(probability of the true class), in nats.
 * @param {ArrayLike<number>} logits [rows][classes]
 * @param {ArrayLike<number>} labels [rows] the true class of each
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
 * Expected calibration error (Guo et al. 2017, section 2): predictions are put into bins by their confidence; the error is the mean,
 * over the predictions, of |accuracy - mean confidence| of their bin.
 * @param {ArrayLike<number>} confidences [rows] probability of the predicted class
 * @param {ArrayLike<boolean | number>} correct [rows]
 * @param {number} [bins] of equal width, each (lower, upper]
 * @returns {number} 0 to 1
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
 * The threshold for which predicting `score >= threshold` has the best F1.
 * @param {ArrayLike<number>} scores [rows]
 * @param {ArrayLike<boolean | number>} truth [rows]
 * @returns {{ threshold: number, f1: number }} `threshold` lies half-way between two scores; Infinity, with F1 0, if no row is true
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
