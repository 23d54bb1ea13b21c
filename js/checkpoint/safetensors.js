// Reads the safetensors format (https://github.com/huggingface/safetensors#format): the header's length in 8 bytes (little-endian), the
// header as JSON, then the tensors' bytes, one after the other without gaps.
import { BertletError } from '../errors.js';
import { join, notAModel } from '../io/streams.js';

/** Bytes of one element, by dtype. Tensors of other types are read too, but their size is not checked. */
const ELEMENT_BYTES = {
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

/**
 * Longest header in bytes, about 100 times that of BERT-large. (The format's reference implementation takes 100 MB, which are seconds
 * of parsing.)
 */
const MAX_HEADER_BYTES = 10_000_000;

/** Far more than any model has; a damaged or hostile file could make work of many. */
const MAX_TENSORS = 100_000;

/**
 * @typedef {object} Tensor
 * @property {string} name
 * @property {string} dtype
 * @property {number[]} shape
 * @property {number} begin position of the first byte, counted from the end of the header
 * @property {number} end position behind the last byte
 */

/**
 * @typedef {object} Header
 * @property {Tensor[]} tensors in the order of their bytes
 * @property {Record<string, string>} metadata
 * @property {number} fileSize in bytes, header included
 */

/**
 * @param {string} location URL or path of the file, for messages
 * @param {string} what what is wrong, as a clause
 */
const invalid = (location, what) =>
  new BertletError(
    'BAD_SAFETENSORS',
    `${location} is not a valid safetensors file: ${what}. Download or export it again.`,
  );

/**
 * The length of the header in bytes. Throws NOT_A_MODEL or BAD_SAFETENSORS if it is too long to be true.
 * @param {Uint8Array} start the file's first 8 bytes or more
 * @param {string} location URL or path of the file, for messages
 * @returns {number}
 */
function headerLength(start, location) {
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length <= MAX_HEADER_BYTES) return length;
  if (start[0] === 0x3c) throw notAModel(location, 'an HTML page');
  if (start[0] === 0x7b) throw notAModel(location, 'a JSON document, perhaps a server’s error message,');
  if (start[0] === 0x50 && start[1] === 0x4b)
    throw notAModel(location, 'a PyTorch checkpoint (pytorch_model.bin), not safetensors');
  throw invalid(location, `its header would be ${length} bytes long`);
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isCount = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;

/**
 * Checks a tensor's entry in the header. Throws BAD_SAFETENSORS.
 * @param {string} name
 * @param {any} entry
 * @param {string} location URL or path of the file, for messages
 * @returns {Tensor}
 */
function parseTensor(name, entry, location) {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  if (typeof dtype !== 'string') throw invalid(location, `tensor ${name} has no dtype`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw invalid(location, `tensor ${name} has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    throw invalid(location, `tensor ${name} has no proper data_offsets`);
  }
  const [begin, end] = offsets;
  const size = Object.hasOwn(ELEMENT_BYTES, dtype)
    ? ELEMENT_BYTES[/** @type {keyof typeof ELEMENT_BYTES} */ (dtype)]
    : undefined;
  if (size !== undefined && shape.reduce((product, n) => product * n, size) !== end - begin) {
    throw invalid(location, `tensor ${name} of shape [${shape}] and type ${dtype} can't have ${end - begin} bytes`);
  }
  return { name, dtype, shape, begin, end };
}

/**
 * Parses and checks the header. Throws BAD_SAFETENSORS.
 * @param {Uint8Array} bytes its JSON
 * @param {string} location URL or path of the file, for messages
 * @returns {Header}
 */
function parseHeader(bytes, location) {
  let json;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BertletError('BAD_SAFETENSORS', invalid(location, 'its header is not JSON').message, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid(location, 'its header is not an object');
  const count = Object.keys(json).length;
  if (count > MAX_TENSORS) throw invalid(location, `it names ${count} tensors`);
  const { __metadata__: metadata = {}, ...entries } = json;
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    !Object.values(metadata).every((value) => typeof value === 'string')
  ) {
    throw invalid(location, 'its __metadata__ holds something else than strings');
  }

  const tensors = Object.entries(entries)
    .map(([name, entry]) => parseTensor(name, entry, location))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let previousEnd = 0;
  for (const { name, begin, end } of tensors) {
    if (begin < previousEnd) throw invalid(location, `tensor ${name} overlaps the one before`);
    if (begin > previousEnd)
      throw invalid(location, `there are ${begin - previousEnd} stray bytes before tensor ${name}`);
    previousEnd = end;
  }
  return { tensors, metadata, fileSize: 8 + bytes.length + previousEnd };
}

/**
 * Parses the header of a file that is in memory as a whole. Throws BAD_SAFETENSORS, TRUNCATED_FILE or NOT_A_MODEL.
 * @param {Uint8Array} bytes the file
 * @param {string} location URL or path of the file, for messages
 * @returns {Header & { dataStart: number }} `dataStart`: position behind the header, from which `begin` and `end` of tensors count
 */
export function parseSafetensors(bytes, location) {
  const dataStart = bytes.length < 8 ? 8 : 8 + headerLength(bytes, location);
  if (bytes.length < dataStart) throw truncated(location, bytes.length, `at least ${dataStart}`);
  const header = parseHeader(bytes.subarray(8, dataStart), location);
  if (bytes.length > header.fileSize) throw tooLong(location, header);
  if (bytes.length < header.fileSize) throw truncated(location, bytes.length, header.fileSize);
  return { ...header, dataStart };
}

/**
 * @typedef {object} FloatTensor
 * @property {number[]} shape
 * @property {Float32Array} values row by row
 */

/**
 * A tensor's numbers in f32. Throws UNSUPPORTED_DTYPE for other types than F32, F16 and BF16, BAD_WEIGHTS for NaN or infinity.
 * @param {Tensor} tensor
 * @param {Uint8Array} bytes of the tensor, little-endian
 * @param {string} location URL or path of the file, for messages
 * @returns {FloatTensor} a copy
 */
export function toFloats({ name, dtype, shape }, bytes, location) {
  if (!['F32', 'F16', 'BF16'].includes(dtype)) throw unsupportedType(name, dtype, location);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  if (dtype === 'F32') values.forEach((_, i) => (values[i] = view.getFloat32(4 * i, true)));
  else if (dtype === 'F16') values.forEach((_, i) => (values[i] = fromHalf(view.getUint16(2 * i, true))));
  else {
    const bits = new Uint32Array(values.buffer);
    values.forEach((_, i) => (bits[i] = view.getUint16(2 * i, true) * 65536));
  }
  if (!values.every(Number.isFinite)) throw notFinite(name, location);
  return { shape, values };
}

/** The value of a half-precision number. @param {number} half its 16 bits (IEEE 754 binary16) */
function fromHalf(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return NaN; // also for infinity: neither may be in a tensor
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

/**
 * @param {string} name of a tensor
 * @param {string} dtype
 * @param {string} location URL or path of the file, for messages
 */
export const unsupportedType = (name, dtype, location) =>
  new BertletError(
    'UNSUPPORTED_DTYPE',
    `${location}: tensor ${name} is of type ${dtype}; bertlet reads F32, F16 and BF16.`,
  );

/**
 * @param {string} name of a tensor
 * @param {string} location URL or path of the file, for messages
 */
export const notFinite = (name, location) =>
  new BertletError(
    'BAD_WEIGHTS',
    `${location}: tensor ${name} holds NaN, infinity or numbers beyond 2^20. Export the model again.`,
  );

/**
 * @param {string} location URL or path of the file, for messages
 * @param {number} size
 * @param {number | string} expected size by the header
 */
const truncated = (location, size, expected) =>
  new BertletError('TRUNCATED_FILE', `${location} ends after ${size} of ${expected} bytes. Download it again.`);

/**
 * @param {string} location URL or path of the file, for messages
 * @param {Header} header
 */
const tooLong = (location, { fileSize }) =>
  invalid(location, `it is longer than the ${fileSize} bytes that its header says`);

/**
 * Reads a file while it arrives, without keeping any of the tensors' bytes. Rejects with BAD_SAFETENSORS, TRUNCATED_FILE or NOT_A_MODEL,
 * or with what `chunks` or a callback throws.
 * @param {import('../base/platform.js').Chunks} chunks the file, cut anywhere
 * @param {string} location URL or path of the file, for messages
 * @param {(header: Header) => Promise<void>} onHeader called once, before all `onBytes`
 * @param {(tensor: Tensor, bytes: Uint8Array, loaded: number) => void} onBytes gets the next bytes of a tensor, a view that is valid
 *   during the call; `loaded`: bytes of the file so far
 */
export async function readSafetensors(chunks, location, onHeader, onBytes) {
  /** @type {Header | undefined} */
  let header;
  /** @type {Uint8Array[]} */
  let start = []; // the file's beginning, until the header is complete
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
      dataStart = 8 + headerLength(bytes, location);
      if (loaded < dataStart) continue;
      header = parseHeader(bytes.subarray(8, dataStart), location);
      start = [];
      await onHeader(header);
      chunk = bytes.subarray(dataStart);
    }
    if (loaded > header.fileSize) throw tooLong(location, header);

    let position = loaded - dataStart - chunk.length; // of the chunk, counted as `begin` and `end` are
    while (chunk.length > 0) {
      const tensor = header.tensors[current];
      const part = chunk.subarray(0, tensor.end - position);
      position += part.length;
      chunk = chunk.subarray(part.length);
      if (position === tensor.end) current += 1;
      if (part.length > 0) onBytes(tensor, part, dataStart + position);
    }
  }

  if (!header) throw truncated(location, loaded, `at least ${Math.max(dataStart, 8)}`);
  if (loaded < header.fileSize) throw truncated(location, loaded, header.fileSize);
}
