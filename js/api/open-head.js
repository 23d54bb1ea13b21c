// Opens a head that was saved, and checks that it belongs to the model.
import { locate } from '#platform';
import { readHead } from '../checkpoint/head-file.js';
import { BertletError } from '../errors.js';
import { isAddress } from '../io/file-name.js';
import { readContent } from '../io/content.js';
import { fetchChunks } from '../io/http.js';
import { readAll } from '../io/streams.js';

/** @typedef {import('../types.js').FileContent} FileContent */

/**
 * Reads a head.
 * @param {FileContent} content
 * @param {import('../types.js').ModelInfo} info of the model that is to use it
 * @param {AbortSignal} [signal]
 * @returns {Promise<import('../checkpoint/head-file.js').HeadData>} rejects with BAD_HEAD if it is not a head, HEAD_MODEL_MISMATCH if it
 *   was trained on another model, BAD_INPUT if `content` is of another type, FILE_NOT_FOUND, FILE_ACCESS or NETWORK if it can't be read,
 *   NOT_A_MODEL if it is much too long for a head, or the signal's reason
 */
export async function openHead(content, { fingerprint, model, adapter, hiddenSize, numLayers }, signal) {
  const bytes = await readAll(unlessAborted(await openContent(content, signal), signal), 'The head');
  const head = readHead(bytes);
  if (head.fingerprint !== fingerprint) {
    const describe = (
      /** @type {string} */ name,
      /** @type {string | undefined} */ merged,
      /** @type {string} */ hash,
    ) => `${name}${merged ? ` with the adapter ${merged}` : ''} (fingerprint ${hash})`;
    throw new BertletError(
      'HEAD_MODEL_MISMATCH',
      `This head was trained on ${describe(head.baseModel, head.adapter, head.fingerprint)}, but the model is ` +
        `${describe(model, adapter, fingerprint)}. Load the model that it was trained on, or train it again.`,
    );
  }
  const { layer, dense } = head.network;
  const inputs = dense[0].weight.length / dense[0].bias.length;
  if (layer > numLayers || inputs !== hiddenSize)
    throw new BertletError(
      'BAD_HEAD',
      `This head reads ${inputs} values of layer ${layer}, but the model has ${hiddenSize}, and ${numLayers} layers: it is damaged. ` +
        'Train it again.',
    );
  return head;
}

/**
 * The content's bytes. Rejects with BAD_INPUT if it is of another type, or an address that is not a URL.
 * @param {FileContent} content
 * @param {AbortSignal} [signal]
 */
async function openContent(content, signal) {
  if (!isAddress(content)) return readContent(content, 'the head');
  const address = locate(String(content));
  if (!address || !('url' in address))
    throw new BertletError(
      'BAD_INPUT',
      `The head's address is "${content}", not a URL to fetch. Give its bytes instead.`,
    );
  return fetchChunks(address.url, { signal });
}

/**
 * The same chunks; while one of them is awaited, aborting ends them.
 * @param {import('../base/platform.js').Chunks} chunks
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array, void>} throws the signal's reason
 */
async function* unlessAborted(chunks, signal) {
  const iterator = chunks[Symbol.asyncIterator]();
  /** @type {() => void} */
  let abort = () => {};
  const aborted = new Promise((_, reject) => (abort = () => reject(signal?.reason)));
  aborted.catch(() => {}); // it may not be awaited any more
  signal?.addEventListener('abort', abort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await /** @type {Promise<IteratorResult<Uint8Array>>} */ (
        Promise.race([iterator.next(), aborted])
      );
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    iterator.return?.().catch(() => {}); // what can't be cancelled has ended by itself
  }
}
