// Trains a classifier on the examples, and says how good it is.
import { find } from './dom.js';
import { count, decimal, duration, percent, plural } from './format.js';
import { showProblem } from './notices.js';

/** @typedef {import('../dist/bertlet.js').Model} Model */
/** @typedef {import('../dist/bertlet.js').TextClassifier} Head */
/** @typedef {import('./examples.js').Examples} Examples */

/** What goes on in each phase of `fit`. */
const PHASES = {
  features: 'Reading the examples',
  search: 'Finding how much to trust them',
  train: 'Learning',
};

/**
 * @param {import('./store.js').Store<Model | null>} bert
 * @param {import('./examples.js').ExamplesStore} examples
 * @param {import('./store.js').Store<Head | null>} head
 */
export function mountTraining(bert, examples, head) {
  const button = find(HTMLButtonElement, '#train');
  const panel = /** @type {HTMLElement} */ (button.closest('.panel'));
  const note = find(HTMLElement, '#training-note');
  const work = find(HTMLElement, '#training-work');
  const progress = find(HTMLProgressElement, 'progress', work);
  const phase = find(HTMLElement, '#training-phase');
  const result = find(HTMLElement, '#training-result');
  const problem = find(HTMLElement, '.problem', panel);
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Examples | null} what the present classifier has learned from */
  let learned = null;
  /** Texts whose features the model has: to learn from them once more, it need not read them again. @type {Set<string>} */
  let read = new Set();

  const refresh = () => {
    const obstacle = whyNot(bert.value, examples.value);
    const outdated = head.value !== null && learned !== null && learned !== examples.value;
    button.disabled = !running && obstacle !== '';
    button.textContent = running ? 'Stop' : learned ? 'Train again' : 'Train';
    button.classList.toggle('calm', head.value !== null && !outdated);
    work.hidden = !running;
    result.hidden = running !== null;
    note.textContent = running ? '' : obstacle || (outdated ? 'The examples have changed since it learned.' : '');
    find(HTMLElement, '#training-count').textContent = plural(examples.value.items.length, 'example');
  };

  async function train() {
    const model = bert.value;
    const from = examples.value;
    if (!model) return;
    const { signal } = (running = new AbortController());
    const started = performance.now();
    /** @type {string[]} */
    const warnings = [];
    showProblem(problem, null);
    progress.removeAttribute('value');
    phase.textContent = 'Starting';
    refresh();
    try {
      const trained = await model.fit(
        from.items.map(({ text, label }) => ({ text, label })),
        {
          signal,
          onProgress(event) {
            progress.value = event.loaded / event.total;
            phase.textContent = PHASES[/** @type {keyof typeof PHASES} */ (event.phase)];
          },
          onWarning: (message) => warnings.push(message),
        },
      );
      learned = from;
      const known = from.items.filter(({ text }) => read.has(text)).length;
      for (const { text } of from.items) read.add(text);
      result.replaceChildren(...report(trained, performance.now() - started, known), ...warnings.map(paragraph));
      head.set(trained);
    } catch (error) {
      showProblem(problem, error);
    }
    running = null;
    refresh();
  }

  button.addEventListener('click', () => {
    if (running) running.abort();
    else train();
  });
  examples.subscribe(refresh);
  bert.subscribe(() => {
    running?.abort();
    learned = null;
    read = new Set();
    head.set(null);
    result.replaceChildren();
    refresh();
  });
  head.subscribe(refresh);

  /** Says that a saved classifier has taken the place of the trained one. */
  return function opened(/** @type {Head} */ saved, /** @type {string} */ name) {
    running?.abort();
    learned = null;
    showProblem(problem, null);
    result.replaceChildren(paragraph(`Opened ${name}, which knows ${listed(saved.labels)}.`));
    head.set(saved);
    refresh();
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
  const { examples, c, search = [], temperature = 1 } = training;
  const before = known > 0 ? `, ${count(known)} of which it had read before` : '';
  const lines = [`Learned from ${plural(examples, 'example')}${before}, in ${duration(milliseconds)}.`];
  if (temperature !== 1) {
    lines.push(
      `How sure it is of itself was calibrated on hidden examples, too (temperature ${decimal(temperature)}).`,
    );
  }
  const chosen = search.find((tried) => tried.c === c);
  if (!chosen) return lines.map(paragraph);

  const score = paragraph(' right on examples that were hidden from it while it learned (cross-validation).');
  const value = document.createElement('strong');
  score.className = 'accuracy';
  value.textContent = percent(chosen.accuracy);
  score.prepend(value);
  return [score, ...lines.map(paragraph)];
}

/** @param {string} text */
function paragraph(text) {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}

/**
 * "positive and negative"
 * @param {readonly string[]} labels
 */
function listed(labels) {
  const named = labels.length > 6 ? [...labels.slice(0, 5), `${labels.length - 5} more`] : labels;
  return new Intl.ListFormat('en').format(named);
}
