// Writes the safetensors format, which safetensors.js reads and explains.

/** @typedef {{ name: string, shape: number[], values: ArrayLike<number> }} WrittenTensor `values`: row by row */

/**
 * Makes a safetensors file in memory.
 * @param {WrittenTensor[]} tensors written as F32, in this order
 * @param {Record<string, string>} metadata the header's __metadata__
 * @returns {Uint8Array<ArrayBuffer>} the file's bytes
 */
export function writeSafetensors(tensors, metadata) {
  /** @type {Record<string, unknown>} */
  const header = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += 4 * values.length)] };
  }
  // The tensors begin at a multiple of 8 bytes, as the format asks for; spaces after the JSON fill the gap.
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + end).fill(0x20, 8, 8 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  bytes.set(json, 8);
  let position = 8 + length;
  for (const { values } of tensors) {
    for (let i = 0; i < values.length; i++, position += 4) view.setFloat32(position, values[i], true);
  }
  return bytes;
}
