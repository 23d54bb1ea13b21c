// A chart of a training: the loss of each step, and below it, on the same steps, how many held-out examples were right after each round.
import { percent } from '../shared/format.js';
import { path, scale, series, smoothed, ticksOf } from '../shared/plot.js';
import { makeSvg } from '../shared/svg.js';
import { accuracyOf, stepsOfRound } from './course.js';

/** @typedef {import('./course.js').Course} Course */

/** Room for the writing, in pixels. */
const EDGE = { left: 46, right: 14, top: 26, bottom: 44 };
const BETWEEN = 52;

/** Share of the height that the upper part has. */
const UPPER = 0.42;

/** Steps of the axis before anything is known. */
const STEPS = 100;

/**
 * Draws the chart at the size that `svg` has.
 * @param {SVGSVGElement} svg
 * @param {Course | null} course null: only axes
 */
export function drawCourse(svg, course) {
  const { clientWidth: width, clientHeight: height } = svg;
  const { losses = [], epochs = [], frozen } = course ?? {};
  const steps = course?.steps || STEPS;
  const plotWidth = width - EDGE.left - EDGE.right;
  const plotHeight = height - EDGE.top - EDGE.bottom - BETWEEN;
  const x = (/** @type {number} */ step) => EDGE.left + (plotWidth * step) / steps;

  const highest = Math.max(0.8, Math.ceil(5 * Math.max(0, ...losses.map(([, loss]) => loss))) / 5);
  const loss = scale(EDGE.top, UPPER * plotHeight, 0, highest);
  const accuracies = epochs.map(accuracyOf);
  const lowest = Math.min(0.5, Math.floor(4 * Math.min(1, frozen ?? 1, ...accuracies)) / 4);
  const right = scale(EDGE.top + UPPER * plotHeight + BETWEEN, (1 - UPPER) * plotHeight, lowest, 1);
  const shares = [0, 0.25, 0.5, 0.75, 1].filter((share) => share >= lowest);

  const grid = (/** @type {number} */ y, /** @type {string} */ name) => [
    makeSvg('path', { class: 'grid', d: `M${EDGE.left} ${y}h${plotWidth}` }),
    makeSvg('text', { x: EDGE.left - 10, y: y + 4, class: 'end' }, name),
  ];
  const perRound = course ? stepsOfRound(course) : 0;

  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...[0, highest / 2, highest].flatMap((value) => grid(loss(value), value.toFixed(1))),
    ...shares.flatMap((share) => grid(right(share), percent(share))),
    ...ticksOf(steps).map((step) => makeSvg('text', { x: x(step), y: right(lowest) + 20 }, String(step))),
    makeSvg('text', { x: EDGE.left + plotWidth / 2, y: height - 4 }, 'steps'),
    makeSvg('text', { x: EDGE.left, y: loss(highest) - 10, class: 'start' }, 'Loss on the examples it learns from'),
    makeSvg('text', { x: EDGE.left, y: right(1) - 10, class: 'start' }, 'Right on the examples it never sees'),
    series('with-model', [
      ...(losses.length > 0
        ? [
            makeSvg('path', { class: 'each', d: path(losses.map(([step, value]) => [x(step), loss(value)])) }),
            makeSvg('path', {
              class: 'mean',
              d: path(smoothed(losses).map(([step, value]) => [x(step), loss(value)])),
            }),
          ]
        : []),
      ...(epochs.length > 1
        ? [
            makeSvg('path', {
              class: 'mean',
              d: path(accuracies.map((share, i) => [x((i + 1) * perRound), right(share)])),
            }),
          ]
        : []),
      ...accuracies.map((share, i) => {
        const dot = makeSvg('circle', { cx: x((i + 1) * perRound), cy: right(share), r: 4 });
        dot.append(makeSvg('title', {}, `after round ${i + 1}: ${percent(share)}`));
        return dot;
      }),
    ]),
    series(
      'words',
      frozen === undefined
        ? []
        : [makeSvg('path', { class: 'mean', d: `M${EDGE.left} ${right(frozen)}h${plotWidth}` })],
    ),
  );
}
