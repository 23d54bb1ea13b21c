// Megabytes of English a second from text to token ids, in the calling thread.
import { summarize, time } from '../measure.js';
import { createAll } from './suite.js';

/**
 * @typedef {object} Splitter
 * @property {(text: string) => ArrayLike<number>} ids of a text's pieces, [CLS] and [SEP] included
 */

const PORTIONS = 20;
const WARM_UPS = 300; // texts

/**
 * @param {import('./suite.js').Contender<Splitter>[]} contenders
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function tokenizerSuite(contenders, place, options) {
  const { paragraphs } = options.texts;
  if (paragraphs.length === 0) return [];
  const entries = await createAll(contenders, place, options);
  const size = Math.ceil(paragraphs.length / PORTIONS);
  const rates = entries.map(() => /** @type {number[]} */ ([]));
  for (const { runner } of entries) for (const text of paragraphs.slice(0, WARM_UPS)) runner.ids(text);
  options.say(`tokenizing ${paragraphs.length} paragraphs`);
  for (let portion = 0; portion * size < paragraphs.length; ++portion) {
    const some = paragraphs.slice(portion * size, (portion + 1) * size);
    const bytes = new TextEncoder().encode(some.join('')).length;
    /** @type {string[]} */
    const found = [];
    for (let turn = 0; turn < entries.length; ++turn) {
      const index = (portion + turn) % entries.length;
      /** @type {ArrayLike<number>[]} */
      let ids = [];
      const ms = await time(() => (ids = some.map((text) => entries[index].runner.ids(text))));
      rates[index].push(bytes / 1000 / ms);
      found.push(ids.map((list) => Array.from(list).join(' ')).join('\n'));
    }
    if (found.some((list) => list !== found[0])) throw new Error('the tokenizers do not agree on the ids');
  }
  return entries.map(({ who }, index) => ({
    suite: 'tokenizer',
    unit: 'MB a second',
    ...who,
    shape: 'English',
    ...summarize(rates[index]),
  }));
}
