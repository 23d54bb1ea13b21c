// Milliseconds a call on one thread and on two, through the public interface: a page's own thread can't wait for others.
import { shapes } from '../inputs.js';
import { race } from '../measure.js';
import { compare, createAll } from './suite.js';

/**
 * @param {import('./suite.js').Contender<import('./texts.js').Embedder>[]} contenders
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function threadsSuite(contenders, place, options) {
  const entries = await createAll(contenders, place, { ...options, threads: [1, 2] });
  const rows = [];
  for (const [batch, tokens] of shapes) {
    const shape = `${batch}x${tokens}`;
    options.say(`measuring ${shape} on one thread and on two`);
    const texts = Array.from({ length: batch }, () => 'word '.repeat(tokens - 2)); // and [CLS] and [SEP]
    const calls = entries.map(
      ({ runner }) =>
        () =>
          runner.embed(texts),
    );
    rows.push(...compare({ suite: 'threads', shape }, entries, await race(calls, options.quick ? 300 : 2000)));
  }
  for (const { runner } of entries) await runner.dispose();
  return rows;
}
