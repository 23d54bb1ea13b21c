// The README's chart from the numbers of a run: how fast a page turns token ids into hidden states.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { nameOf } from './suites/suite.js';

/** What the bars are a multiple of. */
const BASE = 'onnxruntime-web f32';

/** @type {Record<string, string>} */
const TITLES = {
  '1x32': 'a sentence: 32 tokens',
  '1x128': 'a paragraph: 128 tokens',
  '32x32': '32 sentences of 32 tokens',
};

// The page behind the chart may be light or dark: these have enough contrast on both.
const TEXT = '#767e88';
const OURS = '#0d9488';
const OTHERS = '#8b95a1';

/** @param {import('./run.js').Results} report */
function bars({ results }) {
  const { rows = [] } = results.find(({ platform }) => platform.startsWith('Chromium')) ?? {};
  const encoder = rows.filter(({ suite, shape }) => suite === 'encoder' && shape in TITLES);
  return encoder.map((row) => {
    const base = encoder.find((other) => nameOf(other) === BASE && other.shape === row.shape) ?? row;
    // Of ours the median over the rounds, as in the tables; among the others only medians can be compared.
    const times = base.ours[nameOf(row)] ?? base.median / row.median;
    const label = `${times.toFixed(1)}× · ${row.median.toFixed(row.median < 100 ? 1 : 0)} ms`;
    return { name: nameOf(row), ours: row.contender === 'bertlet', times, title: TITLES[row.shape], label };
  });
}

/**
 * @param {import('./run.js').Results} report
 * @returns {Promise<string>} an SVG
 */
export async function drawChart(report) {
  const browser = report.results.find(({ platform }) => platform.startsWith('Chromium'))?.platform.replace(/\..*/, '');
  const x = /** @type {const} */ ({ field: 'times', type: 'quantitative', axis: null, scale: { domainMin: 0 } });
  const y = /** @type {const} */ ({
    field: 'name',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelPadding: 8 },
  });
  const color = /** @type {const} */ ({
    field: 'ours',
    type: 'nominal',
    scale: { domain: [true, false], range: [OURS, OTHERS] },
    legend: null,
  });
  const { spec } = compile({
    data: { values: bars(report) },
    title: {
      text: 'Times as fast as onnxruntime-web in f32',
      subtitle: `all-MiniLM-L6-v2 in ${browser}, one thread, ${report.cpu}. Longer is better.`,
    },
    facet: { row: { field: 'title', type: 'nominal', sort: Object.values(TITLES), title: null } },
    spec: {
      width: 420,
      height: { step: 24 },
      layer: [
        { mark: { type: 'bar', cornerRadiusEnd: 2 }, encoding: { x, y, color } },
        {
          mark: { type: 'text', align: 'left', dx: 6, color: TEXT },
          encoding: { x, y, text: { field: 'label', type: 'nominal' } },
        },
      ],
    },
    config: {
      background: 'transparent',
      padding: { left: 8, top: 8, right: 110, bottom: 8 },
      font: 'system-ui, -apple-system, "Segoe UI", sans-serif',
      view: { stroke: null },
      axis: { labelColor: TEXT, labelFontSize: 13, labelLimit: 260, domain: false, ticks: false, grid: false },
      header: {
        labelColor: TEXT,
        labelFontSize: 13,
        labelFontWeight: 'bold',
        labelOrient: 'top',
        labelAnchor: 'start',
      },
      text: { fontSize: 13 },
      title: { color: TEXT, subtitleColor: TEXT, fontSize: 16, subtitleFontSize: 13, anchor: 'start', offset: 14 },
    },
  });
  return `${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`;
}
