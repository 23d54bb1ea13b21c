// The best of many scores, as sorting finds them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { topK } from '../../js/decode/top-k.js';

test('as a stable sort of all, whatever k is', () => {
  const scores = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 300 }), fc.boolean(), (values, k, backwards) => {
      const candidates = [...values.keys()];
      if (backwards) candidates.reverse();
      const sorted = candidates.toSorted((a, b) => values[b] - values[a]).slice(0, k);
      assert.deepEqual(topK(Float32Array.from(values), k, candidates), sorted);
    }),
  );
});

test('only candidates', () => {
  assert.deepEqual(topK([5, 4, 3, 2], 2, [3, 1, 2]), [1, 2]);
  assert.deepEqual(topK([5], 2, []), []);
});
