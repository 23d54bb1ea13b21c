// A list of labels with a bar for each one's score.
import { arrange, clone, find, keyed } from './dom.js';
import { percent } from './format.js';

/**
 * @typedef {object} Row
 * @property {string} label
 * @property {number} score 0 .. 1
 * @property {number} hue
 * @property {boolean} [best]
 */

/**
 * The bar of a label grows and shrinks where it is.
 * @param {HTMLElement} list
 * @param {(score: number) => string} [write]
 * @returns {(rows: Row[]) => void}
 */
export function createScores(list, write = percent) {
  const viewsOf = keyed(/** @type {(key: string) => ReturnType<typeof makeScore>} */ (() => makeScore(write)));
  return (rows) => {
    const labels = rows.map(({ label }) => label);
    const views = viewsOf(labels.map((label, i) => (labels.indexOf(label) === i ? label : `${label}\n${i}`)));
    rows.forEach((row, i) => views[i].show(row));
    arrange(
      list,
      views.map(({ element }) => element),
    );
  };
}

/** @param {(score: number) => string} write */
function makeScore(write) {
  const element = clone('score-template');
  const name = find(HTMLElement, '.score-label', element);
  const value = find(HTMLDataElement, 'data', element);
  return {
    element,
    /** @param {Row} row */
    show({ label, score, hue, best = false }) {
      name.textContent = name.title = label;
      value.value = String(score);
      value.textContent = write(score);
      element.classList.toggle('best', best);
      element.style.setProperty('--score', String(Math.max(score, 0)));
      element.style.setProperty('--hue', String(hue));
    },
  };
}

/**
 * "positive 98%", and so on for each.
 * @param {HTMLElement} element
 * @param {{ label: string, score?: number, hue?: number }[]} named
 */
export function showVerdict(element, ...named) {
  element.replaceChildren(
    ...named.flatMap(({ label, score, hue }, i) => {
      const name = document.createElement('strong');
      name.textContent = label;
      if (hue !== undefined) name.style.setProperty('--hue', String(hue));
      name.classList.toggle('plain', hue === undefined);
      return [i > 0 ? ', ' : '', name, score === undefined ? '' : ` ${percent(score)}`];
    }),
  );
}
