// The bytes of one file, in whatever form the caller gave it.
import { BertletError } from '../errors.js';
import { readResponse } from './http.js';
import { pieces, readStream } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * @param {Blob | ArrayBuffer | Uint8Array | Response | ReadableStream<Uint8Array>} content
 * @param {string} where
 * @returns {Chunks}
 */
export function readContent(content, where) {
  if (content instanceof Uint8Array) return pieces(content);
  if (content instanceof ArrayBuffer) return pieces(new Uint8Array(content));
  if (content instanceof Blob) return readStream(content.stream());
  if (content instanceof ReadableStream ? content.locked : content instanceof Response && content.bodyUsed)
    throw new BertletError('BAD_INPUT', `What was given for ${where} was already read. Fetch or open it again.`);
  if (content instanceof ReadableStream) return readStream(content);
  if (content instanceof Response) return readResponse(content, content.url || where);
  throw new BertletError(
    'BAD_INPUT',
    `What was given for ${where} is not a Blob, bytes, a Response, a ReadableStream or a URL.`,
  );
}
