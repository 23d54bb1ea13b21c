// Oracle: sentence-transformers' semantic_search (tests/fixtures/make_similarity_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cosineSimilarity, search } from '../../js/index.js';
import { fixtures } from '../support.js';

const { vectors, queries, hits } = JSON.parse(readFileSync(join(fixtures, 'similarity.json'), 'utf8'));

test('search finds what sentence-transformers finds', () => {
  queries.forEach((query, i) => {
    const found = search(Float32Array.from(query), vectors, { topK: 7 });
    assert.deepEqual(
      found.map(({ index }) => index),
      hits[i].map(({ corpus_id: index }) => index),
    );
    found.forEach(({ score }, k) => assert.ok(Math.abs(score - hits[i][k].score) < 1e-6));
  });
});

test('fewer vectors than wanted, none, and equal ones', () => {
  assert.equal(search([1, 0], [[0, 1]]).length, 1);
  assert.deepEqual(search([1, 0], []), []);
  assert.deepEqual(
    search([1, 0], [[2, 0], [1, 0], [0, 1]], { topK: 2 }).map(({ index }) => index), // prettier-ignore
    [0, 1],
  );
});

test('cosine similarity at its ends', () => {
  assert.equal(cosineSimilarity([3, 4], [6, 8]), 1);
  assert.equal(cosineSimilarity([3, 4], [-3, -4]), -1);
  assert.equal(cosineSimilarity([0, 0], [1, 2]), 0);
});

test('what can not be compared', () => {
  for (const [a, b] of [
    [[1], [1, 2]],
    [[], []],
    [undefined, [1]],
  ])
    assert.throws(() => cosineSimilarity(a, b), { code: 'BAD_INPUT' });
  assert.throws(() => search([1], [[1]], { topk: 1 }), { code: 'BAD_INPUT', message: /"topk"/ });
  assert.throws(() => search([1], [[1]], { topK: 0 }), { code: 'BAD_INPUT', message: /topK/ });
});
