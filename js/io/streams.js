// Files as streams of chunks, so that only small ones are ever held as a whole.
import { BertletError } from '../errors.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/** The longest chunk, in bytes: long enough that the cost of a step vanishes, short enough not to matter in memory. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Bytes in chunks, which are views of them.
 * @param {Uint8Array} bytes
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
export async function* chunksOf(bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/**
 * The chunks of a stream, since not every browser has `for await` on streams. `return()` cancels the stream, even while `next()` waits.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {object} [options]
 * @param {(error: unknown, loaded: number) => unknown} [options.translate] makes the error to throw of the stream's error, after
 *   `loaded` bytes
 * @param {number} [options.least] how many bytes it has at least, if that is known: it fails if it ends before
 * @param {boolean} [options.consume] whether the memory of a chunk may be freed as soon as the next one is asked for, where the engine
 *   can do that; else it piles up until the next garbage collection. Only if nobody else holds the stream's buffers
 * @returns {AsyncIterableIterator<Uint8Array, void>}
 */
export function readStream(stream, { translate = (error) => error, least = 0, consume = false } = {}) {
  const reader = stream.getReader();
  let rest = new Uint8Array(0);
  let loaded = 0;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        while (rest.length === 0) {
          if (consume) free(rest);
          const { done, value } = await reader.read();
          if (done && loaded < least) throw new Error(`it has ${least} bytes`);
          if (done) return { done, value: undefined };
          rest = /** @type {Uint8Array<ArrayBuffer>} */ (value);
        }
      } catch (error) {
        throw translate(error, loaded);
      }
      const value = rest.subarray(0, CHUNK_BYTES);
      rest = rest.subarray(value.length);
      loaded += value.length;
      return { done: false, value };
    },
    async return() {
      await reader.cancel().catch(() => {});
      return { done: true, value: undefined };
    },
  };
}

/** Frees the memory under a view, by transferring it to nowhere. @param {Uint8Array} bytes */
function free({ buffer }) {
  // TypeScript's library for es2023 has no ArrayBuffer.transfer yet.
  /** @type {{ transfer?: (size: number) => ArrayBuffer }} */ (/** @type {unknown} */ (buffer)).transfer?.(0);
}

/**
 * The first chunk, then all others of the iterator that it was taken from.
 * @param {Uint8Array} first
 * @param {AsyncIterator<Uint8Array>} rest
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* prepend(first, rest) {
  try {
    yield first;
    yield* { [Symbol.asyncIterator]: () => rest };
  } finally {
    await rest.return?.();
  }
}

/**
 * Looks at the beginning of a file, and fails if it is a web page or a Git LFS pointer that came instead.
 * @param {Chunks} chunks
 * @param {string} location URL or path of the file, for messages
 * @returns {Promise<Chunks>} the whole file; rejects with NOT_A_MODEL
 */
export async function rejectHtml(chunks, location) {
  const rest = chunks[Symbol.asyncIterator]();
  const { done, value } = await rest.next();
  if (done) return chunksOf(new Uint8Array(0));
  const start = new TextDecoder().decode(value.subarray(0, 256));
  if (/^\s*<(!doctype|html|head|\?xml)/i.test(start)) {
    await rest.return?.();
    throw notAModel(location, 'an HTML page');
  }
  if (start.startsWith('version https://git-lfs')) {
    await rest.return?.();
    throw notAModel(location, 'a Git LFS pointer, not the file it points to');
  }
  return prepend(value, rest);
}

/**
 * @param {string} location URL or path of the file
 * @param {string} what what it is instead
 */
export function notAModel(location, what) {
  return new BertletError('NOT_A_MODEL', `${location} is ${what}. Check the address: it must lead to the file itself.`);
}

/** How many bytes they have together. @param {Uint8Array[]} parts */
export const sizeOf = (parts) => parts.reduce((size, part) => size + part.length, 0);

/** Concatenates arrays into a new one. @param {Uint8Array[]} parts */
export function join(parts) {
  const bytes = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads a small file as a whole.
 * @param {Chunks} chunks
 * @param {string} location URL or path of the file, for messages
 * @param {number} [limit] maximum number of bytes; default 64 MiB
 * @returns {Promise<Uint8Array<ArrayBuffer>>} a copy; rejects with NOT_A_MODEL if it is longer than `limit`
 */
export async function readAll(chunks, location, limit = 64 * 2 ** 20) {
  const parts = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw notAModel(location, `more than ${limit} bytes long, too much for what it should be`);
    parts.push(new Uint8Array(chunk));
  }
  return join(parts);
}
