// A chart of a pre-training: the loss of each step, and of sentences that are held out, now and then.
import { path, scale, series, smoothed, ticksOf } from '../shared/plot.js';
import { makeSvg } from '../shared/svg.js';

/** Room for the writing, in pixels. */
const EDGE = { left: 34, right: 14, top: 28, bottom: 44 };

/** Steps of the axis, and the highest loss, before anything is known. */
const EMPTY = { steps: 1000, loss: 7 };

/**
 * Draws the chart at the size that `svg` has.
 * @param {SVGSVGElement} svg
 * @param {import('./course.js').Course | null} course null: only axes
 */
export function drawLearning(svg, course) {
  const { clientWidth: width, clientHeight: height } = svg;
  const { losses = [], history = [], steps = EMPTY.steps } = course ?? {};
  const held = history.flatMap(({ step, heldOut }) => (heldOut ? [{ step, ...heldOut }] : []));
  const highest = Math.max(EMPTY.loss, Math.ceil(Math.max(0, ...held.map(({ loss }) => loss))));
  const plotWidth = width - EDGE.left - EDGE.right;
  const plotHeight = height - EDGE.top - EDGE.bottom;
  const x = (/** @type {number} */ step) => EDGE.left + (plotWidth * step) / steps;
  const y = scale(EDGE.top, plotHeight, 0, highest);
  const points = (/** @type {[number, number][]} */ pairs) => pairs.map(([step, loss]) => [x(step), y(loss)]);

  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...Array.from({ length: highest + 1 }, (_, loss) => loss).flatMap((loss) => [
      makeSvg('path', { class: 'grid', d: `M${EDGE.left} ${y(loss)}h${plotWidth}` }),
      makeSvg('text', { x: EDGE.left - 10, y: y(loss) + 4, class: 'end' }, String(loss)),
    ]),
    ...ticksOf(steps).map((step) => makeSvg('text', { x: x(step), y: y(0) + 20 }, String(step))),
    makeSvg('text', { x: EDGE.left + plotWidth / 2, y: height - 4 }, 'steps'),
    makeSvg('text', { x: EDGE.left, y: EDGE.top - 12, class: 'start' }, 'Loss on hidden words'),
    series(
      'words',
      losses.length === 0
        ? []
        : [
            makeSvg('path', { class: 'each', d: path(points(losses)) }),
            makeSvg('path', { class: 'mean', d: path(points(smoothed(losses))) }),
          ],
    ),
    series('with-model', [
      ...(held.length > 1
        ? [makeSvg('path', { class: 'mean', d: path(held.map(({ step, loss }) => [x(step), y(loss)])) })]
        : []),
      ...held.map(({ step, loss }) => {
        const dot = makeSvg('circle', { cx: x(step), cy: y(loss), r: 4 });
        dot.append(makeSvg('title', {}, `after step ${step}: ${loss.toFixed(2)}`));
        return dot;
      }),
    ]),
  );
}
