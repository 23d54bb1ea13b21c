// Values that hold Float32Arrays, as one array of bytes: the length of the JSON (32 bits, little-endian), the JSON, in which
// { $floats: [begin, end] } stands for each array, then the numbers of all arrays.
import { join } from './streams.js';

/**
 * @param {unknown} value what JSON can hold, and Float32Arrays
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function pack(value) {
  /** @type {Float32Array[]} */
  const arrays = [];
  let floats = 0;
  const json = JSON.stringify(value, (_, part) => {
    if (!(part instanceof Float32Array)) return part;
    arrays.push(part);
    floats += part.length;
    return { $floats: [floats - part.length, floats] };
  });
  const text = new TextEncoder().encode(json);
  const head = new Uint8Array(Uint32Array.of(text.length).buffer);
  return join([head, text, ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength))]);
}

/**
 * @param {Uint8Array} bytes of `pack`
 * @returns {any} its value; arrays are copies
 */
export function unpack(bytes) {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const floats = new Float32Array(new Uint8Array(bytes.subarray(4 + size)).buffer);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + size));
  return JSON.parse(text, (_, part) => (part?.$floats ? floats.slice(...part.$floats) : part));
}
