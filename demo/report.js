// Sentences on what was learned.
import { percent } from './format.js';

/** @param {string} text */
export function paragraph(text) {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}

/**
 * @param {number} share
 * @param {string} meaning
 */
export function score(share, meaning) {
  const element = paragraph(` ${meaning}`);
  const value = document.createElement('strong');
  element.className = 'accuracy';
  value.textContent = percent(share);
  element.prepend(value);
  return element;
}
