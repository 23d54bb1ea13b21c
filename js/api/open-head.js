// A head that was saved, for the model that it was trained on.
import { locate } from '#platform';
import { readHead } from '../checkpoint/head-file.js';
import { BertletError } from '../errors.js';
import { isAddress, readContent } from '../io/content.js';
import { fetchChunks } from '../io/http.js';
import { readAll } from '../io/streams.js';

/** @typedef {import('../types.js').FileContent} FileContent */

/**
 * @param {FileContent} content
 * @param {import('../types.js').ModelInfo} info of the model that it is to be used with
 * @param {AbortSignal} [signal]
 * @returns {Promise<import('../checkpoint/head-file.js').HeadData>} rejects with BAD_HEAD where it is none, HEAD_MODEL_MISMATCH where
 *   it is of another model
 */
export async function openHead(content, { fingerprint, model, adapter }, signal) {
  const bytes = await readAll(await openContent(content, signal), 'The head');
  signal?.throwIfAborted();
  const head = readHead(bytes);
  if (head.fingerprint !== fingerprint) {
    const named = (/** @type {string} */ name, /** @type {string | undefined} */ merged, /** @type {string} */ hash) =>
      `${name}${merged ? ` with the adapter ${merged}` : ''} (fingerprint ${hash})`;
    throw new BertletError(
      'HEAD_MODEL_MISMATCH',
      `This head was trained on ${named(head.baseModel, head.adapter, head.fingerprint)}, but the model is ` +
        `${named(model, adapter, fingerprint)}. Load what it was trained on, or train it again.`,
    );
  }
  return head;
}

/**
 * @param {FileContent} content
 * @param {AbortSignal} [signal]
 */
async function openContent(content, signal) {
  if (!isAddress(content)) return readContent(content, 'the head');
  const place = locate(String(content));
  if (!place || !('url' in place))
    throw new BertletError(
      'BAD_INPUT',
      `The head's address is "${content}", not a URL to fetch. Give its bytes instead.`,
    );
  return fetchChunks(place.url, { signal });
}
