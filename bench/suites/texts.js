// Milliseconds a text through the public interfaces: tokenizer, encoder, pooling, and the way to the worker and back.
import { bounds } from '../inputs.js';
import { takeTurns, time } from '../measure.js';
import { agreement, compare, createAll } from './suite.js';

/**
 * Texts in, unit vectors out.
 * @typedef {object} Embedder
 * @property {(texts: string[]) => Promise<Float32Array[]>} embed
 * @property {() => unknown} dispose
 */

const PORTIONS = 10;

/**
 * @param {import('./suite.js').Contender<Embedder>[]} contenders
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options
 * @param {string} [suite]
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function textsSuite(contenders, place, options, suite = 'texts') {
  const { sentences } = options.texts;
  if (sentences.length === 0) return [];
  const entries = await createAll(contenders, place, options);
  const portions = Math.min(PORTIONS, sentences.length);
  const portion = (/** @type {number} */ round) => sentences.slice(...bounds(sentences.length, portions, round));
  for (const { runner } of entries) await runner.embed(portion(0));

  options.say(`embedding ${sentences.length} sentences`);
  const vectors = entries.map(() => /** @type {Float32Array[]} */ ([]));
  const turn = async (/** @type {number} */ index, /** @type {number} */ round) => {
    const some = portion(round);
    return (await time(async () => vectors[index].push(...(await entries[index].runner.embed(some))))) / some.length;
  };
  const measured = await takeTurns(entries.length, turn, (round) => round < portions);

  const outputs = vectors.map((list) => Float32Array.from(list.flatMap((vector) => [...vector])));
  const mean = agreement(entries, outputs, vectors[0][0].length);
  for (const { runner } of entries) await runner.dispose();
  return compare({ suite, shape: `${sentences.length}` }, entries, measured, mean);
}
