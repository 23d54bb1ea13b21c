// A file that one thread lends to the other: read twice, at the same time, half, and not at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BertletError } from '../../js/errors.js';
import { exportFile } from '../../js/rpc/exported-file.js';
import { importChunks } from '../../js/rpc/imported-file.js';

const chunks = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5)];

async function readAll(iterable) {
  const bytes = [];
  for await (const chunk of iterable) bytes.push(...chunk);
  return bytes;
}

test('a file is read as often as anyone likes, also by two at the same time', async (t) => {
  let opened = 0;
  const { port, close } = exportFile(async function* () {
    opened += 1;
    yield* chunks;
  });
  t.after(close);
  for (let i = 0; i < 3; i++) assert.deepEqual(await readAll(importChunks(port)), [1, 2, 3, 4, 5]);
  const both = await Promise.all([readAll(importChunks(port)), readAll(importChunks(port))]);
  assert.deepEqual(both, [
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ]);
  assert.equal(opened, 5);
});

test('a reader that stops ends the reading on the other side, and the next one begins anew', async (t) => {
  let ended = 0;
  const { port, close } = exportFile(async function* () {
    try {
      yield* chunks;
    } finally {
      ended += 1;
    }
  });
  t.after(close);
  for await (const chunk of importChunks(port)) {
    assert.deepEqual([...chunk], [1, 2]);
    break;
  }
  assert.deepEqual(await readAll(importChunks(port)), [1, 2, 3, 4, 5]);
  assert.equal(ended, 2);
});

test('errors come across, and another reading may do better; what waits is aborted', async (t) => {
  let fail = true;
  const { port, close } = exportFile(async function* () {
    yield chunks[0];
    if (fail) throw new BertletError('NETWORK', 'broke off');
    yield new Uint8Array(await new Promise(() => {}));
  });
  t.after(close);
  await assert.rejects(readAll(importChunks(port)), { name: 'BertletError', code: 'NETWORK', message: 'broke off' });
  fail = false;
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 20);
  await assert.rejects(readAll(importChunks(port, controller.signal)), reason);
});
