import assert from 'node:assert/strict';
import { load } from '../../../js/index.js';
import { below, pick } from '../driver.js';
import { memory, MODEL } from '../shared.js';

export const name = 'classifications';
export const what =
  'classifications, 100 calls a trial, of texts of all lengths; the same scores every time, flat memory';
export const rounds = 10;

const WORDS = ['the', 'movie', 'was', 'great', 'dull', 'very', 'zebra', 'naïve', '電影', '😀', 'x'.repeat(300), '\n'];

/** Trials before memory counts: the engine's own caches fill up. */
const WARM_UP = 20;
/** Many times what noise does; a leak of 1 kB a call has as much in a few minutes. */
const MOST_GROWTH_MB = 100;

export async function start() {
  const bert = await load(MODEL, { threads: 1 });
  /** @type {Map<string, string>} */
  const known = new Map();
  /** @type {number | undefined} */
  let before;
  return {
    async trial(next, trial) {
      if (trial === WARM_UP) before = memory();
      for (let call = 0; call < 100; call++) {
        const text = Array.from({ length: below(next, next() < 0.1 ? 200 : 8) }, () => pick(next, WORDS)).join(' ');
        const scores = JSON.stringify(await bert.head?.classify(text, { onWarning() {} }));
        if (known.size < 5000) assert.equal(known.get(text) ?? scores, scores, text);
        if (known.size < 5000) known.set(text, scores);
      }
      return 'right';
    },
    async end() {
      const growth = before === undefined ? 0 : memory() - before;
      await bert.dispose();
      assert.ok(growth < MOST_GROWTH_MB, `memory grew by ${growth.toFixed(0)} MB`);
    },
  };
}
