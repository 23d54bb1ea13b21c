// How many examples it takes: accuracy by number of examples, of a classifier on the model's features and of one on words alone.
import { fetchExamples } from '../examples/shipped.js';
import { find } from '../shared/dom.js';
import { count, percent, plural } from '../shared/format.js';
import { showProblem } from '../shared/problems.js';
import { drawChart } from './chart.js';

/** @typedef {import('bertlet').Example} Example */
/** @typedef {import('bertlet').CurvePoint} CurvePoint */

/** Examples of each label. */
const SIZES = [1, 2, 4, 8, 16, 32, 64];

/** Draws of each size. */
const DRAWS = 5;

/** What goes on in each phase of `learningCurve`. @type {Record<string, string>} */
const PHASES = { features: 'Reading the sentences', train: 'Learning and testing' };

/**
 * @param {import('../heads/heads.js').Page} page
 * @param {import('../examples/types.js').ExamplesStore} examples
 */
export function mountLearningCurve({ bert, tab }, examples) {
  const panel = find(HTMLElement, '#panel-curve');
  const button = find(HTMLButtonElement, '#measure');
  const mine = find(HTMLInputElement, '#curve-mine');
  const note = find(HTMLElement, '.note', panel);
  const work = find(HTMLElement, '.working', panel);
  const progress = find(HTMLProgressElement, 'progress', work);
  const phase = find(HTMLElement, '.phase', work);
  const problem = find(HTMLElement, '.problem', panel);
  const summary = find(HTMLElement, '.summary', panel);
  const chart = find(SVGSVGElement, '.chart', panel);
  const numbers = find(HTMLTableSectionElement, 'tbody', panel);
  /** @type {AbortController | null} */
  let running = null;
  /** @type {CurvePoint[]} */
  let points = [];

  const refresh = () => {
    const { items } = examples.of('single');
    const enough = sizesFor(items).length > 0;
    find(HTMLElement, '#curve-mine-count').textContent = enough
      ? plural(items.length, 'example')
      : 'at least 4 of each label are needed';
    note.textContent = bert.value ? '' : 'As soon as the model is loaded.';
    button.disabled = !bert.value || (!running && mine.checked && !enough);
    button.textContent = running ? 'Stop' : points.length > 0 ? 'Measure again' : 'Measure';
    work.hidden = !running;
  };

  const draw = () => {
    if (tab.value !== 'curve') return;
    const sizes = points.length > 0 ? points.map(({ n }) => n) : SIZES.slice(0, -1);
    drawChart(
      chart,
      sizes,
      points.length === 0
        ? []
        : [
            {
              name: 'words alone',
              kind: 'words',
              points: points.map(({ n, baseline }) => ({ n, ...spread(baseline) })),
            },
            { name: 'with the model', kind: 'with-model', points },
          ],
    );
  };

  async function measure() {
    const model = bert.value;
    if (!model) return;
    const { signal } = (running = new AbortController());
    showProblem(problem, null);
    progress.removeAttribute('value');
    phase.textContent = 'Starting';
    refresh();
    try {
      const from = mine.checked ? examples.of('single').items : await fetchExamples('banking', signal);
      points = await model.learningCurve(
        from.map(({ text, label }) => ({ text, label })),
        {
          sizes: sizesFor(from),
          draws: DRAWS,
          signal,
          onProgress(event) {
            progress.value = event.loaded / event.total;
            phase.textContent = PHASES[event.phase];
          },
        },
      );
      show();
    } catch (error) {
      showProblem(problem, error);
    }
    running = null;
    refresh();
  }

  function show() {
    const few = /** @type {CurvePoint} */ (points.findLast(({ n }) => n <= 8));
    const { mean } = spread(few.baseline);
    summary.textContent = `With ${plural(few.n, 'example')} of each label it is right ${percent(few.mean)} of the time; from their words alone, ${percent(mean)}.`;
    chart.setAttribute('aria-label', summary.textContent);
    find(HTMLDetailsElement, 'details', panel).hidden = false;
    numbers.replaceChildren(...points.map(row));
    draw();
  }

  button.addEventListener('click', () => {
    if (running) running.abort();
    else measure();
  });
  bert.subscribe(() => {
    running?.abort();
    refresh();
  });
  examples.subscribe(refresh);
  find(HTMLFieldSetElement, 'fieldset', panel).addEventListener('change', refresh);
  tab.subscribe(draw);
  new ResizeObserver(draw).observe(chart);
}

/** @param {CurvePoint['baseline']} baseline which is there unless it is not asked for */
const spread = (baseline) => /** @type {NonNullable<CurvePoint['baseline']>} */ (baseline);

/**
 * The sizes for which each label leaves some examples over to test on.
 * @param {{ label: string }[]} examples
 */
function sizesFor(examples) {
  /** @type {Map<string, number>} */
  const perLabel = new Map();
  for (const { label } of examples) perLabel.set(label, (perLabel.get(label) ?? 0) + 1);
  const least = Math.min(...perLabel.values());
  return perLabel.size < 2 || least < 4 ? [] : SIZES.filter((n) => n < least);
}

/** @param {CurvePoint} point */
function row({ n, baseline, ...model }) {
  const line = document.createElement('tr');
  for (const text of [count(n), withSpread(model), withSpread(spread(baseline))]) {
    line.insertCell().textContent = text;
  }
  return line;
}

/** "84% ± 2" @param {{ mean: number, std: number }} measured */
const withSpread = ({ mean, std }) => `${percent(mean)} ± ${count(Math.round(100 * std))}`;
