// Sentences on what was learned, and how well.
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

/** @param {number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Half of a 95% interval for a share: 1.96 standard errors. @param {number} share @param {number} n */
export const spreadOf = (share, n) => 1.96 * Math.sqrt((share * (1 - share)) / Math.max(n, 1));
