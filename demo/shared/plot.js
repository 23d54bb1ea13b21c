// Parts of the charts of trainings: scales, lines, and what stands along the axes.
import { makeSvg } from './svg.js';

/** How much of a smoothed loss stays from one step to the next. */
const SMOOTHING = 0.85;

/**
 * From values to places in a plot.
 * @param {number} top
 * @param {number} height
 * @param {number} low value at the bottom
 * @param {number} high value at the top
 * @returns {(value: number) => number}
 */
export const scale = (top, height, low, high) => (value) => top + (height * (high - value)) / (high - low);

/** @param {number[][]} points [x, y] */
export const path = (points) => `M${points.map((point) => point.join(' ')).join('L')}`;

/** @param {string} kind @param {Element[]} elements */
export function series(kind, elements) {
  const group = makeSvg('g', { class: kind });
  group.append(...elements);
  return group;
}

/** Round numbers of steps, six intervals at most. @param {number} steps */
export function ticksOf(steps) {
  const power = 10 ** Math.floor(Math.log10(Math.max(steps, 1)));
  const interval = [power / 5, power / 2, power, 2 * power].find((one) => one >= 1 && steps / one <= 6) ?? 2 * power;
  return Array.from({ length: Math.floor(steps / interval) + 1 }, (_, i) => i * interval);
}

/**
 * The running mean of the losses, where each counts less the longer ago it is, without the zero that it would begin with.
 * @param {[step: number, loss: number][]} losses
 * @returns {[step: number, loss: number][]}
 */
export function smoothed(losses) {
  let [sum, weight] = [0, 0];
  return losses.map(([step, loss]) => {
    sum = SMOOTHING * sum + loss;
    weight = SMOOTHING * weight + 1;
    return [step, sum / weight];
  });
}
