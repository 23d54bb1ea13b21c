// Writes the safetensors format, which safetensors.js reads and explains.

/** @typedef {{ name: string, shape: number[], values: ArrayLike<number> }} WrittenTensor `values`: row by row */

const ELEMENT_BYTES = { F32: 4, F16: 2, U8: 1 };

/**
 * The beginning of a file, behind which the tensors' bytes follow in the same order.
 * @param {{ name: string, shape: number[], dtype?: keyof typeof ELEMENT_BYTES }[]} tensors of F32 by default
 * @param {Record<string, string>} metadata the header's __metadata__
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeHeader(tensors, metadata) {
  /** @type {Record<string, unknown>} */
  const header = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, dtype = 'F32' } of tensors) {
    const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
    header[name] = { dtype, shape, data_offsets: [end, (end += bytes)] };
  }
  // The tensors begin at a multiple of 8 bytes, as the format asks for; spaces after the JSON fill the gap.
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set(json, 8);
  return bytes;
}

/**
 * Makes a safetensors file in memory.
 * @param {WrittenTensor[]} tensors written as F32, in this order
 * @param {Record<string, string>} metadata the header's __metadata__
 * @returns {Uint8Array<ArrayBuffer>} the file's bytes
 */
export function writeSafetensors(tensors, metadata) {
  const header = writeHeader(tensors, metadata);
  const count = tensors.reduce((sum, { values }) => sum + values.length, 0);
  const bytes = new Uint8Array(header.length + 4 * count);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let position = header.length;
  for (const { values } of tensors) {
    for (let i = 0; i < values.length; i++, position += 4) view.setFloat32(position, values[i], true);
  }
  return bytes;
}
