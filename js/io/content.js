// The chunks of one file, from any form in which a caller can give its content.
import { BertletError } from '../errors.js';
import { readResponse } from './http.js';
import { chunksOf, readStream } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * Throws BAD_INPUT if the content is of another type, or a response or stream that was read before; for a response also what
 * `readResponse` throws.
 * @param {Blob | ArrayBuffer | Uint8Array | Response | ReadableStream<Uint8Array>} content
 * @param {string} name what it was given for, for messages
 * @returns {Chunks} of bytes, views of them
 */
export function readContent(content, name) {
  if (content instanceof Uint8Array) return chunksOf(content);
  if (content instanceof ArrayBuffer) return chunksOf(new Uint8Array(content));
  if (content instanceof Blob) return readStream(content.stream());
  if (content instanceof ReadableStream ? content.locked : content instanceof Response && content.bodyUsed)
    throw new BertletError('BAD_INPUT', `What was given for ${name} was already read. Fetch or open it again.`);
  if (content instanceof ReadableStream) return readStream(content);
  if (content instanceof Response) return readResponse(content, content.url || name);
  throw new BertletError(
    'BAD_INPUT',
    `What was given for ${name} is not a Blob, bytes, a Response, a ReadableStream or a URL.`,
  );
}
