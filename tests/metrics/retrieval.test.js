// Places in rankings, beside scikit-learn 1.9: where each query has one right answer, the mean reciprocal rank is what
// label_ranking_average_precision_score gives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidatesOf, retrievalMetrics } from '../../js/metrics/retrieval.js';

const scores = [
  [0.9, 0.2, 0.1],
  [0.5, 0.4, 0.1],
  [0.7, 0.8, 0.6],
];
const similarity = (row, column) => scores[row][column];

test('first, second and third place', async () => {
  const all = [0, 1, 2];
  const { meanReciprocalRank, recallAt1, n } = await retrievalMetrics(all, all, all, similarity, async () => {});
  assert.ok(Math.abs(meanReciprocalRank - 0.611111111111111) < 1e-12, `${meanReciprocalRank}`);
  assert.equal(recallAt1, 1 / 3);
  assert.equal(n, 3);
});

test('between queries it can be stopped', async () => {
  const reason = new Error('stop');
  const stopped = retrievalMetrics([0, 1], [0, 1], [0, 1], similarity, () => Promise.reject(reason));
  await assert.rejects(stopped, reason);
});

test('a text that belongs to several is one candidate', () => {
  assert.deepEqual(candidatesOf(['a', 'b', 'a']), { candidates: ['a', 'b'], own: [0, 1, 0] });
});
