// Heads on given features, against scikit-learn.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MultiLabelRegression, SingleLabelRegression } from '../../js/train/solvers/logreg.js';
import { Rows } from '../../js/train/dataset/rows.js';
import { compile } from '../../js/core/compile.js';
import { classWeights } from '../../js/api/fit/classification.js';
import { fixtures } from '../support.js';

const { features, labels, several, logits, rare } = JSON.parse(
  readFileSync(join(fixtures, 'train', 'classifiers.json'), 'utf8'),
);
const [count, width, classes] = [features.length, features[0].length, several[0].length];
const names = ['a', 'b', 'c'];
const lists = labels.map((label) => [label]);
const severalLists = several.map((row) => row.flatMap((has, k) => (has ? [k] : [])));

/** Work that is not paused. */
const pause = async () => {};

async function rowsFor(Regression, given = features) {
  const compiled = await compile({ threads: 1 });
  const trainers = (core) => Regression.bytes(core, given.length, width, classes);
  const rows = await Rows.create(compiled, given.length, width, { layers: [classes], trainers });
  given.forEach((row, i) => rows.set(i, Float32Array.from(row)));
  return rows;
}

/** Largest difference of the probabilities, or of independent ones, from the oracle's. */
async function difference(regression, rows, c, expected, probabilities, given = features) {
  await regression.fit({ c, tolerance: 1e-7 }, pause);
  const dense = await rows.unscale(regression.dense(), pause);
  const [{ weight, bias }] = dense;
  return given.reduce((most, row, i) => {
    const own = Array.from(bias, (b, k) => row.reduce((sum, x, j) => sum + x * weight[k * width + j], b));
    const [a, b] = [probabilities(own), probabilities(expected[i])];
    return Math.max(most, ...a.map((p, k) => Math.abs(p - b[k])));
  }, 0);
}

const softmax = (z) => {
  const sum = z.reduce((all, value) => all + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / sum);
};
const sigmoid = (z) => z.map((value) => 1 / (1 + Math.exp(-value)));

for (const [name, classWeight] of [
  ['balanced', 'balanced'],
  ['weights', { a: 0.5, b: 2, c: 3 }],
]) {
  test(`class weights: ${name}`, async () => {
    const rows = await rowsFor(SingleLabelRegression);
    const weights = classWeights(classWeight, lists, names, false);
    const regression = new SingleLabelRegression(rows, count, Int32Array.from(labels), weights);
    assert.ok((await difference(regression, rows, 1, logits[name], softmax)) < 5e-4);
  });
}

test('standardized features, and a head for features as they come', async () => {
  const rows = await rowsFor(SingleLabelRegression);
  await rows.standardize(count, pause);
  const regression = new SingleLabelRegression(rows, count, Int32Array.from(labels), new Float32Array(classes).fill(1));
  assert.ok((await difference(regression, rows, 0.5, logits.standardized, softmax)) < 5e-4);
});

for (const [name, classWeight] of [
  ['several', undefined],
  ['several_balanced', 'balanced'],
]) {
  test(`any number of labels: ${name}`, async () => {
    const rows = await rowsFor(MultiLabelRegression);
    const weights = classWeights(classWeight, severalLists, names, true);
    const regression = new MultiLabelRegression(rows, count, Uint8Array.from(several.flat()), weights);
    assert.ok((await difference(regression, rows, 2, logits[name], sigmoid)) < 2e-3);
  });
}

test('a label that one row in a hundred has is fitted as well as others', async () => {
  const rows = await rowsFor(MultiLabelRegression, rare.features);
  const weights = new Float32Array(2).fill(1);
  const regression = new MultiLabelRegression(rows, rare.features.length, Uint8Array.from(rare.labels), weights);
  const expected = rare.logits.map((logit) => [logit]);
  assert.ok((await difference(regression, rows, 30, expected, (logits) => logits, rare.features)) < 0.01);
});
