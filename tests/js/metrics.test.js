// Oracle: scikit-learn (tests/fixtures/make_metrics_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { evaluatePredictions } from '../../js/metrics.js';

const cases = JSON.parse(readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8'));

for (const { name, truth, predicted, labels, accuracy, macroF1, confusion } of cases) {
  test(`metrics equal scikit-learn's: ${name}`, () => {
    const metrics = evaluatePredictions(truth, predicted, labels);
    assert.ok(Math.abs(metrics.accuracy - accuracy) < 1e-12, `accuracy ${metrics.accuracy}, expected ${accuracy}`);
    assert.ok(Math.abs(metrics.macroF1 - macroF1) < 1e-12, `macro F1 ${metrics.macroF1}, expected ${macroF1}`);
    assert.deepEqual(metrics.confusion, confusion);
    assert.deepEqual(metrics.labels, labels);
    assert.equal(metrics.n, truth.length);
  });
}

test('labels that were not given follow in alphabetical order', () => {
  const { labels, confusion } = evaluatePredictions(['c', 'a'], ['b', 'a'], ['a']);
  assert.deepEqual(labels, ['a', 'b', 'c']);
  assert.deepEqual(confusion, [
    [1, 0, 0],
    [0, 0, 0],
    [0, 1, 0],
  ]);
});
