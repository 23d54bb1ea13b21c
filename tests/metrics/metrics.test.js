// Oracle: scikit-learn (tests/fixtures/make_metrics_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { evaluateMultiLabel, evaluatePredictions } from '../../js/metrics/classification.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));

const close = (actual, expected, what) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${what} ${actual}, expected ${expected}`);

/** @param expected [labels][precision, recall, F1, support] */
function closeScores(classes, expected) {
  assert.equal(classes.length, expected.length);
  classes.forEach(({ precision, recall, f1, support }, k) => {
    [precision, recall, f1, support].forEach((value, i) => close(value, expected[k][i], `class ${k}`));
  });
}

for (const { name, truth, predicted, labels, confusion, classes, ...expected } of read('metrics.json')) {
  test(`metrics equal scikit-learn's: ${name}`, () => {
    const metrics = evaluatePredictions(truth, predicted, labels);
    for (const key of ['accuracy', 'macroF1', 'microF1']) close(metrics[key], expected[key], key);
    closeScores(metrics.classes, classes);
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

for (const { name, truth, predicted, labels, classes, ...expected } of read('tasks/multi-label.json')) {
  test(`multi-label metrics equal scikit-learn's: ${name}`, () => {
    const metrics = evaluateMultiLabel(truth, predicted, labels);
    for (const key of ['accuracy', 'macroF1', 'microF1', 'samplesF1']) close(metrics[key], expected[key], key);
    closeScores(metrics.classes, classes);
    assert.deepEqual(metrics.labels, labels);
  });
}
