// The same sentence, read by two classifiers at once.
import { find } from './dom.js';
import { grow } from './fields.js';
import { hueOf } from './hues.js';
import { createLive } from './live.js';
import { createScores, showVerdict } from './scores.js';
import { mountSuggestions } from './suggestions.js';

/** @typedef {import('bertlet').Prediction} Prediction */
/** @typedef {import('bertlet').TextClassifier} TextClassifier */

/**
 * @typedef {object} Compared
 * @property {string} set what they learned from: of another set there are other sentences to try
 * @property {string[]} labels in the order in which they are shown
 * @property {string[]} sentences to try
 * @property {[TextClassifier, TextClassifier]} heads in the order of the columns
 */

/** Up to this many labels are all shown, in a fixed order; of more, the best. */
const SHOWN = 4;

/**
 * @param {HTMLElement} panel with a field, and two columns for what is said about its text
 * @param {import('./store.js').Watched<Compared | null>} compared
 */
export function mountCompare(panel, compared) {
  const text = find(HTMLTextAreaElement, 'textarea', panel);
  const list = find(HTMLElement, '.suggestions', panel);
  const sides = [...panel.querySelectorAll('.sides section')].map(makeSide);
  let set = '';

  const live = createLive(panel, {
    run(options) {
      const typed = text.value.trim();
      if (!compared.value || !typed) return null;
      const { labels, heads } = compared.value;
      return Promise.all(heads.map((head) => head.classify(typed, options))).then((all) => ({ labels, all }));
    },
    show({ labels, all }) {
      sides.forEach((show, i) => show(labels, all[i]));
    },
  });

  text.addEventListener('input', () => {
    grow(text);
    live.soon();
  });
  compared.subscribe((present) => {
    if (present && present.set !== set) {
      ({ set } = present);
      const [first = '', ...others] = present.sentences;
      text.value = first;
      grow(text);
      mountSuggestions(list, text, others, live.now);
    }
    live.now();
  });
}

/**
 * One of the two columns.
 * @param {Element} side
 * @returns {(labels: string[], predictions: Prediction[]) => void}
 */
function makeSide(side) {
  const showScores = createScores(find(HTMLElement, '.scores', side));
  const verdict = find(HTMLElement, '.verdict', side);
  return (labels, predictions) => {
    const [best] = predictions;
    const hue = (/** @type {string} */ label) => hueOf(labels.indexOf(label));
    showVerdict(verdict, { ...best, hue: hue(best.label) });
    const rows = predictions.slice(0, SHOWN).map((row) => ({ ...row, hue: hue(row.label), best: row === best }));
    const few = labels.length <= SHOWN;
    showScores(few ? rows.sort((a, b) => labels.indexOf(a.label) - labels.indexOf(b.label)) : rows);
  };
}
