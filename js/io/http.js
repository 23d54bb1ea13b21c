// Files from a server: requests, and what a server's answers mean.
import { BertletError } from '../errors.js';
import { notAModel, pieces, readStream } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * @param {Response} response
 * @param {string} where
 * @param {object} [options]
 * @param {AbortSignal} [options.signal] that the response was fetched with
 * @param {boolean} [options.consume] whether nobody else has its chunks
 * @returns {Chunks}
 */
export function readResponse(response, where, { signal, consume = false } = {}) {
  checkResponse(response, where);
  const { body } = response;
  if (!body) return pieces(new Uint8Array(0));
  /** @type {(error: unknown, loaded: number) => unknown} */
  const translate = (error, loaded) => (signal?.aborted ? signal.reason : broken(where, loaded, error));
  return readStream(body, { translate, consume });
}

/**
 * @param {string} where
 * @param {number} loaded
 * @param {unknown} cause
 */
const broken = (where, loaded, cause) =>
  new BertletError(
    'NETWORK',
    `The download of ${where} broke off after ${loaded} bytes. Check the connection and try again.`,
    { cause },
  );

/**
 * @param {Response} response
 * @param {string} where
 */
function checkResponse({ ok, status, headers }, where) {
  if ([401, 403, 404, 410].includes(status)) {
    const why = status === 404 || status === 410 ? 'does not exist' : 'does not exist or is private';
    throw new BertletError('FILE_NOT_FOUND', `${where} ${why} (HTTP ${status}). Check the name.`);
  }
  if (!ok)
    throw new BertletError(
      'NETWORK',
      `${where} could not be fetched: the server answered HTTP ${status}. Try again later.`,
    );
  if (/^(text\/html|application\/xhtml)/.test(headers.get('content-type') ?? ''))
    throw notAModel(where, 'an HTML page');
}

/**
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
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | undefined>} the version of what is there
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
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>}
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

/** @param {Response} response @returns {string | undefined} */
function versionOf({ headers }) {
  const date = headers.get('last-modified');
  return headers.get('etag') ?? (date ? `${date}, ${headers.get('content-length')} bytes` : undefined);
}
