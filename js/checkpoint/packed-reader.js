// Reads weights in few bits, as their bytes arrive: each row becomes f32 as soon as it is whole. Only who loads such a file fetches this one.
import { BertletError } from '../errors.js';
import { parse } from './json.js';
import { hashesOf, METADATA_KEY, partsOf, VERSION } from './packed.js';

/** @typedef {import('./packed.js').Packing} Packing */
/** @typedef {import('./safetensors.js').Tensor} Tensor */

/** Takes the next bytes of a tensor, a view that is valid during the call. @typedef {(bytes: Uint8Array) => void} Consumer */

/** How many numbers are passed on at a time, at least. */
const PIECE = 2 ** 15;

/** The longest row, as of config.json; and blocks that are longer than a row are as good as one that is as long. */
const MAX_COLUMNS = 2 ** 24;

/** What a file says of its tensors. */
export class PackedFile {
  #location;
  #described;
  /** The tensors of each packed one, by its name. @type {Map<string, Record<'scale' | 'offset' | 'values', Tensor> & { factor?: Tensor }>} */
  #parts = new Map();
  /** The tensors as a checkpoint would have them, packed ones in F32. @type {Tensor[]} */
  tensors;

  /**
   * Throws BAD_SAFETENSORS if the metadata are not as they must be, or if parts of a packed tensor are missing or have another shape.
   * @param {import('./safetensors.js').Header} header with METADATA_KEY among its metadata
   * @param {string} location URL or path of the file, for messages
   */
  constructor(header, location) {
    this.#location = location;
    this.#described = describe(header.metadata[METADATA_KEY], location);
    const byName = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
    const packed = Object.entries(this.#described.packed).map(([name, packing]) => {
      checkPacking(name, packing, location);
      /** @type {Record<string, Tensor>} */
      const found = {};
      for (const [part, { name: own, dtype, shape }] of Object.entries(partsOf(name, packing))) {
        const tensor = byName.get(own);
        if (!tensor || tensor.dtype !== dtype || String(tensor.shape) !== String(shape)) {
          const what = tensor ? `is ${tensor.dtype} [${tensor.shape}]` : 'is missing';
          throw bad(location, `the tensor ${own} ${what}; it must be there as ${dtype} [${shape}]`);
        }
        found[part] = tensor;
        byName.delete(own);
      }
      this.#parts.set(name, /** @type {any} */ (found));
      const { shape } = packing;
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
    for (const logical of consumers.keys()) {
      const parts = this.#parts.get(logical.name);
      if (!parts) continue;
      unpacked.delete(logical);
      const { scale, factor, offset, values } = parts;
      const packing = this.#described.packed[logical.name];
      const collected = [scale, ...(factor ? [factor] : []), offset].map((tensor) => {
        const { bytes, add } = collector(tensor);
        unpacked.set(tensor, add);
        return bytes;
      });
      const consume = /** @type {Consumer} */ (consumers.get(logical));
      /** @type {Consumer | undefined} */
      let decoder;
      unpacked.set(values, (bytes) => {
        decoder ??= decoderOf(packing, collected.map(this.#whole(logical.name)), consume);
        decoder(bytes);
      });
    }
    return unpacked;
  }

  /** @param {string} name @returns {(bytes: () => Uint8Array<ArrayBuffer> | undefined) => Uint8Array<ArrayBuffer>} */
  #whole(name) {
    return (bytes) => {
      const whole = bytes();
      if (whole) return whole;
      throw bad(this.#location, `the codes of ${name} stand before their scales and offsets`);
    };
  }

  /**
   * Gives the tensors the hashes that they had before they were packed, so that the model has the fingerprint of the one that it was
   * made of, and takes its heads and adapters. What an adapter has changed keeps the hash of what it is now. To be called when all is read.
   * Tells a model in f32 that it is not quite what it was.
   * @param {Pick<import('./weights.js').Target, 'core' | 'model' | 'adapter' | 'extras'>} target
   * @param {Map<string, import('../core/tensors.js').CoreTensor>} expected
   */
  finish({ core, model, adapter, extras }, expected) {
    const hashes = hashesOf(core, model);
    const changed = adapter && [adapter.deltas, adapter.rows, adapter.saved];
    for (const [name, { index }] of expected) {
      const hash = this.#described.hashes[name];
      if (hash && !changed?.some((by) => by.has(name))) hashes[index] = BigInt(`0x${hash}`);
    }
    if (this.#parts.size > 0 && core.fn.model_weight_bits(model) === 32)
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
    throw new BertletError('BAD_SAFETENSORS', bad(location, `its ${METADATA_KEY} is not JSON`).message, { cause: error });
  }
  if (found?.version !== VERSION)
    throw new BertletError(
      'BAD_SAFETENSORS',
      `${location} is of version ${JSON.stringify(found?.version)} of bertlet's format for weights; this bertlet reads version ${VERSION}. ` +
        'Update bertlet, or convert the model again.',
    );
  const { packed = {}, hashes = {} } = found;
  const isObject = (/** @type {unknown} */ value) => typeof value === 'object' && value !== null;
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
  const { bits, block, shape } = packing ?? {};
  const isCount = (/** @type {unknown} */ value) =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) <= MAX_COLUMNS;
  const isShape = Array.isArray(shape) && shape.length === 2 && shape.every(isCount);
  if ((bits === 4 || bits === 8) && isShape && isCount(block) && (bits === 8 || (block % 2 === 0 && shape[1] % 2 === 0)))
    return;
  throw bad(location, `its ${METADATA_KEY} describes ${name} as ${JSON.stringify(packing)?.slice(0, 200)}`);
}

/**
 * Collects the bytes of a small tensor. Memory is taken when the first of them are there.
 * @param {Tensor} tensor
 * @returns {{ add: Consumer, bytes: () => Uint8Array<ArrayBuffer> | undefined }} `bytes` gives undefined until all are there
 */
function collector({ begin, end }) {
  /** @type {Uint8Array<ArrayBuffer> | undefined} */
  let whole;
  let filled = 0;
  return {
    add(bytes) {
      whole ??= new Uint8Array(end - begin);
      whole.set(bytes, filled);
      filled += bytes.length;
    },
    bytes: () => (filled === end - begin ? whole : undefined),
  };
}

/**
 * Turns codes, cut anywhere, into numbers.
 * @param {Packing} packing
 * @param {Uint8Array<ArrayBuffer>[]} parts the bytes of scale, of factor with 4 bits, and of offset
 * @param {Consumer} consume gets whole rows in F32
 * @returns {Consumer}
 */
function decoderOf({ bits, block, shape: [, columns] }, parts, consume) {
  const scale = new Float32Array(parts[0].buffer);
  const decode =
    bits === 8
      ? decodeBytes({ scale, offset: parts[1] }, block, columns)
      : decodeHalves({ scale, factor: parts[1], offset: parts[2] }, block, columns);
  const rowBytes = (columns * bits) / 8;
  const partial = new Uint8Array(rowBytes);
  const piece = new Float32Array(Math.ceil(PIECE / columns) * columns);
  let filled = 0; // bytes of `partial`
  let row = 0;
  return (bytes) => {
    let done = 0; // numbers in `piece`
    while (bytes.length > 0) {
      let codes = bytes;
      let used = rowBytes;
      if (filled > 0 || bytes.length < rowBytes) {
        used = Math.min(bytes.length, rowBytes - filled);
        partial.set(bytes.subarray(0, used), filled);
        filled += used;
        codes = partial;
      }
      bytes = bytes.subarray(used);
      if (codes === partial) {
        if (filled < rowBytes) break;
        filled = 0;
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

/** @type {(parts: { scale: Float32Array, offset: Uint8Array }, block: number, columns: number) => DecodeRow} */
function decodeBytes({ scale, offset }, block, columns) {
  const blocks = Math.ceil(columns / block);
  return (codes, row, into, at) => {
    for (let b = 0; b < blocks; b++) {
      const factor = scale[row * blocks + b];
      const zero = offset[row * blocks + b];
      const end = Math.min((b + 1) * block, columns);
      for (let i = b * block; i < end; i++) into[at + i] = factor * (codes[i] - zero);
    }
  };
}

/** @type {(parts: { scale: Float32Array, factor: Uint8Array, offset: Uint8Array }, block: number, columns: number) => DecodeRow} */
function decodeHalves({ scale, factor, offset }, block, columns) {
  const blocks = Math.ceil(columns / block);
  const offsetBytes = Math.ceil(blocks / 2);
  return (codes, row, into, at) => {
    for (let b = 0; b < blocks; b++) {
      const by = scale[row] * factor[row * blocks + b];
      const zero = (offset[row * offsetBytes + (b >> 1)] >> (4 * (b & 1))) & 15;
      const end = Math.min((b + 1) * block, columns);
      for (let i = b * block; i < end; i += 2) {
        const code = codes[i >> 1];
        into[at + i] = by * ((code & 15) - zero);
        into[at + i + 1] = by * ((code >> 4) - zero);
      }
    }
  };
}
