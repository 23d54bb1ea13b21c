// Reads weights in few bits, as their bytes arrive: each row becomes f32 as soon as it is whole. Only who loads such a file fetches this one.
import { METADATA_KEY } from '../base/converted.js';
import { BertletError } from '../errors.js';
import { parse } from './json.js';
import { hashesOf, partsOf, VERSION } from './packed.js';

/** @typedef {import('./packed.js').Packing} Packing */
/** @typedef {import('./safetensors.js').Tensor} Tensor */

/** Takes the next bytes of a tensor, a view that is valid during the call. @typedef {(bytes: Uint8Array) => void} Consumer */

/** How many numbers are passed on at a time, at least. */
const PIECE = 2 ** 15;

/** Most rows, columns and numbers of a block; config.json has the same bound. */
const MOST = 2 ** 24;

/**
 * Rows of a packed tensor, and the tensors of the file that they are stored as.
 * @typedef {object} StoredRange
 * @property {import('./packed.js').Range} range
 * @property {Tensor[]} others scale, factor if there is one, offset
 * @property {Tensor} values
 */

/** What a file says of its tensors. */
export class PackedFile {
  #location;
  #described;
  /** The packed tensors, by name. @type {Map<string, StoredRange[]>} */
  #stored = new Map();
  /** The tensors as a checkpoint would have them, packed ones in F32. @type {Tensor[]} */
  tensors;

  /**
   * Throws BAD_SAFETENSORS if the metadata are not as they must be, or if parts of a packed tensor are missing, have another shape, or come in
   * another order.
   * @param {import('./safetensors.js').Header} header with METADATA_KEY among its metadata
   * @param {string} location URL or path of the file, for messages
   */
  constructor(header, location) {
    this.#location = location;
    this.#described = describe(header.metadata[METADATA_KEY], location);
    const byName = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
    /** @param {import('./packed.js').PartTensor} part */
    const take = ({ name, dtype, shape }) => {
      const tensor = byName.get(name);
      byName.delete(name);
      if (tensor && tensor.dtype === dtype && String(tensor.shape) === String(shape)) return tensor;
      const what = tensor ? `is ${tensor.dtype} [${tensor.shape}]` : 'is missing';
      throw bad(location, `the tensor ${name} ${what}; it must be there as ${dtype} [${shape}]`);
    };
    const packed = Object.entries(this.#described.packed).map(([name, packing]) => {
      checkPacking(name, packing, location);
      const { shape, ranges } = packing;
      let behind = 0; // where the last values end
      const stored = ranges.map((range, i) => {
        const { values: last, ...rest } = partsOf(name, i, range, shape[1]);
        const others = Object.values(rest).map(take);
        const values = take(last);
        if (values.begin < Math.max(behind, ...others.map(({ end }) => end)))
          throw bad(location, `${values.name} stands before what its numbers need`);
        behind = values.end;
        return { range, others, values };
      });
      this.#stored.set(name, stored);
      return { name, dtype: 'F32', shape, begin: 0, end: 4 * shape[0] * shape[1] };
    });
    this.tensors = [...byName.values(), ...packed];
  }

  /**
   * What the file's own tensors go to.
   * @param {Map<Tensor, Consumer>} consumers of `tensors`; those of packed ones get F32
   * @returns {Map<Tensor, Consumer>}
   */
  unpack(consumers) {
    const unpacked = new Map(consumers);
    for (const [{ name, shape }, consume] of consumers)
      for (const { range, others, values } of this.#stored.get(name) ?? []) {
        const collected = others.map((tensor) => {
          const { bytes, add } = collector(tensor);
          unpacked.set(tensor, add);
          return bytes;
        });
        /** @type {Consumer | undefined} */
        let decoder;
        unpacked.set(values, (bytes) => {
          decoder ??= decoderOf(
            range,
            shape[1],
            collected.map((whole) => whole()),
            consume,
          );
          decoder(bytes);
        });
      }
    return unpacked;
  }

  /**
   * Gives the tensors the hashes that they had before they were packed, so that the model has the fingerprint of the one that it was
   * made of, and takes its heads and adapters. What an adapter has changed keeps the hash of what it is now. To be called when all is read.
   * Tells a model in f32 that it is not quite what it was.
   * @param {object} target
   * @param {import('../core/instance.js').Core} target.core
   * @param {number} target.model address of the bertlet_model
   * @param {import('./adapter.js').Adapter} [target.adapter] that was merged
   * @param {{ notes?: string[] }} target.extras
   * @param {Map<string, import('../core/tensors.js').CoreTensor>} expected
   */
  finish({ core, model, adapter, extras }, expected) {
    const hashes = hashesOf(core, model);
    const changed = adapter && [adapter.deltas, adapter.rows, adapter.saved];
    for (const [name, { index }] of expected) {
      const hash = this.#described.hashes[name];
      if (hash && !changed?.some((by) => by.has(name))) hashes[index] = BigInt(`0x${hash}`);
    }
    if (this.#stored.size > 0 && core.fn.model_weight_bits(model) === 32)
      extras.notes = [
        `The weights are those of ${this.#location}, which keeps 4 to 8 bits of each: what is computed in f32 is near to what the original weights give, not the same.`,
      ];
  }
}

/**
 * @param {string} location URL or path of the file
 * @param {string} what is wrong, as a clause
 */
const bad = (location, what) =>
  new BertletError('BAD_SAFETENSORS', `${location}: ${what}. Download it again, or convert the model again.`);

/**
 * What the metadata say, checked but for the packings.
 * @param {string} text
 * @param {string} location
 * @returns {import('./packed.js').Metadata}
 */
function describe(text, location) {
  let found;
  try {
    found = parse(text);
  } catch (error) {
    throw new BertletError('BAD_SAFETENSORS', bad(location, `its ${METADATA_KEY} is not JSON`).message, {
      cause: error,
    });
  }
  if (found?.version !== VERSION)
    throw new BertletError(
      'BAD_SAFETENSORS',
      `${location} is of version ${JSON.stringify(found?.version)} of bertlet's format for weights; this bertlet reads version ${VERSION}. ` +
        'Update bertlet, or convert the model again.',
    );
  const { packed = {}, hashes = {} } = found;
  const isObject = (/** @type {any} */ value) => typeof value === 'object' && value !== null;
  if (!isObject(packed) || !isObject(hashes))
    throw bad(location, `what its ${METADATA_KEY} says of tensors is no object`);
  if (!Object.values(hashes).every((hash) => typeof hash === 'string' && /^[\da-f]{16}$/.test(hash)))
    throw bad(location, `its ${METADATA_KEY} has a hash that is not of 16 hexadecimal digits`);
  return { version: VERSION, packed, hashes };
}

/**
 * @param {string} name
 * @param {any} packing
 * @param {string} location
 * @returns {asserts packing is Packing}
 */
function checkPacking(name, packing, location) {
  const { shape, ranges } = packing ?? {};
  const isCount = (/** @type {any} */ value) => Number.isInteger(value) && value > 0 && value <= MOST;
  const isRange = (/** @type {any} */ range) =>
    [4, 6, 8].includes(range?.bits) && isCount(range.rows) && isCount(range.block);
  if (
    Array.isArray(shape) &&
    shape.length === 2 &&
    shape.every(isCount) &&
    Array.isArray(ranges) &&
    ranges.every(isRange) &&
    ranges.reduce((sum, { rows }) => sum + rows, 0) === shape[0]
  )
    return;
  throw bad(location, `its ${METADATA_KEY} describes ${name} as ${JSON.stringify(packing)?.slice(0, 200)}`);
}

/**
 * Collects the bytes of a small tensor. Memory is taken when the first of them are there.
 * @param {Tensor} tensor
 * @returns {{ add: Consumer, bytes: () => Uint8Array<ArrayBuffer> }}
 */
function collector({ begin, end }) {
  let whole = new Uint8Array(0);
  let filled = 0;
  return {
    add(bytes) {
      if (filled === 0) whole = new Uint8Array(end - begin);
      whole.set(bytes, filled);
      filled += bytes.length;
    },
    bytes: () => whole,
  };
}

/**
 * Turns codes, cut anywhere, into numbers.
 * @param {import('./packed.js').Range} range
 * @param {number} columns
 * @param {Uint8Array<ArrayBuffer>[]} others the bytes of scale, of factor with 4 bits, and of offset
 * @param {Consumer} consume gets whole rows in F32
 * @returns {Consumer}
 */
function decoderOf(range, columns, others, consume) {
  const decode = rowDecoder(range, columns, others);
  const rowBytes = Math.ceil((columns * range.bits) / 8);
  const partial = new Uint8Array(rowBytes);
  const piece = new Float32Array(Math.ceil(PIECE / columns) * columns);
  let filled = 0; // bytes of `partial`
  let row = 0;
  return (bytes) => {
    let done = 0; // numbers in `piece`
    while (bytes.length > 0) {
      let codes = bytes.subarray(0, rowBytes - filled);
      bytes = bytes.subarray(codes.length);
      if (codes.length < rowBytes) {
        partial.set(codes, filled);
        filled += codes.length;
        if (filled < rowBytes) break;
        filled = 0;
        codes = partial;
      }
      decode(codes, row++, piece, done);
      done += columns;
      if (done < piece.length) continue;
      consume(new Uint8Array(piece.buffer));
      done = 0;
    }
    if (done > 0) consume(new Uint8Array(piece.buffer, 0, 4 * done));
  };
}

/**
 * Decodes a row: its codes, its index, where its numbers go, and from which place on.
 * @typedef {(codes: Uint8Array, row: number, into: Float32Array, at: number) => void} DecodeRow
 */

/** @type {(range: import('./packed.js').Range, columns: number, others: Uint8Array<ArrayBuffer>[]) => DecodeRow} */
function rowDecoder({ bits, block }, columns, others) {
  const scales = new Float32Array(others[0].buffer);
  const factors = others.length > 2 ? others[1] : undefined;
  const blocks = Math.ceil(columns / block);
  const packedOffsets = others[others.length - 1];
  const offsetBytes = Math.ceil((blocks * bits) / 8);
  const offsets = new Uint8Array(blocks);
  const unpacked = new Uint8Array(columns);
  return (codes, row, into, at) => {
    unpackBits(packedOffsets, row * offsetBytes, bits, offsets);
    if (bits < 8) unpackBits(codes, 0, bits, unpacked);
    const numbers = bits < 8 ? unpacked : codes;
    for (let b = 0; b < blocks; b++) {
      // What is computed in f64 here is exact until it is stored as f32.
      const scale = factors ? scales[row] * factors[row * blocks + b] : scales[row * blocks + b];
      const offset = offsets[b];
      const end = Math.min((b + 1) * block, columns);
      for (let i = b * block; i < end; i++) into[at + i] = scale * (numbers[i] - offset);
    }
  };
}

/**
 * @param {Uint8Array} from
 * @param {number} at where the numbers begin
 * @param {number} bits of each
 * @param {Uint8Array} into filled
 */
function unpackBits(from, at, bits, into) {
  const mask = (1 << bits) - 1;
  let bit = 0; // bits in `waiting`
  let waiting = 0;
  for (let i = 0; i < into.length; i++) {
    if (bit < bits) {
      waiting |= from[at++] << bit;
      bit += 8;
    }
    into[i] = waiting & mask;
    waiting >>= bits;
    bit -= bits;
  }
}
