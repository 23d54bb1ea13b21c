// Bytes on their way: read piece by piece, never held as a whole unless they are small.
import { BertletError } from '../errors.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

// Large enough for the cost of a step to vanish, small enough for memory not to notice.
const PIECE = 256 * 1024;

/**
 * @param {Uint8Array} bytes
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
export async function* pieces(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/**
 * Reads a stream, which not every browser can do with `for await`; `return()` cancels it even while a chunk is waited for.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {object} [options]
 * @param {(error: unknown, loaded: number) => unknown} [options.translate] an error of the stream to the one to throw
 * @param {boolean} [options.consume] whether nobody else has the chunks' memory: then it is given back at once, where engines can,
 *   instead of piling up until the next garbage collection
 * @returns {AsyncIterableIterator<Uint8Array, void>}
 */
export function readStream(stream, { translate = (error) => error, consume = false } = {}) {
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
          if (done) return { done, value: undefined };
          rest = /** @type {Uint8Array<ArrayBuffer>} */ (value);
        }
      } catch (error) {
        throw translate(error, loaded);
      }
      const value = rest.subarray(0, PIECE);
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

/** @param {Uint8Array} bytes */
function free({ buffer }) {
  // Not yet known to TypeScript's library for es2023.
  /** @type {{ transfer?: (size: number) => ArrayBuffer }} */ (/** @type {unknown} */ (buffer)).transfer?.(0);
}

/**
 * Puts the first chunk back in front of an iterator it was taken from.
 * @param {Uint8Array} first
 * @param {AsyncIterator<Uint8Array>} rest
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* resume(first, rest) {
  try {
    yield first;
    yield* { [Symbol.asyncIterator]: () => rest };
  } finally {
    await rest.return?.();
  }
}

/**
 * Fails if a file begins as the page that a server shows instead of it.
 * @param {Chunks} chunks
 * @param {string} where
 * @returns {Promise<Chunks>}
 */
export async function rejectHtml(chunks, where) {
  const rest = chunks[Symbol.asyncIterator]();
  const { done, value } = await rest.next();
  if (done) return pieces(new Uint8Array(0));
  const start = new TextDecoder().decode(value.subarray(0, 256));
  if (/^\s*<(!doctype|html|head|\?xml)/i.test(start)) {
    await rest.return?.();
    throw notAModel(where, 'an HTML page');
  }
  if (start.startsWith('version https://git-lfs')) {
    await rest.return?.();
    throw notAModel(where, 'a Git LFS pointer, not the file it points to');
  }
  return resume(value, rest);
}

/**
 * @param {string} where
 * @param {string} what
 */
export function notAModel(where, what) {
  return new BertletError('NOT_A_MODEL', `${where} is ${what}. Check the address: it must lead to the file itself.`);
}

/** @param {Uint8Array[]} parts */
export function join(parts) {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * @param {Chunks} chunks
 * @param {string} where
 * @param {number} [limit] most bytes to accept
 */
export async function readAll(chunks, where, limit = 64 * 2 ** 20) {
  const parts = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw notAModel(where, `more than ${limit} bytes long, too much for what it should be`);
    parts.push(new Uint8Array(chunk));
  }
  return join(parts);
}
