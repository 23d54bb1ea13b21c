// Writes a model's weights as a safetensors file, in f32, f16 or packed for int8: tensor by tensor, each row by row, so that no tensor is in
// memory as a whole. The file is a Blob, which a browser keeps outside this thread's memory.
import { METADATA_KEY } from '../base/converted.js';
import { BertletError } from '../errors.js';
import { toHalves } from './half.js';
import { VERSION } from './packed.js';
import { packingOf } from './packed-plan.js';
import { packMatrix } from './packed-writer.js';
import { writeHeader } from './safetensors-writer.js';

/** @typedef {import('./model-writer.js').ModelTensor} ModelTensor */

/** @typedef {{ name: string, dtype: 'F32' | 'F16' | 'U8', shape: number[], parts: BlobPart[] }} StoredTensor */

/** By the size of an element, the widest first, so that all begin at multiples of it. */
const ORDER = ['F32', 'F16', 'U8'];

/**
 * @param {ModelTensor[]} tensors sorted by name
 * @param {import('../types.js').SaveDtype} dtype
 * @param {readonly string[]} pieces of the vocabulary, by id
 * @param {(tensor: ModelTensor) => Iterable<Float32Array>} rowsOf its numbers: pieces of whole rows, each valid until the next one
 * @param {Record<string, string> | undefined} hashes of the encoder's tensors, by canonical name, for a model that is to keep its fingerprint
 *   though its numbers are rounded
 * @param {() => Promise<void>} pause called between pieces
 * @returns {Promise<Blob>} rejects with UNSUPPORTED_DTYPE if a tensor has numbers that are too large for f16
 */
export async function writeWeights(tensors, dtype, pieces, rowsOf, hashes, pause) {
  /** @type {StoredTensor[]} */
  const stored = [];
  /** @type {import('./packed.js').Metadata['packed']} */
  const packed = {};
  for (const tensor of tensors) {
    const packing = dtype === 'int8' ? packingOf(tensor, pieces) : undefined;
    if (packing) packed[tensor.name] = packing;
    stored.push(...(await store(tensor, packing, dtype, rowsOf(tensor), pause)));
  }
  stored.sort((a, b) => ORDER.indexOf(a.dtype) - ORDER.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));
  const metadata = {
    format: 'pt',
    ...(hashes && { [METADATA_KEY]: JSON.stringify({ version: VERSION, packed, hashes }) }),
  };
  return new Blob([writeHeader(stored, metadata), ...stored.flatMap(({ parts }) => parts)]);
}

/**
 * @param {ModelTensor} tensor
 * @param {import('./packed.js').Packing | undefined} packing
 * @param {import('../types.js').SaveDtype} dtype
 * @param {Iterable<Float32Array>} pieces
 * @param {() => Promise<void>} pause
 * @returns {Promise<StoredTensor[]>} what it is stored as
 */
async function store({ name, shape }, packing, dtype, pieces, pause) {
  if (packing) return packMatrix(name, packing, pieces, pause);
  /** @type {Blob[]} */
  const parts = [];
  for (const values of pieces) {
    parts.push(new Blob([asBytes(inDtype(values, dtype, name))]));
    await pause();
  }
  return [{ name, dtype: dtype === 'f32' ? 'F32' : 'F16', shape, parts }];
}

/**
 * @param {Float32Array} values
 * @param {import('../types.js').SaveDtype} dtype
 * @param {string} name of the tensor, for the message
 */
function inDtype(values, dtype, name) {
  const written = dtype === 'f32' ? values : toHalves(values);
  if (written) return written;
  throw new BertletError(
    'UNSUPPORTED_DTYPE',
    `The tensor ${name} has numbers beyond 65504, the largest in half precision, in which dtype '${dtype}' writes it. Save the model in f32.`,
  );
}

/** A view: files have the same order of bytes as every engine's arrays. @param {ArrayBufferView} values */
const asBytes = ({ buffer, byteOffset, byteLength }) =>
  /** @type {Uint8Array<ArrayBuffer>} */ (new Uint8Array(buffer, byteOffset, byteLength));
