// Held-out examples and folds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { split } from '../../js/split.js';

const anySplit = fc
  .record({
    labels: fc
      .array(fc.nat(4), { minLength: 5, maxLength: 200 })
      .map((list) => Int32Array.from([0, 1, 2, 3, 4, ...list])),
    validation: fc.double({ min: 0, max: 0.9, noNaN: true }),
    seed: fc.integer(),
  })
  .map((drawn) => ({
    ...drawn,
    result: split(drawn.labels, 5, { validation: drawn.validation, folds: 5, seed: drawn.seed }),
  }));

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
    }),
  );
});

test('each class keeps its share, and at least one example to train on, with any fold left out', () => {
  fc.assert(
    fc.property(anySplit, ({ labels, validation, result: { order, folds, trainRows } }) => {
      const count = (rows, label) => rows.filter((example) => labels[example] === label).length;
      for (let label = 0; label < 5; label++) {
        const all = count(order, label);
        const wanted = Math.min(Math.round(all * validation), all - 1);
        assert.equal(count(order.slice(trainRows), label), wanted);
        for (const [begin, end] of folds) {
          const held = count(order.slice(begin, end), label);
          assert.ok(held < all - wanted);
          assert.ok(held <= Math.ceil((all - wanted) / 5));
        }
      }
    }),
  );
});

test('the same seed draws the same, another one does not', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
  const draw = (seed) => split(labels, 2, { validation: 0.2, folds: 5, seed }).order;
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});
