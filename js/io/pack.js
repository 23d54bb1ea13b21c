// Values that hold typed arrays, as one array of bytes: the length of the JSON (32 bits, little-endian), the JSON, in which { $floats:
// [begin, end] } or { $bytes: [begin, end] } stands for a Float32Array or Uint8Array, then the bytes of all arrays.
import { join } from './streams.js';

/**
 * @param {unknown} value what JSON can hold, Float32Arrays and Uint8Arrays
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function pack(value) {
  /** @type {Uint8Array[]} */
  const arrays = [];
  let end = 0;
  const json = JSON.stringify(value, (_, part) => {
    if (!ArrayBuffer.isView(part)) return part;
    arrays.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    return { [part instanceof Float32Array ? '$floats' : '$bytes']: [end, (end += part.byteLength)] };
  });
  const text = new TextEncoder().encode(json);
  return join([new Uint8Array(Uint32Array.of(text.length).buffer), text, ...arrays]);
}

/**
 * @param {Uint8Array} bytes of `pack`
 * @returns {any} its value; arrays are copies
 */
export function unpack(bytes) {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const arrays = bytes.subarray(4 + size);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + size));
  return JSON.parse(text, (_, part) => {
    if (part?.$floats) return new Float32Array(new Uint8Array(arrays.subarray(...part.$floats)).buffer);
    return part?.$bytes ? new Uint8Array(arrays.subarray(...part.$bytes)) : part;
  });
}
