// Weights in few bits, as bertlet-int8.safetensors holds them: what its reader and its writer share. docs/formats.md describes the format.

/** The metadata's key of what the file says of its tensors. */
export const METADATA_KEY = 'bertlet_weights';

/** Of the format. A reader takes no other. */
export const VERSION = 1;

/**
 * How a matrix is packed: each row in blocks of `block` numbers, the last one shorter if need be; each number is a code of `bits` bits.
 * @typedef {object} Packing
 * @property {4 | 8} bits
 * @property {number} block
 * @property {[rows: number, columns: number]} shape of the matrix
 */

/**
 * @typedef {object} Metadata
 * @property {number} version
 * @property {Record<string, Packing>} packed by the matrix's name
 * @property {Record<string, string>} hashes of the encoder's tensors as they were before, 16 hexadecimal digits each, by canonical name
 */

/** A tensor that holds a part of a packed matrix. @typedef {{ name: string, dtype: 'F32' | 'U8', shape: number[] }} PartTensor */

/**
 * The tensors that a packed matrix is stored as. A code q of a block stands for scale x factor x (q - offset); with 8 bits each block has a
 * scale of its own, and there is no factor. What has 4 bits lies two in a byte, the first in the lower half.
 * @param {string} name
 * @param {Packing} packing
 * @returns {{ scale: PartTensor, factor?: PartTensor, offset: PartTensor, values: PartTensor }}
 */
export function partsOf(name, { bits, block, shape: [rows, columns] }) {
  const blocks = Math.ceil(columns / block);
  /** @type {(part: string, dtype: 'F32' | 'U8', ...shape: number[]) => PartTensor} */
  const tensor = (part, dtype, ...shape) => ({ name: `${name}.${part}`, dtype, shape });
  const bytes = (/** @type {number} */ codes) => Math.ceil((codes * bits) / 8);
  return {
    scale: bits === 8 ? tensor('scale', 'F32', rows, blocks) : tensor('scale', 'F32', rows),
    ...(bits === 4 && { factor: tensor('factor', 'U8', rows, blocks) }),
    offset: tensor('offset', 'U8', rows, bytes(blocks)),
    values: tensor('values', 'U8', rows, bytes(columns)),
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
