// Which build is taken, and what is said of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';

test('a build with one thread, where more were asked for: a note says so', async () => {
  const { build, threads, notes } = await compile({ threads: 2, build: 'simd' });
  assert.deepEqual({ build, threads }, { build: 'simd', threads: 1 });
  assert.deepEqual(notes, ['The build "simd" has one thread, not the 2 that were asked for.']);
});

test('a build that was asked for, with as many threads as it has or as nobody asked for: no note', async () => {
  for (const options of [{ build: 'simd' }, { build: 'simd', threads: 1 }, { build: 'simd-mt', threads: 2 }]) {
    const { build, threads, notes } = await compile(options);
    assert.deepEqual([build, threads, notes], [options.build, build === 'simd-mt' ? 2 : 1, []]);
  }
});
