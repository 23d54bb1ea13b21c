// Oracles: scipy, scikit-learn and numpy (tests/fixtures/make_metrics_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { bestThreshold, expectedCalibrationError, fitTemperature, logLoss } from '../../js/decode/calibration.js';
import { indexOfMax } from '../../js/base/numbers.js';
import { softmax } from '../../js/base/probabilities.js';

const cases = JSON.parse(readFileSync(new URL('../fixtures/tasks/calibration.json', import.meta.url), 'utf8'));
const close = (actual, expected, tolerance) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

for (const { name, classes, logits, labels, ...expected } of cases) {
  const rows = logits.flat();
  const correct = logits.map((row, i) => indexOfMax(row) === labels[i]);
  const confidences = logits.map((row) => Math.max(...softmax(row)));

  test(`the temperature is the one that scipy finds: ${name}`, async () => {
    const temperature = await fitTemperature(rows, labels, classes);
    close(temperature, expected.temperature, 1e-6 * expected.temperature);
    close(logLoss(rows, labels, classes), expected.logLoss, 1e-12);
    close(logLoss(rows, labels, classes, temperature), expected.bestLogLoss, 1e-12);
  });

  test(`the calibration error is numpy's: ${name}`, () => {
    close(expectedCalibrationError(confidences, correct), expected.calibrationError, 1e-12);
  });

  test(`the threshold gives the best F1 of scikit-learn's curve: ${name}`, () => {
    const { threshold, f1 } = bestThreshold(confidences, correct);
    close(f1, expected.bestF1, 1e-12);
    const chosen = confidences.map((confidence) => confidence >= threshold);
    const hits = chosen.filter((yes, i) => yes && correct[i]).length;
    close((2 * hits) / (chosen.filter(Boolean).length + correct.filter(Boolean).length), expected.bestF1, 1e-12);
  });
}

test('a temperature stays within its range where all is right or all is wrong', async () => {
  const sharp = await fitTemperature([3, 0, 0, 3], [0, 1], 2);
  assert.ok(sharp >= 0.01 && logLoss([3, 0, 0, 3], [0, 1], 2, sharp) < 1e-15, `temperature ${sharp}`);
  close(await fitTemperature([3, 0, 0, 3], [1, 0], 2), 100, 1e-5);
  assert.equal(await fitTemperature([], [], 2), 1);
});

test('with a doubt, rows that are all right are as sure as it leaves them', async () => {
  // Two classes: sigmoid(3 / T) must be 0.9. Three: e^(3 / T) / (e^(3 / T) + 2).
  close(await fitTemperature([3, 0, 0, 3], [0, 1], 2, 0.1), 3 / Math.log(9), 1e-6);
  close(await fitTemperature([3, 0, 0, 0, 3, 0], [0, 1], 3, 0.1), 3 / Math.log(18), 1e-6);
});

test('a sigmoid is a row of two logits, of which one is 0', async () => {
  // One label, right for 3 of 4 at logit 2: sigmoid(2 / T) must be 3 / 4.
  const temperature = await fitTemperature([0, 2, 0, 2, 0, 2, 0, 2], [1, 1, 1, 0], 2);
  close(temperature, 2 / Math.log(3), 1e-6);
});

test('thresholds: equal scores, nothing true, everything true', () => {
  assert.deepEqual(bestThreshold([0.5, 0.5, 0.1], [1, 0, 0]), { threshold: 0.3, f1: 2 / 3 });
  assert.deepEqual(bestThreshold([0.5], [0]), { threshold: Infinity, f1: 0 });
  assert.deepEqual(bestThreshold([0.5, 0.2], [1, 1]), { threshold: 0.2, f1: 1 });
});
