// Classifies what is typed, while it is typed.
import { arrange, clone, find, grow, hueOf, keyed } from './dom.js';
import { add } from './examples.js';
import { percent } from './format.js';
import { offerUndo, showProblem } from './notices.js';
import { samples, suggestions } from './samples.js';

/** @typedef {import('../dist/bertlet.js').TextClassifier} Head */
/** @typedef {import('../dist/bertlet.js').Prediction} Prediction */

/** How long typing has to pause, in milliseconds. */
const PAUSE = 120;

/** Up to this many labels are all shown, in a fixed order: bars that grow and shrink in place are easy to follow. */
const SHOWN = 6;

/**
 * @param {import('./store.js').Store<Head | null>} head
 * @param {import('./examples.js').ExamplesStore} examples
 */
export function mountTrying(head, examples) {
  const text = find(HTMLTextAreaElement, '#try-text');
  const panel = /** @type {HTMLElement} */ (text.closest('.panel'));
  const note = find(HTMLElement, '#try-note');
  const result = find(HTMLElement, '#try-result');
  const verdict = find(HTMLElement, '.verdict', result);
  const problem = find(HTMLElement, '.problem', panel);
  const scoresOf = keyed((/** @type {string} */ label) => makeScore(label));
  const teachersOf = keyed((/** @type {string} */ label) => makeTeacher(label));
  let controller = new AbortController();
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;

  async function classify() {
    clearTimeout(timer);
    controller.abort();
    const { signal } = (controller = new AbortController());
    const typed = text.value.trim();
    const classifier = head.value;
    if (!classifier || !typed) return show(null);
    try {
      let warning = '';
      const onWarning = (/** @type {string} */ message) => (warning = message);
      const predictions = await classifier.classify(typed, { signal, onWarning });
      if (!signal.aborted) show(predictions, warning);
    } catch (error) {
      if (!signal.aborted) showProblem(problem, error);
    }
  }

  /**
   * @param {Prediction[] | null} predictions best first
   * @param {string} [warning]
   */
  function show(predictions, warning = '') {
    note.textContent = head.value ? warning : 'Train first; then what you type is labelled as you type.';
    showProblem(problem, null);
    result.hidden = !predictions;
    if (!predictions || !head.value) return;
    const { labels } = head.value;
    const [best] = predictions;
    const few = labels.length <= SHOWN;
    const order = few
      ? [...labels].sort((a, b) => place(a) - place(b))
      : predictions.slice(0, SHOWN).map(({ label }) => label);

    const name = document.createElement('strong');
    name.textContent = best.label;
    name.style.setProperty('--hue', String(hueOf(place(best.label))));
    verdict.replaceChildren(name, ` ${percent(best.score)}`);
    const rows = scoresOf(order);
    for (const row of rows) {
      const { score } = /** @type {Prediction} */ (predictions.find(({ label }) => label === row.label));
      row.show(score, hueOf(place(row.label)), row.label === best.label);
    }
    arrange(
      find(HTMLElement, '.scores', result),
      rows.map((row) => row.element),
    );
    arrange(find(HTMLElement, '.teach .tools', result), teachersOf(order));
  }

  /** Where the label stands among the examples, or after them. @param {string} label */
  function place(label) {
    const { labels } = examples.value;
    const index = labels.indexOf(label);
    return index >= 0 ? index : labels.length + (head.value?.labels.indexOf(label) ?? 0);
  }

  /** A button that adds the text to the examples. @param {string} label */
  function makeTeacher(label) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet';
    button.textContent = label;
    button.addEventListener('click', () => {
      const before = examples.value;
      examples.set(add(before, [{ text: text.value.trim(), label }]));
      offerUndo(`Added to “${label}”. Train again, and it has learned it.`, () => examples.set(before));
    });
    return button;
  }

  text.addEventListener('input', () => {
    grow(text);
    controller.abort();
    clearTimeout(timer);
    timer = setTimeout(classify, PAUSE);
  });
  head.subscribe(classify);

  const list = find(HTMLElement, '.suggestions', panel);
  examples.subscribe(({ labels }) => (list.hidden = !samples.every(({ label }) => labels.includes(label))));
  arrange(
    list,
    suggestions.map((suggestion) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = suggestion;
      button.addEventListener('click', () => {
        text.value = suggestion;
        grow(text);
        classify();
      });
      item.append(button);
      return item;
    }),
  );
}

/**
 * One bar.
 * @param {string} label
 */
function makeScore(label) {
  const element = clone('score-template');
  const value = find(HTMLDataElement, 'data', element);
  find(HTMLElement, '.score-label', element).textContent = label;
  return {
    element,
    label,
    /**
     * @param {number} score 0 .. 1
     * @param {number} hue
     * @param {boolean} best
     */
    show(score, hue, best) {
      value.value = String(score);
      value.textContent = percent(score);
      element.classList.toggle('best', best);
      element.style.setProperty('--score', String(score));
      element.style.setProperty('--hue', String(hue));
    },
  };
}
