// Classifies what is typed, while it is typed.
import { arrange, find, grow, hueOf, keyed } from './dom.js';
import { add } from './examples.js';
import { percent } from './format.js';
import { createLive } from './live.js';
import { offerUndo } from './notices.js';
import { samples, suggestions, toTry } from './samples.js';
import { createScores, showVerdict } from './scores.js';
import { mountSuggestions } from './suggestions.js';

/** @typedef {import('../dist/bertlet.js').TextClassifier} Head */
/** @typedef {import('../dist/bertlet.js').Prediction} Prediction */

/** Up to this many labels are all shown, in a fixed order: bars that grow and shrink in place are easy to follow. */
const SHOWN = 6;

/**
 * @param {import('./store.js').Store<Head | null>} head
 * @param {import('./examples.js').ExamplesStore} examples
 */
export function mountTrying(head, examples) {
  const text = find(HTMLTextAreaElement, '#try-text');
  const panel = /** @type {HTMLElement} */ (text.closest('.panel'));
  const result = find(HTMLElement, '#try-result');
  const verdict = find(HTMLElement, '.verdict', result);
  const scores = find(HTMLElement, '.scores', result);
  const threshold = find(HTMLInputElement, '#threshold');
  const showScores = createScores(scores);
  const teachersOf = keyed((/** @type {string} */ label) => makeTeacher(label));
  /** @type {Prediction[]} best first */
  let last = [];

  const live = createLive(panel, {
    obstacle: () => (head.value ? '' : 'Train first; then what you type is labelled as you type.'),
    run(options) {
      const typed = text.value.trim();
      return head.value && typed ? head.value.classify(typed, options) : null;
    },
    show(predictions) {
      last = predictions;
      show();
    },
  });

  function show() {
    if (!head.value) return;
    const predictions = last;
    const { labels } = head.value;
    const [best] = predictions;
    const few = labels.length <= SHOWN;
    const order = few
      ? [...labels].sort((a, b) => place(a) - place(b))
      : predictions.slice(0, SHOWN).map(({ label }) => label);
    const least = Number(threshold.value);
    const none = best.score < least;

    scores.style.setProperty('--threshold', String(least));
    find(HTMLElement, 'output', result).textContent = least > 0 ? percent(least) : 'off';
    showVerdict(verdict, none ? { label: 'none of these' } : { ...best, hue: hueOf(place(best.label)) });
    showScores(
      order.map((label) => {
        const { score } = /** @type {Prediction} */ (predictions.find((prediction) => prediction.label === label));
        return { label, score, hue: hueOf(place(label)), best: !none && label === best.label };
      }),
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
    live.soon();
  });
  threshold.addEventListener('input', show);
  text.value = toTry;
  head.subscribe(live.now);

  const list = find(HTMLElement, '.suggestions', panel);
  examples.subscribe(({ labels }) => (list.hidden = !samples.every(({ label }) => labels.includes(label))));
  mountSuggestions(list, text, suggestions, live.now);
}
