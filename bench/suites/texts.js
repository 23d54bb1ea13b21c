// Texts a second through the public interfaces: tokenizer, encoder, pooling, and the way to the worker and back.
import { summarize, time } from '../measure.js';
import { agreement, createAll } from './suite.js';

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
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function textsSuite(contenders, place, options) {
  const { sentences } = options.texts;
  if (sentences.length === 0) return [];
  const entries = await createAll(contenders, place, options);
  const size = Math.ceil(sentences.length / PORTIONS);
  const rates = entries.map(() => /** @type {number[]} */ ([]));
  const vectors = entries.map(() => /** @type {Float32Array[]} */ ([]));
  for (const { runner } of entries) await runner.embed(sentences.slice(0, size));
  options.say(`embedding ${sentences.length} sentences`);
  for (let portion = 0; portion * size < sentences.length; ++portion) {
    const some = sentences.slice(portion * size, (portion + 1) * size);
    for (let turn = 0; turn < entries.length; ++turn) {
      const index = (portion + turn) % entries.length;
      const ms = await time(async () => vectors[index].push(...(await entries[index].runner.embed(some))));
      rates[index].push((1000 * some.length) / ms);
    }
  }
  const outputs = vectors.map((list) => Float32Array.from(list.flatMap((vector) => [...vector])));
  const mean = agreement(entries, outputs, vectors[0][0].length);
  for (const { runner } of entries) await runner.dispose();
  return entries.map(({ who }, index) => ({
    suite: 'texts',
    unit: 'sentences a second',
    ...who,
    shape: `${sentences.length}`,
    cosine: mean[index],
    ...summarize(rates[index]),
  }));
}
