// What the cache keeps beside the weights comes back as it was, whatever lies before it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, unpack } from '../../js/io/pack.js';

const value = {
  text: 'añ€😀',
  bytes: Uint8Array.of(1, 0, 255, 0xef, 0xbb), // not a multiple of four, and no UTF-8
  nested: [
    { floats: Float32Array.of(0.1, -0, Infinity, 3e38) },
    { none: new Float32Array(0), empty: new Uint8Array(0) },
  ],
  more: Float32Array.of(7),
};

test('text, numbers and bytes, one after the other', () => {
  assert.deepEqual(unpack(pack(value)), value);
});

test('from the middle of other bytes, and a part of a larger array', () => {
  const packed = pack({ part: Float32Array.of(1, 2, 3, 4).subarray(1, 3), bytes: Uint8Array.of(5, 6, 7).subarray(1) });
  const shifted = new Uint8Array(packed.length + 3);
  shifted.set(packed, 3);
  assert.deepEqual(unpack(shifted.subarray(3)), { part: Float32Array.of(2, 3), bytes: Uint8Array.of(6, 7) });
});
