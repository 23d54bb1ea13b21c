// Milliseconds a megabyte of English from text to token ids, in the calling thread.
import { bounds } from '../inputs.js';
import { takeTurns, time } from '../measure.js';
import { compare, createAll } from './suite.js';

/**
 * @typedef {object} Splitter
 * @property {(text: string) => ArrayLike<number>} ids of a text's pieces, [CLS] and [SEP] included
 */

const PORTIONS = 20;
const WARM_UPS = 300; // texts

/**
 * @param {import('./suite.js').Contender<Splitter, ''>[]} contenders
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function tokenizerSuite(contenders, place, options) {
  const { paragraphs } = options.texts;
  if (paragraphs.length === 0) return [];
  const entries = await createAll(contenders, place, options);
  const portion = (/** @type {number} */ round) => paragraphs.slice(...bounds(paragraphs.length, PORTIONS, round));
  for (const { runner } of entries) for (const text of paragraphs.slice(0, WARM_UPS)) runner.ids(text);

  options.say(`tokenizing ${paragraphs.length} paragraphs`);
  const found = entries.map(() => /** @type {string[]} */ ([]));
  const turn = async (/** @type {number} */ index, /** @type {number} */ round) => {
    const some = portion(round);
    /** @type {ArrayLike<number>[]} */
    let ids = [];
    const ms = await time(() => (ids = some.map((text) => entries[index].runner.ids(text))));
    found[index].push(...ids.map((list) => Array.from(list).join(' ')));
    return (1e6 * ms) / new TextEncoder().encode(some.join('')).length;
  };
  const measured = await takeTurns(entries.length, turn, (round) => round < PORTIONS);

  for (const lines of found) {
    const other = lines.findIndex((line, index) => line !== found[0][index]);
    if (other >= 0) throw new Error(`the tokenizers do not agree on paragraph ${other}`);
  }
  return compare({ suite: 'tokenizer', shape: 'English' }, entries, measured);
}
