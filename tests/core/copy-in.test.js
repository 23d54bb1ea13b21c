// Arrays in scratch memory: copied when they are not there, and only then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';
import { createCore } from '../../js/core/instance.js';

test('a list of arrays is copied once, and again when something else used the memory', async () => {
  const core = await createCore(await compile({ threads: 1, build: 'simd' }), 1024, 2 ** 20);
  const arrays = [Float32Array.of(1, 2, 3), Float32Array.of(4)];
  const [first, second, extra] = core.copyIn(arrays, 100);
  const read = () => [...core.floats(first, 3), ...core.floats(second, 1)];
  assert.deepEqual(read(), [1, 2, 3, 4]);
  assert.ok(extra >= second + 4 && second >= first + 12);

  core.floats(first, 1)[0] = -1; // a trace, to see whether it is written over
  assert.deepEqual(core.copyIn(arrays, 200), [first, second, extra]);
  assert.deepEqual(read(), [-1, 2, 3, 4], 'not copied');
  core.copyIn(arrays, 200_000); // the memory grows
  assert.deepEqual(read(), [-1, 2, 3, 4], 'not copied');

  core.scratch(4);
  core.copyIn(arrays, 100);
  assert.deepEqual(read(), [1, 2, 3, 4]);
  core.copyIn([Float32Array.of(5)], 0);
  assert.equal(core.floats(first, 1)[0], 5);
  core.copyIn(arrays, 100);
  assert.deepEqual(read(), [1, 2, 3, 4]);
  core.reserve(64);
  assert.deepEqual([...core.floats(core.copyIn(arrays, 0)[0], 3)], [1, 2, 3], 'where the memory begins now');
});
