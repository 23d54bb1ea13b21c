// Opens a head that was saved, and checks that it belongs to the model.
import { locate } from '#platform';
import { readHead } from '../checkpoint/head-file.js';
import { BertletError } from '../errors.js';
import { describe } from '../io/describe.js';
import { className, isAddress } from '../io/file-name.js';
import { readContent } from '../io/content.js';
import { fetchChunks } from '../io/http.js';
import { readAll } from '../io/streams.js';
import { rejectUnknownOptions } from './options.js';

/** @typedef {import('../types.js').FileContent} FileContent */

/**
 * Opens a head, and has the worker keep it.
 * @param {FileContent | import('../types.js').ModelSpec} content a head's file, or the folder of an adapter with a head
 * @param {import('../types.js').ModelInfo} info of the model that is to use it
 * @param {import('./heads/remote-head.js').RemoteHead} remote
 * @param {Pick<import('../types.js').LoadOptions, 'hub' | 'revision' | 'token' | 'headers'> & { signal?: AbortSignal }} options
 * @returns {Promise<import('../checkpoint/head-file.js').HeadData>} rejects as `readHeadFile`, and with what reading an adapter rejects with
 */
export async function openHead(content, info, remote, { signal, hub, revision, token, headers, ...others }) {
  rejectUnknownOptions(others);
  signal?.throwIfAborted();
  if (!isFolder(content)) {
    const head = await readHeadFile(/** @type {FileContent} */ (content), info, signal);
    const { network, fingerprint } = head;
    await remote.call('keepHead', { network, fingerprint }, { signal });
    return head;
  }
  const spec = /** @type {import('../types.js').ModelSpec} */ (content);
  const { description, transfer, close } = await describe(spec, { hub, revision, token, headers });
  try {
    const { fingerprint, ...head } = await remote.call('loadHeadBeside', { description }, { signal, transfer });
    const { model: baseModel, adapter } = info;
    return { ...head, baseModel, ...(adapter && { adapter }), fingerprint };
  } catch (error) {
    if (!(
      error instanceof BertletError &&
      error.code === 'FILE_NOT_FOUND' &&
      error.message.includes('adapter_config.json')
    ))
      throw error;
    const way = 'A head without an adapter is given as the bytes of its file, which head.save() or bertlet train made.';
    throw new BertletError(error.code, `${error.message} ${way}`, { cause: error });
  } finally {
    close();
  }
}

/**
 * Whether it names a folder, and not a file: a path, a URL that ends in a slash, a model of the hub, or several files.
 * @param {unknown} content
 */
function isFolder(content) {
  if (!isAddress(content)) return ['Object', 'Array', 'FileList'].includes(className(content));
  const name = String(content);
  const located = locate(name);
  if (!located) return name.includes('/');
  return 'path' in located || new URL(located.url).pathname.endsWith('/');
}

/**
 * Reads a head.
 * @param {FileContent} content
 * @param {import('../types.js').ModelInfo} info of the model that is to use it
 * @param {AbortSignal} [signal]
 * @returns {Promise<import('../checkpoint/head-file.js').HeadData>} rejects with BAD_HEAD if it is not a head, HEAD_MODEL_MISMATCH if it
 *   was trained on another model, BAD_INPUT if `content` is of another type, FILE_NOT_FOUND, FILE_ACCESS or NETWORK if it can't be read,
 *   NOT_A_MODEL if it is much too long for a head, or the signal's reason
 */
async function readHeadFile(content, { fingerprint, model, adapter, hiddenSize, numLayers }, signal) {
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
  const [first] = dense; // an adapter alone has no layers
  const inputs = first ? first.weight.length / first.bias.length : hiddenSize;
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
