import assert from 'node:assert/strict';
import { below } from '../driver.js';
import { files, memory, MODEL, vectorOf } from '../shared.js';

export const name = 'loads';
export const what = 'loads and disposals, one after the other and together, from a folder and from files; flat memory';
export const rounds = 6;

const WARM_UP = 10;
/** A model that stays takes more than 1 MB, and its worker more than 5. */
const MOST_GROWTH_MB = 150;

export async function start() {
  const expected = await vectorOf(MODEL);
  /** @type {number | undefined} */
  let before;
  return {
    async trial(next, trial) {
      if (trial === WARM_UP) before = memory();
      const count = 1 + below(next, 3);
      const threads = 1 + below(next, 2);
      const specs = Array.from({ length: count }, () => (next() < 0.5 ? MODEL : { ...files }));
      const vectors = await Promise.all(specs.map((spec) => vectorOf(spec, { threads })));
      for (const vector of vectors) assert.deepEqual(vector, expected);
      return `${count} together`;
    },
    async end() {
      const growth = before === undefined ? 0 : memory() - before;
      assert.ok(growth < MOST_GROWTH_MB, `memory grew by ${growth.toFixed(0)} MB`);
    },
  };
}
