// A chart of shares by number of examples: a line for the means of each series, and how far the draws spread around it.
import { makeSvg } from '../shared/svg.js';

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} kind class of its elements
 * @property {{ n: number, mean: number, std: number }[]} points shares, 0 .. 1
 */

/** Room for the writing, in pixels. */
const EDGE = { left: 46, right: 14, top: 10, bottom: 44 };

/**
 * Draws the chart at the size that `svg` has.
 * @param {SVGSVGElement} svg
 * @param {number[]} sizes each about twice the one before, so that they stand at equal distances
 * @param {Series[]} series
 */
export function drawChart(svg, sizes, series) {
  const { clientWidth: width, clientHeight: height } = svg;
  const plot = { width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom };
  const bottom = EDGE.top + plot.height;
  const x = (/** @type {number} */ n) =>
    EDGE.left + plot.width * (sizes.length > 1 ? sizes.indexOf(n) / (sizes.length - 1) : 0.5);
  const y = (/** @type {number} */ share) => bottom - plot.height * Math.min(Math.max(share, 0), 1);
  const path = (/** @type {[n: number, share: number][]} */ points) =>
    `M${points.map(([n, share]) => `${x(n)} ${y(share)}`).join('L')}`;

  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      makeSvg('path', { class: 'grid', d: `M${EDGE.left} ${y(share)}h${plot.width}` }),
      makeSvg('text', { x: EDGE.left - 10, y: y(share) + 4, class: 'end' }, `${100 * share}%`),
    ]),
    ...sizes.map((n) => makeSvg('text', { x: x(n), y: bottom + 20 }, String(n))),
    makeSvg('text', { x: EDGE.left + plot.width / 2, y: height - 4 }, 'examples of each label'),
    ...series.map(({ name, kind, points }) => {
      const group = makeSvg('g', { class: kind });
      const upper = points.map(({ n, mean, std }) => /** @type {[number, number]} */ ([n, mean + std]));
      const lower = points.map(({ n, mean, std }) => /** @type {[number, number]} */ ([n, mean - std]));
      group.append(
        makeSvg('path', { class: 'spread', d: `${path([...upper, ...lower.reverse()])}Z` }),
        makeSvg('path', { class: 'mean', d: path(points.map(({ n, mean }) => [n, mean])) }),
        ...points.map(({ n, mean }) => {
          const dot = makeSvg('circle', { cx: x(n), cy: y(mean), r: 4 });
          dot.append(makeSvg('title', {}, `${name}, ${n} of each label: ${Math.round(100 * mean)}%`));
          return dot;
        }),
      );
      return group;
    }),
  );
}
