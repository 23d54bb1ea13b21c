// Held-out examples and folds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { split } from '../../js/train/dataset/split.js';

const anySplit = fc
  .record({
    labels: fc
      .array(fc.nat(4), { minLength: 5, maxLength: 200 })
      .map((list) => Int32Array.from([0, 1, 2, 3, 4, ...list])),
    validation: fc.double({ min: 0, max: 0.9, noNaN: true }),
    foldRows: fc.integer({ min: 10, max: 300 }),
    seed: fc.integer(),
  })
  .map(({ labels, ...options }) => ({ labels, ...options, result: split(labels, 5, { ...options, folds: 5 }) }));

test('every example has one row; the folds are ranges of the rows to train on', () => {
  fc.assert(
    fc.property(anySplit, ({ labels, result: { order, folds, trainRows } }) => {
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        [...labels.keys()],
      );
      let at = 0;
      for (const [begin, end] of folds) {
        assert.equal(begin, at);
        assert.ok(end > begin);
        at = end;
      }
      assert.ok(at <= trainRows);
      assert.ok(folds.length <= 5);
    }),
  );
});

test('each class keeps its share, and at least one example to train on, with any fold left out', () => {
  fc.assert(
    fc.property(anySplit, ({ labels, validation, result: { order, folds, trainRows } }) => {
      const count = (rows, label) => rows.filter((example) => labels[example] === label).length;
      const inFolds = order.slice(0, folds.at(-1)?.[1] ?? 0);
      for (let label = 0; label < 5; label++) {
        const all = count(order, label);
        const heldOut = Math.min(Math.round(all * validation), all - 1);
        assert.equal(count(order.slice(trainRows), label), heldOut);
        for (const [begin, end] of folds) {
          const leftOut = count(order.slice(begin, end), label);
          assert.ok(leftOut < all - heldOut);
          assert.ok(Math.abs(leftOut - count(inFolds, label) / folds.length) < 1, 'folds are stratified');
        }
      }
    }),
  );
});

test('a part of a large set is enough for the folds', () => {
  const labels = Int32Array.from({ length: 10000 }, (_, i) => (i < 9000 ? 0 : 1));
  const { order, folds, trainRows } = split(labels, 2, { validation: 0, foldRows: 1000, folds: 5, seed: 1 });
  assert.equal(folds.at(-1)[1], 1000);
  assert.equal(trainRows, 10000);
  for (const [begin, end] of folds) {
    assert.equal(order.slice(begin, end).filter((example) => labels[example] === 1).length, 20);
  }
});

test('too few examples for folds', () => {
  const draw = (labels) => split(Int32Array.from(labels), 2, { validation: 0, foldRows: 100, folds: 5, seed: 1 }).folds;
  assert.deepEqual(draw([0, 1]), []);
  assert.deepEqual(draw([0, 1, 0, 1]).length, 2);
  assert.deepEqual(draw([0, 1, 0, 0]).length, 3, 'the single example of class 1 is always trained on');
});

test('the same seed draws the same, another one does not', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
  const draw = (seed) => split(labels, 2, { validation: 0.2, foldRows: 100, folds: 5, seed }).order;
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});
