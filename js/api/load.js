// The package's `load`: starts a worker, has it load a model, and makes the object that the caller uses.
import { startWorker } from '#platform';
import { BUILDS } from '../core/compile.js';
import { BertletError } from '../errors.js';
import { describe } from '../io/describe.js';
import { Connection } from '../rpc/connection.js';
import { callOptions } from './call-options.js';
import { fetchAhead } from './fetch-ahead.js';
import { createHead } from './heads/create.js';
import { RemoteHead } from './heads/remote-head.js';
import { Model } from './model.js';
import { checkChoice } from './options.js';

/**
 * Loads a model into a worker of its own, so that the page stays responsive while the model works. A model that was loaded before comes
 * from the cache. When it is no longer needed, `model.dispose()` frees its memory.
 * @example
 * const model = await load('sentence-transformers/all-MiniLM-L6-v2', { dtype: 'int8' });
 * const vectors = await model.embed(['a lovely film', 'a dull one']);
 * @param {import('../types.js').ModelSpec} spec where the model is: a hub id, a URL, in Node a path, or the files themselves
 * @param {import('../types.js').LoadOptions & import('../types.js').TaskOptions} [options]
 * @returns {Promise<Model>} Rejects with the signal's reason if it is aborted, otherwise with a `BertletError`, whose `code` is, among
 *   others: BAD_INPUT or UNSUPPORTED_DTYPE for a wrong argument; FILE_NOT_FOUND, FILE_ACCESS or NETWORK if the files can't be read;
 *   NOT_A_MODEL, TRUNCATED_FILE, BAD_CONFIG, BAD_SAFETENSORS, BAD_VOCABULARY, MISSING_TENSOR, SHAPE_MISMATCH or BAD_WEIGHTS if they are
 *   damaged or don't belong together; UNSUPPORTED_MODEL if bertlet has no such model; BAD_ADAPTER or BAD_LABELS for the adapter;
 *   OUT_OF_MEMORY or NO_WASM
 */
export async function load(
  spec,
  { dtype = 'f32', adapter, threads, build, hub, revision, token, headers, cache = true, ...taskOptions } = {},
) {
  taskOptions.signal?.throwIfAborted();
  if (dtype !== 'int8' && dtype !== 'f32') {
    throw new BertletError('UNSUPPORTED_DTYPE', `dtype is "${dtype}"; it must be "int8" or "f32".`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 64)) {
    throw new BertletError('BAD_INPUT', `threads is ${threads}; it must be an integer from 1 to 64.`);
  }
  if (![true, false, 'refresh'].includes(cache)) {
    throw new BertletError('BAD_INPUT', `cache is ${cache}; it must be true, false or 'refresh'.`);
  }
  if (build !== undefined) checkChoice('build', build, BUILDS);
  const connectionOptions = callOptions(taskOptions);
  const { name, description, transfer, close } = await describe(spec, { hub, revision, token, headers });
  /** @type {import('../io/description.js').Described | undefined} */
  let addition;
  /** @type {Connection | undefined} */
  let connection;
  try {
    if (adapter !== undefined) addition = await describe(adapter, { hub, token, headers });
    connection = new Connection(startWorker());
    const remote = new RemoteHead(connection);
    const names = { model: name, ...(addition && { adapter: addition.name }) };
    const loaded = await remote.call(
      'load',
      { description, adapter: addition?.description, names, dtype, threads, build, cache },
      { ...connectionOptions, transfer: [...transfer, ...(addition?.transfer ?? [])] },
    );
    const { head, ...rest } = loaded;
    const info = { ...names, dtype, ...rest };
    const { fingerprint } = info;
    const headOfModel =
      head && (await createHead(remote, { ...head, baseModel: name, adapter: names.adapter, fingerprint }));
    fetchAhead(connection);
    return new Model(connection, info, headOfModel);
  } catch (error) {
    connection?.closeWhenIdle();
    throw error;
  } finally {
    close();
    addition?.close();
  }
}
