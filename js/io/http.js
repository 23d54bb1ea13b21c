// Files over HTTP: requests, and errors for answers that are no file.
import { BertletError } from '../errors.js';
import { chunksOf, notAModel, readStream } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * The body of a response. Throws FILE_NOT_FOUND, NETWORK or NOT_A_MODEL if it is not the file; while it is read, NETWORK if it breaks
 * off.
 * @param {Response} response
 * @param {string} location its URL or name, for messages
 * @param {object} [options]
 * @param {AbortSignal} [options.signal] that it was fetched with
 * @param {boolean} [options.consume] see `readStream`
 * @returns {Chunks}
 */
export function readResponse(response, location, { signal, consume = false } = {}) {
  checkResponse(response, location);
  const { body } = response;
  if (!body) return chunksOf(new Uint8Array(0));
  /** @type {(error: unknown, loaded: number) => unknown} */
  const translate = (error, loaded) => (signal?.aborted ? signal.reason : brokenOff(location, loaded, error));
  return readStream(body, { translate, consume });
}

/**
 * @param {string} location
 * @param {number} loaded bytes that arrived
 * @param {unknown} cause
 */
const brokenOff = (location, loaded, cause) =>
  new BertletError(
    'NETWORK',
    `The download of ${location} broke off after ${loaded} bytes. Check the connection and try again.`,
    { cause },
  );

/**
 * Throws if a response can't be the file.
 * @param {Response} response
 * @param {string} location
 */
function checkResponse({ ok, status, headers }, location) {
  if ([401, 403, 404, 410].includes(status)) {
    const why = status === 404 || status === 410 ? 'does not exist' : 'does not exist or is private';
    throw new BertletError('FILE_NOT_FOUND', `${location} ${why} (HTTP ${status}). Check the name.`);
  }
  if (!ok)
    throw new BertletError(
      'NETWORK',
      `${location} could not be fetched: the server answered HTTP ${status}. Try again later.`,
    );
  if (/^(text\/html|application\/xhtml)/.test(headers.get('content-type') ?? ''))
    throw notAModel(location, 'an HTML page');
}

/**
 * `fetch`; rejects with NETWORK if no answer comes at all.
 * @param {string} url
 * @param {RequestInit} options
 */
async function request(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const cause = /** @type {any} */ (error).cause?.message ?? /** @type {Error} */ (error).message;
    throw new BertletError('NETWORK', `${url} could not be fetched: ${cause}. Check the connection and the address.`, {
      cause: error,
    });
  }
}

/**
 * Asks a server for the version of a file, by HEAD.
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | undefined>} undefined if there is no such file, or the server doesn't tell; rejects with NETWORK
 */
export async function fetchVersion(url, signal) {
  const response = await request(url, { method: 'HEAD', signal });
  try {
    checkResponse(response, url);
  } catch (error) {
    if (/** @type {BertletError} */ (error).code === 'NETWORK') throw error;
    return undefined;
  }
  return versionOf(response);
}

/**
 * Downloads a file.
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>} rejects with FILE_NOT_FOUND, NETWORK or NOT_A_MODEL
 */
export async function fetchChunks(url, signal) {
  const response = await request(url, { signal });
  try {
    return Object.assign(readResponse(response, url, { signal, consume: true }), { version: versionOf(response) });
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
}

/** The ETag of a file, or else its date and length. @param {Response} response @returns {string | undefined} */
function versionOf({ headers }) {
  const date = headers.get('last-modified');
  return headers.get('etag') ?? (date ? `${date}, ${headers.get('content-length')} bytes` : undefined);
}
