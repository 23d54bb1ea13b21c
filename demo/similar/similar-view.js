// The lines of a text that mean about the same as a sentence.
import { search } from 'bertlet';
import { find } from '../shared/dom.js';
import { grow } from '../shared/fields.js';
import { cosine } from '../shared/format.js';
import { hueOf } from '../shared/hues.js';
import { createLive } from '../shared/live.js';
import { createScores } from '../shared/scores.js';
import { mountSuggestions } from '../shared/suggestions.js';
import { lines as sample, queries } from './samples.js';

/** @typedef {import('bertlet').Model} Model */

/** Lines that are shown at most. */
const SHOWN = 10;

/** @param {import('../heads/heads.js').Page} page */
export function mountSimilar({ bert, tab }) {
  const panel = find(HTMLElement, '#panel-similar');
  const texts = find(HTMLTextAreaElement, '#similar-texts');
  const query = find(HTMLTextAreaElement, '#similar-query');
  const showScores = createScores(find(HTMLElement, '.scores', panel), cosine);
  /** Of lines that were read already. @type {Map<string, Float32Array>} */
  let vectors = new Map();

  const live = createLive(panel, {
    obstacle: () => (bert.value ? '' : 'As soon as the model is loaded.'),
    run(options) {
      const model = bert.value;
      const typed = query.value.trim();
      const lines = linesOf(texts.value);
      return model && tab.value === 'similar' && typed && lines.length > 0 ? rank(model, typed, lines, options) : null;
    },
    show: (ranking) => showScores(ranking.map((row, i) => ({ ...row, hue: hueOf(4), best: i === 0 }))),
  });

  /**
   * @param {Model} model
   * @param {string} typed
   * @param {string[]} lines
   * @param {import('bertlet').TaskOptions} options
   */
  async function rank(model, typed, lines, options) {
    const wanted = [...new Set([typed, ...lines])];
    const unread = wanted.filter((line) => !vectors.has(line));
    const read = await model.embed(unread, options);
    unread.forEach((line, i) => vectors.set(line, read[i]));
    vectors = new Map(wanted.map((line) => [line, vectorOf(line)]));
    return search(vectorOf(typed), lines.map(vectorOf), { topK: SHOWN }).map(({ index, score }) => ({
      label: lines[index],
      score,
    }));
  }

  const vectorOf = (/** @type {string} */ line) => /** @type {Float32Array} */ (vectors.get(line));

  texts.value = sample.join('\n');
  query.value = queries[0];
  for (const field of [texts, query]) {
    field.addEventListener('input', () => {
      grow(field);
      live.soon();
    });
  }
  mountSuggestions(find(HTMLElement, '.suggestions', panel), query, queries.slice(1), live.now);
  bert.subscribe(() => {
    vectors = new Map();
    live.now();
  });
  tab.subscribe(live.now);
}

/** Each line once. @param {string} text */
const linesOf = (text) => [...new Set(text.split('\n').map((line) => line.trim()))].filter(Boolean);
