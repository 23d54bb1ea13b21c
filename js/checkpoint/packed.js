// Weights in few bits, as bertlet-int8.safetensors holds them: what its reader and its writer share. docs/formats.md describes the format.

/** Of the format. A reader takes no other. */
export const VERSION = 1;

/**
 * How some rows of a matrix are packed: each in blocks of `block` numbers, the last one shorter if need be; each number is a code of `bits` bits.
 * @typedef {{ rows: number, bits: 4 | 6 | 8, block: number }} Range
 */

/**
 * How a matrix is packed.
 * @typedef {object} Packing
 * @property {[rows: number, columns: number]} shape of the matrix
 * @property {Range[]} ranges of all its rows, in their order
 */

/**
 * @typedef {object} Metadata
 * @property {number} version
 * @property {Record<string, Packing>} packed by the matrix's name
 * @property {Record<string, string>} hashes of the encoder's tensors as they were before, 16 hexadecimal digits each, by canonical name
 */

/** A tensor that holds a part of a packed matrix. @typedef {{ name: string, dtype: 'F32' | 'U8', shape: number[] }} PartTensor */

/**
 * The tensors that rows of a packed matrix are stored as. A code q of a block stands for scale x factor x (q - offset). With 4 bits a row has one
 * scale, and each of its blocks a factor; with more, each block has a scale, and there is no factor. Codes and offsets of a row are one number of
 * so many bits behind the other, from the lowest bit of the first byte on; the next row begins with a byte of its own.
 * @param {string} name of the matrix
 * @param {number} index of the range
 * @param {Range} range
 * @param {number} columns
 * @returns {{ scale: PartTensor, factor?: PartTensor, offset: PartTensor, values: PartTensor }} in an order of names in which what is needed
 *   first comes first
 */
export function partsOf(name, index, { rows, bits, block }, columns) {
  const blocks = Math.ceil(columns / block);
  /** @type {(part: string, dtype: 'F32' | 'U8', width: number) => PartTensor} */
  const tensor = (part, dtype, width) => ({ name: `${name}.${index}.${part}`, dtype, shape: [rows, width] });
  const bytes = (/** @type {number} */ codes) => Math.ceil((codes * bits) / 8);
  return {
    scale: tensor('scale', 'F32', bits === 4 ? 1 : blocks),
    ...(bits === 4 && { factor: tensor('factor', 'U8', blocks) }),
    offset: tensor('offset', 'U8', bytes(blocks)),
    values: tensor('values', 'U8', bytes(columns)),
  };
}

/** Bytes of the image's header, behind which the hashes of the model's tensors are (src/model/image.h). */
const IMAGE_HEADER_BYTES = 128;

/**
 * The hashes that a model's fingerprint is made of, one for each of its tensors, in the core's order.
 * @param {import('../core/instance.js').Core} core
 * @param {number} model address of the bertlet_model
 * @returns {BigUint64Array} a view, valid until the memory grows
 */
export const hashesOf = ({ fn, memory }, model) =>
  new BigUint64Array(memory.buffer, (fn.model_image(model) >>> 0) + IMAGE_HEADER_BYTES, fn.tensor_count(model));
