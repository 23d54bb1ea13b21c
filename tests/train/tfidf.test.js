// Oracle: scikit-learn (tests/fixtures/make_tfidf_fixtures.py).
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { softmax } from '../../js/base/probabilities.js';
import { fitSparse, predictSparse } from '../../js/train/baseline/sparse-logreg.js';
import { TfIdf } from '../../js/train/baseline/tfidf.js';
import { shared } from '../support.js';

const expected = JSON.parse(readFileSync(new URL('../fixtures/tasks/tfidf.json', import.meta.url), 'utf8'));

/** Each row as an object from terms to values. */
function byTerm({ starts, columns, values }, { terms }) {
  const names = [...terms.keys()];
  return Array.from({ length: starts.length - 1 }, (_, i) => {
    const places = Array.from({ length: starts[i + 1] - starts[i] }, (_, j) => starts[i] + j);
    return Object.fromEntries(places.map((at) => [names[columns[at]], values[at]]));
  });
}

/** Work that is not paused. */
const pause = async () => {};

test("features equal those of scikit-learn's TfidfVectorizer", async () => {
  const tfidf = await TfIdf.create(expected.texts, pause);
  for (const [texts, vectors] of [
    [expected.texts, expected.vectors],
    [expected.unseen, expected.unseenVectors],
  ]) {
    byTerm(await tfidf.transform(texts, pause), tfidf).forEach((row, i) => {
      assert.deepEqual(Object.keys(row).sort(), Object.keys(vectors[i]).sort(), texts[i]);
      for (const [term, value] of Object.entries(vectors[i])) {
        assert.ok(Math.abs(row[term] - value) < 1e-12, `"${term}": ${row[term]}, expected ${value}`);
      }
    });
  }
});

/** The objective of bertlet_logreg at a fit; two classes have one vector, the difference of the two. */
function objectiveOf({ starts, columns, values }, labels, c, { weight, bias }) {
  const classes = bias.length;
  let loss = 0;
  labels.forEach((label, i) => {
    const logits = Array.from(bias);
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      for (let k = 0; k < classes; k++) logits[k] += values[at] * weight[columns[at] * classes + k];
    }
    loss -= Math.log(softmax(logits)[label]);
  });
  const square = weight.reduce((sum, value) => sum + value * value, 0) * (classes === 2 ? 2 : 1);
  return loss / labels.length + square / (2 * c * labels.length);
}

async function fit(train, names, c, tolerance) {
  const tfidf = await TfIdf.create(
    train.map(([text]) => text),
    pause,
  );
  const x = await tfidf.transform(
    train.map(([text]) => text),
    pause,
  );
  const labels = train.map(([, label]) => names.indexOf(label));
  const fitted = await fitSparse(x, labels, names.length, { c, tolerance, pause });
  assert.ok(fitted.converged);
  return {
    objective: objectiveOf(x, labels, c, fitted),
    predict: async (texts) =>
      [...(await predictSparse(await tfidf.transform(texts, pause), fitted, pause))].map((label) => names[label]),
  };
}

for (const { name, labels, c, train, test: texts, objective, predicted } of expected.fits) {
  test(`logistic regression reaches scikit-learn's minimum: ${name}`, async () => {
    const exact = await fit(train, labels, c, 1e-8);
    assert.ok(Math.abs(exact.objective / objective - 1) < 1e-9, `${exact.objective}, expected ${objective}`);
    assert.deepEqual(await exact.predict(texts), predicted);
    const usual = await fit(train, labels, c);
    assert.ok(Math.abs(usual.objective / objective - 1) < 1e-3, `${usual.objective}, expected ${objective}`);
  });
}

test('banking77, few examples a class', { skip: existsSync(shared) ? false : '../shared is not here' }, async () => {
  const { perClass, c, objective, correct } = expected.banking77;
  const read = (part) =>
    readFileSync(join(shared, `banking77/${part}.tsv`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t'));
  const seen = {};
  const train = read('train').filter(([, label]) => (seen[label] = (seen[label] ?? 0) + 1) <= perClass);
  const rows = read('test');
  const exact = await fit(train, Object.keys(seen).sort(), c, 1e-7);
  assert.ok(Math.abs(exact.objective / objective - 1) < 1e-6, `${exact.objective}, expected ${objective}`);
  const predicted = await exact.predict(rows.map(([text]) => text));
  assert.equal(rows.filter(([, label], i) => label === predicted[i]).length, correct);
});
