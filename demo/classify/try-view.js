// Classifies what is typed, while it is typed.
import { add } from '../examples/examples.js';
import { kinds, perKind } from '../examples/kinds.js';
import { arrange, find, keyed } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { percent } from '../shared/format.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { createScores, showVerdict } from '../shared/scores.js';
import { showSuggestions } from '../shared/suggestions.js';
import { offerUndo } from '../shared/undo.js';

/** @typedef {import('bertlet').TextClassifier} Head */
/** @typedef {import('bertlet').Prediction} Prediction */

/** Up to this many labels are all shown, in a fixed order: bars that grow and shrink in place are easy to follow. */
const SHOWN = 6;

/**
 * @param {import('../shared/store.js').Watched<Head | null>} head
 * @param {import('../examples/types.js').ExamplesStore} examples
 */
export function mountTrying(head, examples) {
  const text = find(HTMLTextAreaElement, '#try-text');
  const pair = find(HTMLTextAreaElement, '#try-pair');
  const panel = /** @type {HTMLElement} */ (text.closest('.panel'));
  const result = find(HTMLElement, '#try-result');
  const verdict = find(HTMLElement, '.verdict', result);
  const scores = find(HTMLElement, '.scores', result);
  const threshold = find(HTMLInputElement, '#threshold');
  const showScores = createScores(scores);
  const teachersOf = keyed((/** @type {string} */ label) => makeTeacher(label));
  const list = find(HTMLElement, '.suggestions', panel);
  /** What is typed, and where the threshold is, in each kind. */
  const typed = perKind((kind) => ({ ...kinds[kind].samples.toTry }));
  const thresholds = perKind((kind) => kinds[kind].threshold);
  /** @type {import('../examples/types.js').KindName | null} */
  let shown = null;
  /** @type {{ by: Head | null, predictions: Prediction[] }} best first */
  let last = { by: null, predictions: [] };

  const live = createLive(panel, {
    obstacle() {
      if (!head.value) return 'Train first; then what you type is labelled as you type.';
      return examples.value.kind === 'pairs' && !inputOf() ? 'It needs both texts.' : '';
    },
    run(options) {
      const input = inputOf();
      return head.value && input ? head.value.classify(input, options) : null;
    },
    show(predictions) {
      last = { by: head.value, predictions };
      show();
    },
  });

  function show() {
    const { by, predictions } = last;
    if (!by || by !== head.value) return;
    const { labels } = by;
    const few = labels.length <= SHOWN;
    const order = few
      ? [...labels].sort((a, b) => place(a) - place(b))
      : predictions.slice(0, SHOWN).map(({ label }) => label);
    const { kind } = examples.value;
    const least = thresholds[kind];
    const fitting = (kind === 'several' ? predictions : predictions.slice(0, 1)).filter(({ score }) => score >= least);

    scores.style.setProperty('--threshold', String(least));
    find(HTMLElement, 'output', result).textContent = least > 0 ? percent(least) : 'off';
    const named = fitting.map((prediction) => ({ ...prediction, hue: hueOf(place(prediction.label)) }));
    showVerdict(verdict, ...(named.length > 0 ? named : [{ label: 'none of these' }]));
    showScores(
      order.map((label) => {
        const prediction = /** @type {Prediction} */ (predictions.find((one) => one.label === label));
        return { label, score: prediction.score, hue: hueOf(place(label)), best: fitting.includes(prediction) };
      }),
    );
    arrange(find(HTMLElement, '.teach .tools', result), teachersOf(order));
  }

  /** What is to be classified; none as long as a part of it is missing. */
  function inputOf() {
    const { text: first, textPair: second } = typed[examples.value.kind];
    if (second === undefined) return first.trim() ? { text: first.trim() } : null;
    return first.trim() && second.trim() ? { text: first.trim(), textPair: second.trim() } : null;
  }

  /** The fields, as they were when the kind was open the last time. */
  function showKind() {
    const { kind } = examples.value;
    if (shown === kind) return;
    shown = kind;
    const { suggestions } = kinds[kind].samples;
    showTyped();
    threshold.value = String(thresholds[kind]);
    showSuggestions(list, suggestions.map(inWords), (index) => {
      typed[kind] = { ...suggestions[index] };
      showTyped();
      live.now();
    });
  }

  function showTyped() {
    const { text: first, textPair: second = '' } = typed[examples.value.kind];
    text.value = first;
    pair.value = second;
    grow(text);
    grow(pair);
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
      const input = inputOf();
      if (!input) return;
      examples.set(add(before, [{ ...input, label }]));
      offerUndo(`Added to “${label}”. Train again, and it has learned it.`, () => examples.set(before));
    });
    return button;
  }

  for (const field of [text, pair]) {
    field.addEventListener('input', () => {
      const { kind } = examples.value;
      typed[kind] = kind === 'pairs' ? { text: text.value, textPair: pair.value } : { text: text.value };
      grow(field);
      live.soon();
    });
  }
  threshold.addEventListener('input', () => {
    thresholds[examples.value.kind] = Number(threshold.value);
    show();
  });
  head.subscribe(() => {
    showKind();
    live.now();
  });
  examples.subscribe(({ kind, labels }) => {
    showKind();
    list.hidden = !kinds[kind].samples.examples.every(({ label }) => labels.includes(label));
  });
}

/** @param {import('../examples/types.js').Input} input */
const inWords = ({ text, textPair }) => (textPair === undefined ? text : `${text} ${textPair}`);
