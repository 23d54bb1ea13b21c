// Milliseconds from token ids to hidden states.
import { shapes, tokenIds } from '../inputs.js';
import { race } from '../measure.js';
import { agreement, compare, createAll } from './suite.js';

/**
 * A loaded encoder.
 * @typedef {object} Encoder
 * @property {(ids: Int32Array, batch: number, tokens: number) => () => Promise<Float32Array>} prepare ids [batch][tokens] to a
 *   function that computes the last hidden states [batch][tokens][size], which are valid until its next call
 * @property {() => unknown} dispose
 */

const QUICK_SHAPE = '1x128';

/**
 * @param {import('./suite.js').Contender<Encoder>[]} contenders
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options
 * @returns {Promise<import('./suite.js').Row[]>}
 */
export async function encoderSuite(contenders, place, options) {
  const entries = await createAll(contenders, place, options);
  const rows = [];
  for (const [batch, tokens] of shapes) {
    const shape = `${batch}x${tokens}`;
    if (options.quick && shape !== QUICK_SHAPE) continue;
    options.say(`measuring ${shape}`);
    const ids = tokenIds(batch, tokens);
    const calls = entries.map(({ runner }) => runner.prepare(ids, batch, tokens));
    const outputs = [];
    for (const call of calls) outputs.push((await call()).slice());
    const mean = agreement(entries, outputs, outputs[0].length / ids.length);
    const measured = await race(calls, options.quick ? 1000 : 3000);
    rows.push(...compare({ suite: 'encoder', shape }, entries, measured, mean));
  }
  for (const { runner } of entries) await runner.dispose();
  return rows;
}
