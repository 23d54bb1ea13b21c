// The chunks of one file, from any form in which a caller can give its content.
import { BertletError } from '../errors.js';
import { className, isWeights } from './file-name.js';
import { readResponse } from './http.js';
import { chunksOf, join, readStream } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */
/** @typedef {Blob | ArrayBuffer | Uint8Array | Response | ReadableStream<Uint8Array>} Content */

/**
 * Throws BAD_INPUT if the content is of another type, or a response or stream that was read before; for a response also what
 * `readResponse` throws.
 * @param {Content} content
 * @param {string} name what it was given for, for messages
 * @returns {Chunks} of bytes, views of them
 */
export function readContent(content, name) {
  if (ArrayBuffer.isView(content))
    return chunksOf(new Uint8Array(content.buffer, content.byteOffset, content.byteLength));
  switch (className(content)) {
    case 'ArrayBuffer':
      return chunksOf(new Uint8Array(/** @type {ArrayBuffer} */ (content)));
    case 'Blob':
    case 'File':
      return readStream(/** @type {Blob} */ (content).stream());
    case 'ReadableStream': {
      const stream = /** @type {ReadableStream<Uint8Array>} */ (content);
      if (stream.locked) throw alreadyRead(name);
      return readStream(stream);
    }
    case 'Response': {
      const response = /** @type {Response} */ (content);
      if (response.bodyUsed) throw alreadyRead(name);
      return readResponse(response, response.url || name);
    }
    default:
      throw new BertletError(
        'BAD_INPUT',
        `What was given for ${name} is not a Blob, bytes, a Response, a ReadableStream or a URL.`,
      );
  }
}

/** @param {string} name */
const alreadyRead = (name) =>
  new BertletError(
    'BAD_INPUT',
    `What was given for ${name} was already read. Fetch or open it again, or give a Blob or bytes, which can be read twice.`,
  );

/**
 * A content that can be read as often as one likes. Of a response or stream that is so for small files: their bytes are kept once they
 * were read to the end.
 * @param {Content} content
 * @param {string} name of the file
 * @returns {{ open: () => Chunks, cancel: () => void }} `open` as `readContent`; `cancel` cancels a stream that nobody has read
 */
export function rereadable(content, name) {
  if (!['Response', 'ReadableStream'].includes(className(content)))
    return { open: () => readContent(content, name), cancel() {} };
  /** @type {Uint8Array | undefined} */
  let kept;
  return {
    open() {
      if (kept) return chunksOf(kept);
      const chunks = readContent(content, name);
      return isWeights(name) ? chunks : tap(chunks, (bytes) => (kept = bytes));
    },
    cancel() {
      try {
        readContent(content, name)[Symbol.asyncIterator]().return?.();
      } catch {
        // It was read, or is an answer without the file.
      }
    },
  };
}

/**
 * The same chunks; when they have come to their end, `onEnd` is given all of them. (Not an async generator: `return()` must cancel a
 * stream while `next()` waits.)
 * @param {Chunks} chunks
 * @param {(bytes: Uint8Array) => void} onEnd
 * @returns {AsyncIterableIterator<Uint8Array, void>}
 */
function tap(chunks, onEnd) {
  const iterator = chunks[Symbol.asyncIterator]();
  /** @type {Uint8Array[]} */
  const parts = [];
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const result = await iterator.next();
      if (result.done) onEnd(join(parts));
      else parts.push(new Uint8Array(result.value));
      return result;
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}
