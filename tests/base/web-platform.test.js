// What a page is told where it can't have threads: web/platform.js, in the place of a page.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { whyNoThreads } from '../../web/platform.js';

const { SharedArrayBuffer } = globalThis;

afterEach(() => {
  delete globalThis.crossOriginIsolated;
  globalThis.SharedArrayBuffer = SharedArrayBuffer;
});

test('threads need an isolated page, and shared memory that a message can carry', () => {
  globalThis.crossOriginIsolated = false;
  assert.match(whyNoThreads(), /not cross-origin isolated.*Cross-Origin-Opener-Policy/);
  globalThis.crossOriginIsolated = true;
  assert.equal(whyNoThreads(), undefined);
  delete globalThis.SharedArrayBuffer; // as in WebKitGTK
  assert.match(whyNoThreads(), /Without SharedArrayBuffer there is one thread/);
});
