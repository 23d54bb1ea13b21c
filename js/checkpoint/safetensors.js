// The safetensors format (https://github.com/huggingface/safetensors#format): 8 bytes length of the header (little-endian), the
// header as JSON, then the tensors' bytes, one after the other without holes.
import { BertletError } from '../errors.js';
import { join, notAModel } from '../io/streams.js';

/** Bytes of one element. A type that is not listed may occur in tensors that we don't need. */
const SIZES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

// What the format's own reader accepts.
const MAX_HEADER = 100_000_000;

/** Far more than any model has; a damaged or hostile file could make work of millions. */
const MAX_TENSORS = 100_000;

/**
 * @typedef {object} Tensor
 * @property {string} name
 * @property {string} dtype
 * @property {number[]} shape
 * @property {number} begin first byte, from the start of the data
 * @property {number} end
 */

/**
 * @typedef {object} Header
 * @property {Tensor[]} tensors in the order of their bytes
 * @property {Record<string, string>} metadata
 * @property {number} fileSize
 */

/**
 * @param {string} where
 * @param {string} what
 */
const bad = (where, what) =>
  new BertletError(
    'BAD_SAFETENSORS',
    `${where} is not a valid safetensors file: ${what}. Download or export it again.`,
  );

/**
 * @param {Uint8Array} start the first 8 bytes of the file
 * @param {string} where
 * @returns {number} length of the header
 */
function headerLength(start, where) {
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length <= MAX_HEADER) return length;
  if (start[0] === 0x3c) throw notAModel(where, 'an HTML page');
  if (start[0] === 0x7b) throw notAModel(where, 'a JSON document, perhaps a server’s error message,');
  if (start[0] === 0x50 && start[1] === 0x4b)
    throw notAModel(where, 'a PyTorch checkpoint (pytorch_model.bin), not safetensors');
  throw bad(where, `its header would be ${length} bytes long`);
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isCount = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;

/**
 * @param {string} name
 * @param {any} entry
 * @param {string} where
 * @returns {Tensor}
 */
function parseTensor(name, entry, where) {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  if (typeof dtype !== 'string') throw bad(where, `tensor ${name} has no dtype`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw bad(where, `tensor ${name} has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    throw bad(where, `tensor ${name} has no proper data_offsets`);
  }
  const [begin, end] = offsets;
  const size = Object.hasOwn(SIZES, dtype) ? SIZES[/** @type {keyof typeof SIZES} */ (dtype)] : undefined;
  if (size !== undefined && shape.reduce((product, n) => product * n, size) !== end - begin) {
    throw bad(where, `tensor ${name} of shape [${shape}] and type ${dtype} can't have ${end - begin} bytes`);
  }
  return { name, dtype, shape, begin, end };
}

/**
 * @param {Uint8Array} bytes the JSON part
 * @param {string} where
 * @returns {Header}
 */
function parseHeader(bytes, where) {
  let json;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BertletError('BAD_SAFETENSORS', bad(where, 'its header is not JSON').message, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad(where, 'its header is not an object');
  const count = Object.keys(json).length;
  if (count > MAX_TENSORS) throw bad(where, `it names ${count} tensors`);
  const { __metadata__: metadata = {}, ...entries } = json;
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    !Object.values(metadata).every((v) => typeof v === 'string')
  ) {
    throw bad(where, 'its __metadata__ holds something else than strings');
  }

  const tensors = Object.entries(entries)
    .map(([name, entry]) => parseTensor(name, entry, where))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of tensors) {
    if (begin < at) throw bad(where, `tensor ${name} overlaps the one before`);
    if (begin > at) throw bad(where, `there are ${begin - at} stray bytes before tensor ${name}`);
    at = end;
  }
  return { tensors, metadata, fileSize: 8 + bytes.length + at };
}

/**
 * A file that is in memory as a whole.
 * @param {Uint8Array} bytes
 * @param {string} where
 * @returns {Header & { dataStart: number }}
 */
export function parseSafetensors(bytes, where) {
  const dataStart = bytes.length < 8 ? 8 : 8 + headerLength(bytes, where);
  if (bytes.length < dataStart) throw truncated(where, bytes.length, `at least ${dataStart}`);
  const header = parseHeader(bytes.subarray(8, dataStart), where);
  if (bytes.length > header.fileSize) throw tooLong(where, header);
  if (bytes.length < header.fileSize) throw truncated(where, bytes.length, header.fileSize);
  return { ...header, dataStart };
}

/**
 * @typedef {object} FloatTensor
 * @property {number[]} shape
 * @property {Float32Array} values
 */

/**
 * @param {Tensor} tensor
 * @param {Uint8Array} bytes its own, little-endian
 * @param {string} where
 * @returns {FloatTensor} a copy
 */
export function toFloats({ name, dtype, shape }, bytes, where) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  if (dtype === 'F32') values.forEach((_, i) => (values[i] = view.getFloat32(4 * i, true)));
  else if (dtype === 'F16') values.forEach((_, i) => (values[i] = fromHalf(view.getUint16(2 * i, true))));
  else if (dtype === 'BF16') {
    const bits = new Uint32Array(values.buffer);
    values.forEach((_, i) => (bits[i] = view.getUint16(2 * i, true) * 65536));
  } else throw unsupportedType(name, dtype, where);
  if (!values.every(Number.isFinite)) throw notFinite(name, where);
  return { shape, values };
}

/** @param {number} half bits of an IEEE 754 half precision number */
function fromHalf(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return NaN; // or infinity, which is as useless
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

/**
 * @param {string} name
 * @param {string} dtype
 * @param {string} where
 */
export const unsupportedType = (name, dtype, where) =>
  new BertletError(
    'UNSUPPORTED_DTYPE',
    `${where}: tensor ${name} is of type ${dtype}; bertlet reads F32, F16 and BF16.`,
  );

/**
 * @param {string} name
 * @param {string} where
 */
export const notFinite = (name, where) =>
  new BertletError('BAD_WEIGHTS', `${where}: tensor ${name} holds NaN or infinity. Export the model again.`);

/**
 * @param {string} where
 * @param {number} size
 * @param {number | string} promised
 */
const truncated = (where, size, promised) =>
  new BertletError('TRUNCATED_FILE', `${where} ends after ${size} of ${promised} bytes. Download it again.`);

/**
 * @param {string} where
 * @param {Header} header
 */
const tooLong = (where, { fileSize }) => bad(where, `it is longer than the ${fileSize} bytes its header promises`);

/**
 * Reads a file as its bytes arrive and holds none of them longer than it takes to hand them on.
 * @param {import('../base/platform.js').Chunks} chunks cut anywhere
 * @param {string} where the file, in words, for messages
 * @param {(header: Header) => void} onHeader
 * @param {(tensor: Tensor, bytes: Uint8Array, loaded: number) => void} onBytes a tensor's next bytes; `loaded`: bytes of the file so far
 */
export async function readSafetensors(chunks, where, onHeader, onBytes) {
  /** @type {Header | undefined} */
  let header;
  /** @type {Uint8Array[]} */
  let start = []; // of the file, until the header is whole
  let dataStart = 0;
  let loaded = 0;
  let current = 0; // index of the tensor that the next byte belongs to

  for await (let chunk of chunks) {
    loaded += chunk.length;
    if (!header) {
      start.push(new Uint8Array(chunk));
      if (loaded < Math.max(dataStart, 8)) continue;
      const bytes = join(start);
      start = [bytes];
      dataStart = 8 + headerLength(bytes, where);
      if (loaded < dataStart) continue;
      header = parseHeader(bytes.subarray(8, dataStart), where);
      start = [];
      onHeader(header);
      chunk = bytes.subarray(dataStart);
    }
    if (loaded > header.fileSize) throw tooLong(where, header);

    let at = loaded - dataStart - chunk.length;
    while (chunk.length > 0) {
      const tensor = header.tensors[current];
      const part = chunk.subarray(0, tensor.end - at);
      at += part.length;
      chunk = chunk.subarray(part.length);
      if (at === tensor.end) current += 1;
      if (part.length > 0) onBytes(tensor, part, dataStart + at);
    }
  }

  if (!header) throw truncated(where, loaded, `at least ${Math.max(dataStart, 8)}`);
  if (loaded < header.fileSize) throw truncated(where, loaded, header.fileSize);
}
