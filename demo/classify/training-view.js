// Trains a classifier on the examples, and says how good it is.
import { byText, countOf } from '../examples/examples.js';
import { kindNames, kinds, perKind } from '../examples/kinds.js';
import { find } from '../shared/dom.js';
import { count, decimal, duration, percent, plural } from '../shared/format.js';
import { showProblem } from '../shared/problems.js';
import { paragraph, score } from '../shared/report.js';
import { methodFor, reportDeeper, trainDeeper, whyNotDeeper } from './deeper.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').TextClassifier} Head */
/** @typedef {import('../examples/types.js').Examples} Examples */
/** @typedef {import('../examples/types.js').KindName} KindName */

/** What goes on in each phase of `fit`. */
const PHASES = {
  features: 'Reading the examples',
  search: 'Finding how much to trust them',
  train: 'Learning',
};

/** What "Train deeper" would do. */
const DEEPER = {
  contrastive:
    'The model itself learns, from pairs of your examples. That takes a minute or more, and is not kept if it does worse on examples that are left out.',
  lora: 'The model itself learns. That takes a minute or more, and is kept only if it does better on a fifth of the examples, which are held out.',
};

/**
 * What the page has to say about the classifier of a kind.
 * @typedef {object} Lesson
 * @property {AbortController | null} running
 * @property {{ phase: string, done?: number }} progress
 * @property {Examples | null} learned what the present classifier has learned from, here
 * @property {boolean} isDeep whether the model itself has learned, too, or might have
 * @property {HTMLElement[]} report
 * @property {unknown} problem
 */

/** @returns {Lesson} */
const noLesson = () => ({
  running: null,
  progress: { phase: '' },
  learned: null,
  isDeep: false,
  report: [],
  problem: null,
});

/**
 * @param {import('../shared/store.js').Store<Model | null>} bert
 * @param {import('../examples/types.js').ExamplesStore} examples
 * @param {Record<KindName, import('../shared/store.js').Store<Head | null>>} heads
 */
export function mountTraining(bert, examples, heads) {
  const button = find(HTMLButtonElement, '#train');
  const panel = /** @type {HTMLElement} */ (button.closest('.panel'));
  const note = find(HTMLElement, '#training-note');
  const deeper = find(HTMLElement, '.deeper', panel);
  const deeperButton = find(HTMLButtonElement, '#train-deeper');
  const deeperNote = find(HTMLElement, '#deeper-note');
  const work = find(HTMLElement, '#training-work');
  const progress = find(HTMLProgressElement, 'progress', work);
  const phase = find(HTMLElement, '#training-phase');
  const result = find(HTMLElement, '#training-result');
  const problem = find(HTMLElement, '.problem', panel);
  const lessons = perKind(noLesson);
  /** Of what the model has the features: to learn from it once more, it need not read it again. @type {Set<string>} */
  let read = new Set();
  /** @type {Lesson | null} */
  let shown = null;

  const refresh = () => {
    const { kind, items } = examples.value;
    const { running, learned, isDeep } = lessons[kind];
    const obstacle = whyNot(bert.value, examples.value);
    const outdated = learned !== null && learned !== examples.value;
    button.disabled = !running && obstacle !== '';
    button.textContent = running ? 'Stop' : learned ? 'Train again' : 'Train';
    button.classList.toggle('calm', heads[kind].value !== null && !outdated);
    const shallow = learned === examples.value && !running && !isDeep;
    const obstacleDeeper = shallow ? whyNotDeeper(examples.value) : '';
    deeper.hidden = !shallow;
    deeperButton.disabled = obstacleDeeper !== '';
    deeperNote.textContent = obstacleDeeper || DEEPER[methodFor(examples.value)];
    work.hidden = !running;
    result.hidden = running !== null;
    note.textContent = running ? '' : obstacle || (outdated ? 'The examples have changed since it learned.' : '');
    find(HTMLElement, '#training-count').textContent = plural(countOf(kind, items), 'example');
    if (shown !== lessons[kind]) showLesson();
  };

  /** What changes when something was learned or another kind is opened. */
  function showLesson() {
    shown = lessons[examples.value.kind];
    result.replaceChildren(...shown.report);
    showProblem(problem, shown.problem);
    showProgress();
  }

  function showProgress() {
    const { phase: name, done } = lessons[examples.value.kind].progress;
    phase.textContent = name;
    if (done === undefined) progress.removeAttribute('value');
    else progress.value = done;
  }

  /**
   * @param {KindName} kind
   * @param {Partial<Lesson>} change
   */
  function update(kind, change) {
    lessons[kind] = { ...lessons[kind], ...change };
    refresh();
  }

  async function train() {
    const model = bert.value;
    const from = examples.value;
    if (!model) return;
    const { kind } = from;
    const running = new AbortController();
    const started = performance.now();
    /** @type {string[]} */
    const warnings = [];
    update(kind, { running, progress: { phase: 'Starting' }, problem: null });
    try {
      const trained = await model.fit(/** @type {any[]} */ (kind === 'several' ? byText(from.items) : from.items), {
        ...kinds[kind].fit,
        signal: running.signal,
        onProgress({ phase: name, loaded, total }) {
          lessons[kind].progress = { phase: PHASES[/** @type {keyof typeof PHASES} */ (name)], done: loaded / total };
          showProgress();
        },
        onWarning: (message) => warnings.push(message),
      });
      const keys = new Set(from.items.map(({ text, textPair }) => JSON.stringify([text, textPair])));
      const known = [...keys].filter((key) => read.has(key)).length;
      for (const key of keys) read.add(key);
      const lines = [...report(trained, performance.now() - started, known), ...warnings.map(paragraph)];
      heads[kind].set(trained);
      update(kind, { learned: from, isDeep: false, report: lines });
    } catch (error) {
      update(kind, { problem: error });
    }
    update(kind, { running: null });
  }

  async function goDeeper() {
    const model = bert.value;
    const from = examples.value;
    const { kind } = from;
    const frozen = heads[kind].value;
    if (!model || !frozen) return;
    const running = new AbortController();
    const started = performance.now();
    const { report: before } = lessons[kind];
    /** @type {string[]} */
    const warnings = [];
    update(kind, { running, progress: { phase: 'Starting' }, problem: null });
    try {
      const found = await trainDeeper(model, from, frozen, {
        signal: running.signal,
        onProgress({ phase: name, loaded, total }) {
          const what = name === 'train' ? 'The model itself learns' : PHASES[/** @type {keyof typeof PHASES} */ (name)];
          lessons[kind].progress = { phase: what ?? 'Measuring', done: loaded / total };
          if (kind === examples.value.kind) showProgress();
        },
        onWarning: (message) => warnings.push(message),
      });
      const lines = [`It took ${duration(performance.now() - started)}.`, ...warnings];
      heads[kind].set(found.head);
      update(kind, {
        learned: from,
        isDeep: true,
        report: [...reportDeeper(found, kind === 'several'), ...lines.map(paragraph)],
      });
    } catch (error) {
      update(kind, { problem: error, report: before });
    }
    update(kind, { running: null });
  }

  deeperButton.addEventListener('click', goDeeper);
  button.addEventListener('click', () => {
    const { running } = lessons[examples.value.kind];
    if (running) running.abort();
    else train();
  });
  examples.subscribe(refresh);
  bert.subscribe(() => {
    read = new Set();
    for (const kind of kindNames) {
      lessons[kind].running?.abort();
      heads[kind].set(null);
      lessons[kind] = noLesson();
    }
    refresh();
  });

  /** Says that a saved classifier has taken the place of the trained one. */
  return function opened(/** @type {Head} */ saved, /** @type {string} */ name) {
    const { kind } = examples.value;
    lessons[kind].running?.abort();
    heads[kind].set(saved);
    update(kind, {
      learned: null,
      report: [paragraph(`Opened ${name}, which knows ${listed(saved.labels)}.`)],
      problem: null,
    });
  };
}

/**
 * What stands in the way of training, or ''.
 * @param {Model | null} model
 * @param {Examples} examples
 */
function whyNot(model, { items }) {
  if (!model) return 'As soon as the model is loaded.';
  if (new Set(items.map(({ label }) => label)).size < 2) return 'It needs examples of at least two labels.';
  return '';
}

/**
 * @param {Head} head
 * @param {number} milliseconds
 * @param {number} known examples whose text was read before
 * @returns {HTMLElement[]}
 */
function report({ report: training }, milliseconds, known) {
  if (!training) return [];
  const { examples, c, search = [], temperature = 1, layer, featureSearch } = training;
  const before = known > 0 ? `, ${count(known)} of which it had read before` : '';
  const lines = [`Learned from ${plural(examples, 'example')}${before}, in ${duration(milliseconds)}.`];
  if (featureSearch) lines.push(`It reads layer ${layer} of the model, which did best on hidden examples.`);
  if (temperature !== 1) {
    lines.push(
      `How sure it is of itself was calibrated on hidden examples, too (temperature ${decimal(temperature)}).`,
    );
  }
  const chosen = search.find((tried) => tried.c === c);
  if (chosen?.accuracy === undefined) return lines.map(paragraph);

  const { accuracy, microF1 } = chosen;
  const hidden = 'on examples that were hidden from it while it learned (cross-validation)';
  if (microF1 === undefined) return [score(accuracy, `right ${hidden}.`), ...lines.map(paragraph)];
  const whole = `For ${percent(accuracy)} of them it got all labels right, none missing and none too many.`;
  return [score(microF1, `agreement of its labels with yours (F1) ${hidden}.`), ...[whole, ...lines].map(paragraph)];
}

/**
 * "positive and negative"
 * @param {readonly string[]} labels
 */
function listed(labels) {
  const named = labels.length > 6 ? [...labels.slice(0, 5), `${labels.length - 5} more`] : labels;
  return new Intl.ListFormat('en').format(named);
}
