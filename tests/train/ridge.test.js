// Ridge regression on given features, against scikit-learn's Ridge (tests/fixtures/make_regression_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Moments, solveRidge } from '../../js/train/solvers/ridge.js';
import { fixtures } from '../support.js';

const { features, values, fold, cases } = JSON.parse(readFileSync(join(fixtures, 'train', 'regression.json'), 'utf8'));
const vectors = features.map((row) => Float32Array.from(row));
const width = vectors[0].length;
const pause = async () => {};

const momentsOf = (begin, end) => {
  const moments = new Moments(width);
  for (let i = begin; i < end; i++) moments.add(vectors[i], values[i]);
  return moments;
};
const isClose = (own, expected, what) =>
  assert.ok(Math.abs(own - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${what}: ${own}, not ${expected}`);

for (const { c, weight, bias, mse, mse_of_fold: mseOfFold } of cases) {
  test(`c = ${c}`, async () => {
    const all = momentsOf(0, values.length);
    const fitted = await solveRidge(all, c, pause);
    weight.forEach((value, i) => isClose(fitted.weight[i], value, `weight ${i}`));
    isClose(fitted.bias, bias, 'bias');
    isClose(all.squaredErrors(fitted) / values.length, mse, 'mean squared error');

    const left = momentsOf(0, fold);
    const without = await solveRidge(all.without(left), c, pause);
    isClose(left.squaredErrors(without) / fold, mseOfFold, 'mean squared error of a fold that was left out');
  });
}

test('deviations from the mean', () => {
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  const sum = values.reduce((all, value) => all + (value - mean) ** 2, 0);
  isClose(momentsOf(0, values.length).deviations, sum, 'sum of their squares');
});
