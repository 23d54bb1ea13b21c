// Files over HTTP: requests, and errors for answers that are no file.
import { BertletError } from '../errors.js';
import { isWeights } from './file-name.js';
import { chunksOf, join, notAModel, readAll, readStream } from './streams.js';

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
  return readStream(body, { translate, least: announcedSize(response), consume });
}

/**
 * How many bytes a response says that its file has; 0 if it doesn't say. The hub says it of large files, whatever its storage does with
 * them. Content-Length is that of what is sent, which may be compressed; a page of another origin is not told whether it is, but there the
 * browser compares.
 * @param {Response} response
 */
function announcedSize({ type, headers }) {
  const isFileSize = type !== 'cors' && !headers.get('content-encoding');
  return Number(headers.get('x-linked-size') ?? (isFileSize && headers.get('content-length')));
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
 * Answers from 400 to 499 that say nothing about the file: a method that the server does not know, a request that took too long or came
 * too early, too many requests. All others mean that it is not there: not every storage answers 404 then.
 */
const TEMPORARY = [405, 408, 425, 429];

/**
 * Throws if a response can't be the file.
 * @param {Response} response
 * @param {string} location
 */
function checkResponse({ ok, status, type, headers }, location) {
  // 0 is the status of what fetch() gives in mode "no-cors", or for a redirect that it was not to follow.
  if (!ok && status < 400)
    throw new BertletError(
      'BAD_INPUT',
      `The Response for ${location} can't be read (${type}, HTTP ${status}). Fetch it with { mode: 'cors' }, and let redirects be followed.`,
    );
  if (status === 401 || status === 403) {
    throw new BertletError(
      'FILE_NOT_FOUND',
      `${location} does not exist, or is private or gated (HTTP ${status}). Check the name; if it is right, accept the model's terms ` +
        'on its page, and give load() a token that may read it, as { token } (in Node also HF_TOKEN), or what else its server asks ' +
        'for as { headers }.',
    );
  }
  if (status >= 400 && status < 500 && !TEMPORARY.includes(status))
    throw new BertletError('FILE_NOT_FOUND', `${location} does not exist (HTTP ${status}). Check the name.`);
  if (!ok)
    throw new BertletError(
      'NETWORK',
      `${location} could not be fetched: the server answered HTTP ${status}. Try again later.`,
    );
  if (/^(text\/html|application\/xhtml)/.test(headers.get('content-type') ?? ''))
    throw notAModel(location, 'an HTML page');
}

/**
 * `fetch`; rejects with NETWORK if no answer comes at all. For addresses of other schemes than http (an extension's own files, blob:)
 * that is how a file is told which does not exist, so it is FILE_NOT_FOUND.
 * @param {string} url
 * @param {RequestInit} options
 */
async function request(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!/^https?:/i.test(url))
      throw new BertletError(
        'FILE_NOT_FOUND',
        `${url} does not exist, or may not be read from here. Check the address.`,
        {
          cause: error,
        },
      );
    const cause = /** @type {any} */ (error).cause?.message ?? /** @type {Error} */ (error).message;
    throw new BertletError('NETWORK', `${url} could not be fetched: ${cause}. Check the connection and the address.`, {
      cause: error,
    });
  }
}

/**
 * Asks a server for the version of a file, by HEAD.
 * @param {string} url
 * @param {{ signal?: AbortSignal, headers?: Record<string, string> }} [options]
 * @returns {Promise<string | undefined>} undefined if there is no such file, or the server doesn't tell; rejects with NETWORK
 */
export async function fetchVersion(url, { signal, headers } = {}) {
  const response = await request(url, { method: 'HEAD', signal, headers });
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
 * @param {{ signal?: AbortSignal, headers?: Record<string, string> }} [options]
 * @returns {Promise<Chunks>} rejects with FILE_NOT_FOUND, NETWORK or NOT_A_MODEL
 */
export async function fetchChunks(url, { signal, headers } = {}) {
  const response = await request(url, { signal, headers });
  /** @type {Chunks} */
  let chunks;
  try {
    chunks = readResponse(response, url, { signal, consume: true });
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
  const hash = isWeights(url) ? undefined : hashOf(response); // whose header tells their length
  return Object.assign(hash ? await readChecked(chunks, url, hash) : chunks, { version: versionOf(response) });
}

/** The ETag of a file, or else its date and length. @param {Response} response @returns {string | undefined} */
function versionOf({ headers }) {
  const date = headers.get('last-modified');
  return headers.get('etag') ?? (date ? `${date}, ${headers.get('content-length')} bytes` : undefined);
}

/**
 * The SHA-1 of a small file of the hub, which is its ETag there (https://huggingface.co/docs/huggingface_hub/package_reference/file_download).
 * @param {Response} response
 * @returns {string | undefined} undefined if it is not of a hub
 */
function hashOf({ headers }) {
  return headers.has('x-repo-commit') ? /^(?:W\/)?"([\da-f]{40})"$/.exec(headers.get('etag') ?? '')?.[1] : undefined;
}

/**
 * Reads a whole file, and checks that it has not come incomplete.
 * @param {Chunks} chunks
 * @param {string} url
 * @param {string} hash in hexadecimal digits: as git computes it, from a header and the content, or of the content alone, as some mirrors do
 * @returns {Promise<Chunks>} rejects with NETWORK
 */
async function readChecked(chunks, url, hash) {
  const bytes = await readAll(chunks, url);
  const isRight = async (/** @type {string} */ header) => {
    const digest = await crypto.subtle.digest('SHA-1', join([new TextEncoder().encode(header), bytes]));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('') === hash;
  };
  // A page without https:// has no hashes, nor a cache.
  if (crypto.subtle && !(await isRight(`blob ${bytes.length}\0`)) && !(await isRight('')))
    throw brokenOff(url, bytes.length, `its hash is not ${hash}`);
  return chunksOf(bytes);
}
