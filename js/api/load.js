// The package's `load`: starts a worker, has it load a model, and makes the object that the caller uses.
import { useAssets } from '#platform';
import { startWorker } from '#start-worker';
import { BUILDS } from '../core/compile.js';
import { BertletError } from '../errors.js';
import { describe } from '../io/describe.js';
import { Connection } from '../rpc/connection.js';
import { callOptions } from './call-options.js';
import { fetchAhead } from './fetch-ahead.js';
import { guarded } from './guard.js';
import { createHead } from './heads/create.js';
import { RemoteHead } from './heads/remote-head.js';
import { Model } from './model.js';
import { checkChoice, checkInteger } from './options.js';

/**
 * Loads a model into a worker of its own, so that the page stays responsive while the model works. A model that was loaded before comes
 * from the cache. When it is no longer needed, `model.dispose()` frees its memory.
 * @example
 * const model = await load('sentence-transformers/all-MiniLM-L6-v2');
 * const vectors = await model.embed(['a lovely film', 'a dull one']);
 * @param {import('../types.js').ModelSpec} spec where the model is: a hub id, a URL, in Node a path, or the files themselves
 * @param {import('../types.js').LoadOptions & import('../types.js').TaskOptions} [options]
 * @returns {Promise<Model>} Rejects with the signal's reason if it is aborted, otherwise with a `BertletError`, whose `code` is, among
 *   others: BAD_INPUT or UNSUPPORTED_DTYPE for a wrong argument; FILE_NOT_FOUND, FILE_ACCESS or NETWORK if the files can't be read;
 *   NOT_A_MODEL, TRUNCATED_FILE, BAD_CONFIG, BAD_SAFETENSORS, BAD_VOCABULARY, MISSING_TENSOR, SHAPE_MISMATCH or BAD_WEIGHTS if they are
 *   damaged or don't belong together; UNSUPPORTED_MODEL if bertlet has no such model; BAD_ADAPTER or BAD_LABELS for the adapter;
 *   OUT_OF_MEMORY, NO_WASM or WORKER_FAILED
 */
export function load(spec, options) {
  return open(spec, options);
}

/** @type {typeof load} */
const open = guarded((spec, options) => openModel(spec, options));

/**
 * What `load` does. A pool has a way of its own to a worker.
 * @param {import('../types.js').ModelSpec} spec
 * @param {import('../types.js').LoadOptions & import('../types.js').TaskOptions} [options]
 * @param {(worker: boolean) => Promise<Connection>} [connect]
 * @returns {Promise<Model>}
 */
export async function openModel(
  spec,
  {
    dtype = 'int8',
    adapter,
    worker = true,
    assets,
    threads,
    build,
    hub,
    revision,
    token,
    headers,
    cache = true,
    ...taskOptions
  } = {},
  connect = connectTo,
) {
  taskOptions.signal?.throwIfAborted();
  checkChoice('dtype', dtype, ['int8', 'f32'], 'UNSUPPORTED_DTYPE');
  if (threads !== undefined) checkInteger('threads', threads, 1, 64);
  checkChoice('cache', cache, [true, false, 'refresh']);
  checkChoice('worker', worker, [true, false]);
  if (build !== undefined) checkChoice('build', build, BUILDS);
  if (assets !== undefined) useAssets(assets);
  const connectionOptions = callOptions(taskOptions);
  const { name, description, transfer, close } = await describe(spec, { hub, revision, token, headers });
  /** @type {import('../io/description.js').Described | undefined} */
  let addition;
  /** @type {Connection | undefined} */
  let connection;
  try {
    if (adapter !== undefined) addition = await describe(adapter, { hub, token, headers });
    connection = await connect(worker);
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

/**
 * A connection to a worker or, without one, to what does the same on this thread; that is fetched only then.
 * @param {boolean} worker
 */
export async function connectTo(worker) {
  let why = 'As worker: false asks,';
  try {
    if (worker) return new Connection(await startWorker());
  } catch (error) {
    why = `No worker can be started here (${/** @type {Error} */ (error).message}), so`;
  }
  why += ' the model works on the calling thread';
  const { startHere } = await import('../worker/here.js').catch((cause) => {
    throw new BertletError(
      'WORKER_FAILED',
      `${why}, but what it needs there can't be fetched: ${cause.message} In a service worker, import "bertlet/service-worker" (dist/service-worker.js).`,
      { cause },
    );
  });
  return new Connection(startHere(why));
}
