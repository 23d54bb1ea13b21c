// A text in which some places are marked.
import { percent } from './format.js';

/**
 * @typedef {object} Mark
 * @property {number} start
 * @property {number} end
 * @property {number} hue
 * @property {number} score 0 .. 1
 * @property {string} [name] written behind the place
 */

/**
 * @param {HTMLElement} element
 * @param {string} text
 * @param {Mark[]} marks in the order of the text, none within another
 */
export function showMarked(element, text, marks) {
  let at = 0;
  const parts = marks.flatMap(({ start, end, hue, score, name }) => {
    const mark = document.createElement('mark');
    mark.style.setProperty('--hue', String(hue));
    mark.title = `${name ? `${name}, ` : ''}${percent(score)}`;
    mark.textContent = text.slice(start, end);
    if (name) {
      const label = document.createElement('small');
      label.textContent = name;
      mark.append(label);
    }
    const before = text.slice(at, start);
    at = end;
    return [before, mark];
  });
  element.replaceChildren(...parts, text.slice(at));
}
