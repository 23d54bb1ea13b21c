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

/**
 * For the curve of the tuned model, which takes longer: draws, of which the first are the same; and the most examples of a draw, all labels
 * together. So few are tuned in pairs, as by "Train deeper"; where many labels make more of them, a layer on top alone is better anyhow.
 */
const TUNED = { sizes: [4, 8, 16, 32], draws: 2, most: 80, method: /** @type {const} */ ('contrastive') };

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
  const tuneButton = find(HTMLButtonElement, '#measure-tuned');
  const tuneNote = find(HTMLElement, '.tune-curve .hint', panel);
  /** @type {CurvePoint[]} */
  let points = [];
  /** Of the tuned model: as many as are measured. @type {CurvePoint[]} */
  let tuned = [];
  /** What the points were measured on. @type {{ model: import('bertlet').Model, examples: { text: string, label: string }[] } | null} */
  let measured = null;

  const refresh = () => {
    const { items } = examples.of('single');
    const enough = sizesFor(items).length > 0;
    find(HTMLElement, '#curve-mine-count').textContent = enough
      ? plural(items.length, 'example')
      : 'at least 4 of each label are needed';
    note.textContent = bert.value ? '' : 'As soon as the model is loaded.';
    button.disabled = !bert.value || (!running && mine.checked && !enough);
    button.textContent = running ? 'Stop' : points.length > 0 ? 'Measure again' : 'Measure';
    button.classList.toggle('calm', points.length > 0 && !running);
    const left = sizesToTune();
    tuneButton.hidden = left.length === 0;
    tuneButton.textContent = tuned.length > 0 ? 'Go on with the tuned model' : 'And with the model tuned?';
    tuneNote.textContent = noteOnTuning(left);
    find(HTMLElement, '.tune-curve', panel).hidden =
      running !== null || points.length === 0 || measured?.model !== bert.value || tuneNote.textContent === '';
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
            ...(tuned.length > 0 ? [{ name: 'with the model tuned', kind: 'tuned', points: tuned }] : []),
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
      const given = from.map(({ text, label }) => ({ text, label }));
      points = await model.learningCurve(given, {
        sizes: sizesFor(from),
        draws: DRAWS,
        signal,
        onProgress(event) {
          progress.value = event.loaded / event.total;
          phase.textContent = PHASES[event.phase];
        },
      });
      tuned = [];
      measured = { model, examples: given };
      show();
    } catch (error) {
      showProblem(problem, error);
    }
    running = null;
    refresh();
  }

  const labelsMeasured = () => new Set(measured?.examples.map(({ label }) => label)).size;

  /** The sizes that the tuned model is still to be measured with. */
  const sizesToTune = () =>
    TUNED.sizes.filter(
      (n) =>
        n * labelsMeasured() <= TUNED.most &&
        points.some((point) => point.n === n) &&
        !tuned.some((point) => point.n === n),
    );

  /** @param {number[]} left the sizes that the tuned model is still to be measured with */
  function noteOnTuning(left) {
    if (left.length > 0)
      return `It tunes the model itself on pairs of these examples, as “Train deeper” does; next with ${left[0]} of each label. The more there are, the longer it takes.`;
    const fewest = TUNED.sizes[0];
    return labelsMeasured() * fewest > TUNED.most
      ? `Tuning on few examples is for few labels. With ${labelsMeasured()}, a layer on top alone is the one to take.`
      : '';
  }

  /** Size by size, so that the curve grows, and stays as far as it is when it is stopped. */
  async function measureTuned() {
    if (!measured) return;
    const { model, examples: given } = measured;
    const { signal } = (running = new AbortController());
    const sizes = sizesToTune();
    const { draws, method } = TUNED;
    showProblem(problem, null);
    progress.removeAttribute('value');
    phase.textContent = 'Starting';
    refresh();
    try {
      for (const [i, n] of sizes.entries()) {
        const [point] = await model.learningCurve(given, {
          ...{ sizes: [n], draws, method, baseline: false, signal },
          onProgress(event) {
            if (event.phase !== 'train') return;
            progress.value = (i + event.loaded / event.total) / sizes.length;
            phase.textContent = `Tuning the model with ${plural(n, 'example')} of each label`;
          },
        });
        tuned = [...tuned, point];
        show();
      }
    } catch (error) {
      showProblem(problem, error);
    }
    running = null;
    refresh();
  }

  function show() {
    const few = /** @type {CurvePoint} */ (points.findLast(({ n }) => n <= 8));
    const { mean } = spread(few.baseline);
    summary.textContent = `With ${plural(few.n, 'example')} of each label it is right ${percent(few.mean)} of the time; from their words alone, ${percent(mean)}.${describeTuned()}`;
    find(HTMLElement, '#panel-curve .legend .tuned').hidden = tuned.length === 0;
    chart.setAttribute('aria-label', summary.textContent);
    find(HTMLDetailsElement, 'details', panel).hidden = false;
    numbers.replaceChildren(
      ...points.map((point) =>
        row(
          point,
          tuned.find(({ n }) => n === point.n),
        ),
      ),
    );
    draw();
  }

  /** What tuning brings at the largest size that is measured, on the same draws. */
  function describeTuned() {
    const last = tuned.at(-1);
    if (!last?.frozen) return '';
    const gains = last.mean > last.frozen.mean ? '' : ' These it tells apart without tuning.';
    return ` Tuned with ${plural(last.n, 'example')} of each label, the model is right ${percent(last.mean)} of the time; on the same draws, a layer on top alone ${percent(last.frozen.mean)}.${gains}`;
  }

  tuneButton.addEventListener('click', measureTuned);
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

/**
 * @param {CurvePoint} point
 * @param {CurvePoint | undefined} tuned
 */
function row({ n, baseline, ...model }, tuned) {
  const line = document.createElement('tr');
  const cells = [count(n), withSpread(model), withSpread(spread(baseline)), tuned ? withSpread(tuned) : ''];
  for (const text of cells) line.insertCell().textContent = text;
  return line;
}

/** "84% ± 2" @param {{ mean: number, std: number }} measured */
const withSpread = ({ mean, std }) => `${percent(mean)} ± ${count(Math.round(100 * std))}`;
