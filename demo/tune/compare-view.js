// The same sentence, read by the model as it is and as it was tuned: both at once, on one model.
import { find } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { createScores, showVerdict } from '../shared/scores.js';
import { mountSuggestions } from '../shared/suggestions.js';
import { labelsOf } from './course.js';
import { toTry } from './sets.js';

/** @typedef {import('bertlet').Prediction} Prediction */
/** @typedef {import('./course.js').Course} Course */
/** @typedef {import('./course.js').Heads} Heads */

/** Up to this many labels are all shown, in a fixed order; of more, the best. */
const SHOWN = 4;

/** @param {import('../shared/store.js').Watched<{ course: Course, heads: Heads } | null>} tuned */
export function mountCompare(tuned) {
  const panel = find(HTMLElement, '#tune-compare');
  const text = find(HTMLTextAreaElement, '#tune-text');
  const views = { frozen: makeSide('frozen'), tuned: makeSide('tuned') };
  let set = '';

  const live = createLive(panel, {
    run(options) {
      const typed = text.value.trim();
      if (!tuned.value || !typed) return null;
      const { course, heads } = tuned.value;
      return Promise.all([heads.frozen.classify(typed, options), heads.tuned.classify(typed, options)]).then(
        ([frozen, adapted]) => ({ labels: labelsOf(course), frozen, adapted }),
      );
    },
    show({ labels, frozen, adapted }) {
      views.frozen(labels, frozen);
      views.tuned(labels, adapted);
    },
  });

  text.addEventListener('input', () => {
    grow(text);
    live.soon();
  });
  tuned.subscribe((present) => {
    if (present && present.course.set !== set) {
      ({ set } = present.course);
      const [first = '', ...others] = toTry(set);
      text.value = first;
      grow(text);
      mountSuggestions(find(HTMLElement, '.suggestions', panel), text, others, live.now);
    }
    live.now();
  });
}

/**
 * One of the two columns.
 * @param {string} name
 * @returns {(labels: string[], predictions: Prediction[]) => void}
 */
function makeSide(name) {
  const side = find(HTMLElement, `#tune-compare .${name}`);
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
