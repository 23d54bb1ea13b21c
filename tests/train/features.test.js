// Features that are kept between fits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FeatureCache } from '../../js/train/dataset/feature-cache.js';

const vector = (value) => new Float32Array(10).fill(value); // 40 bytes, and a key of one letter 2

test('the longest unused goes first', () => {
  const cache = new FeatureCache(3 * 42);
  for (const key of ['a', 'b', 'c']) cache.set(key, vector(1));
  assert.ok(cache.get('a'));
  cache.set('d', vector(2));
  assert.equal(cache.get('b'), undefined);
  for (const key of ['a', 'c', 'd']) assert.ok(cache.get(key), key);
  cache.set('e', new Float32Array(20));
  assert.deepEqual(
    ['a', 'c', 'd', 'e'].filter((key) => cache.get(key)),
    ['d', 'e'],
  );
});

test('what is too large is not kept, and costs nothing of the others but their place', () => {
  const cache = new FeatureCache(50);
  cache.set('a', new Float32Array(100));
  assert.equal(cache.get('a'), undefined);
  cache.set('b', vector(1));
  assert.deepEqual(cache.get('b'), vector(1));
});
