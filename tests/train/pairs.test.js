// The pairs of contrastive tuning: what SetFit's paper says of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPairs } from '../../js/train/contrastive/pairs.js';

const count = (pairs, wanted) => pairs.filter(wanted).length;

test('each example is the first of a pair of either kind in each round, and no pair is of one example', () => {
  const labels = [[0], [1], [0], [1], [2], [0], [2], [1]];
  const members = [0, 1, 2, 3, 4, 6];
  const pairs = drawPairs(labels, members, 5, 3);
  assert.equal(pairs.length, 2 * 5 * 6);
  for (const member of members) {
    const own = pairs.filter(({ left }) => left === member);
    assert.equal(
      count(own, ({ alike }) => alike),
      5,
    );
    assert.equal(
      count(own, ({ alike }) => !alike),
      5,
    );
  }
  for (const { left, right, alike } of pairs) {
    assert.notEqual(left, right);
    assert.ok(members.includes(right));
    assert.equal(labels[left][0] === labels[right][0], alike);
  }
  assert.deepEqual(drawPairs(labels, members, 5, 3), pairs);
  assert.notDeepEqual(drawPairs(labels, members, 5, 4), pairs);
});

test('all others of a label are drawn equally often', () => {
  const labels = [[0], [0], [0], [0], [1]];
  const pairs = drawPairs(labels, [0, 1, 2, 3, 4], 3000, 1).filter(({ alike }) => alike);
  for (let left = 0; left < 4; left++)
    for (let right = 0; right < 4; right++) {
      const times = count(pairs, (pair) => pair.left === left && pair.right === right);
      assert.ok(left === right ? times === 0 : Math.abs(times - 1000) < 130, `${left} ${right}: ${times}`);
    }
});

test('an example that is alone has no partner of its label; one of all labels none of another', () => {
  const pairs = drawPairs([[0], [1], [1]], [0, 1, 2], 4, 0);
  assert.equal(
    count(pairs, ({ left, alike }) => left === 0 && alike),
    0,
  );
  assert.equal(
    count(pairs, ({ left, alike }) => left === 0 && !alike),
    4,
  );
  const several = drawPairs([[0, 1], [0], [1]], [0, 1, 2], 4, 0);
  assert.equal(
    count(several, ({ left, alike }) => left === 0 && !alike),
    0,
  );
  assert.deepEqual(
    new Set(several.filter(({ left, alike }) => left === 1 && alike).map(({ right }) => right)),
    new Set([0]),
  );
});

test('texts without a label are alike', () => {
  const pairs = drawPairs([[], [0], [], [0]], [0, 1, 2, 3], 6, 0);
  for (const { left, right, alike } of pairs) assert.equal(alike, left % 2 === right % 2);
  assert.equal(pairs.length, 2 * 4 * 6);
});
