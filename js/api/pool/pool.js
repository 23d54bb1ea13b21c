// A model in several workers. Only who makes a pool fetches this file.
import { cores } from '#platform';
import { startWorker } from '#start-worker';
import { BertletError } from '../../errors.js';
import { Connection } from '../../rpc/connection.js';
import { createHead } from '../heads/create.js';
import { Head } from '../heads/head.js';
import { RemoteHead } from '../heads/remote-head.js';
import { connectTo, openModel } from '../load.js';
import { Model } from '../model.js';
import { checkInteger } from '../options.js';
import { Workers } from './workers.js';

/** Maximum number of workers by default, as of threads. */
const DEFAULT_SIZE = 4;

/**
 * What `createPool` does.
 * @param {import('../../types.js').PoolOptions & import('../../types.js').LoadOptions & import('../../types.js').TaskOptions} all
 * @returns {Promise<Pool>}
 */
export async function openPool(all) {
  if (typeof all !== 'object' || all === null)
    throw new BertletError('BAD_INPUT', 'createPool() takes one object, with the model in it: { model, size }.');
  const { model: spec, size: wanted = Math.min(cores(), DEFAULT_SIZE), threads = 1, ...others } = all;
  const { signal, onProgress, onWarning, ...options } = others;
  checkInteger('size', wanted, 1, 64);
  let size = wanted;

  /** @param {boolean} worker */
  async function connect(worker) {
    try {
      if (worker) return new Connection(await startWorker());
    } catch {
      // connectTo says why.
    }
    size = 1; // several would share one thread
    return connectTo(worker);
  }

  /** @param {import('../../types.js').LoadOptions & import('../../types.js').TaskOptions} more */
  async function start(more) {
    /** @type {Connection | undefined} */
    let connection;
    const given = { threads, ...options, ...more };
    const model = await openModel(spec, given, async (worker) => (connection = await connect(worker)));
    return { model, connection: /** @type {Connection} */ (/** @type {unknown} */ (connection)) };
  }

  const first = await start({ signal, onProgress, onWarning });
  const { info, head } = first.model;

  /**
   * Starts a further worker, with the same build, so that it gives the same numbers. The model comes from the cache, where there is one.
   * @param {AbortSignal} [stop]
   */
  async function startAnother(stop) {
    const cache = options.cache === 'refresh' ? true : options.cache;
    const { model, connection } = await start({ build: info.build, cache, signal: stop, onWarning() {} });
    if (model.info.fingerprint === info.fingerprint) return connection;
    connection.close();
    throw new BertletError(
      'WORKER_FAILED',
      `${info.model} has changed since the pool's first worker loaded it, so no other one can join. Create the pool again.`,
    );
  }

  const starting = Array.from({ length: size - 1 }, () => startAnother(signal));
  const connections = [first.connection];
  for (const { value } of /** @type {{ value?: Connection }[]} */ (await Promise.allSettled(starting)))
    if (value) connections.push(value);
  const workers = new Workers(connections, startAnother);
  try {
    await Promise.all(starting);
    const own = Head.partsOf(head)?.data;
    if (!own) return new Pool(new Model(workers, info), size);
    const remote = new RemoteHead(workers);
    await remote.call('keepHead', { network: own.network }, {});
    return new Pool(new Model(workers, info, await createHead(remote, own)), size);
  } catch (error) {
    workers.close();
    throw error;
  }
}

/**
 * A model in several workers, which `createPool` gives. Its methods are those of `Model` that only read it, with the same results. A long list
 * of texts is cut into pieces, which go to whichever worker is free, those of several calls in turn. What trains or saves a model has no place
 * here: a head that was trained on a model of `load` comes by `pool.loadHead(await head.save())`.
 *
 * If a worker ends unexpectedly, the calls that it works for reject with WORKER_FAILED, and another worker takes its place. While none can be
 * started, the others go on; without any, calls reject with the reason.
 */
export class Pool {
  #model;

  /**
   * @internal
   * @param {Model} model
   * @param {number} size
   */
  constructor(model, size) {
    this.#model = model;
    /** How many workers there are. */
    this.size = size;
    /** What was loaded, as of `Model`; build and threads are those of each worker. */
    this.info = model.info;
    /** The head of the checkpoint or the adapter, as of `Model`. */
    this.head = model.head;
  }

  /** See `Model.tokenize`. @type {Model['tokenize']} */
  tokenize = (...args) => this.#model.tokenize(...args);

  /** See `Model.embed`. @type {Model['embed']} */
  embed = (...args) => this.#model.embed(...args);

  /** See `Model.fillMask`. @type {Model['fillMask']} */
  fillMask = (...args) => this.#model.fillMask(...args);

  /** See `Model.rerank`. @type {Model['rerank']} */
  rerank = (...args) => this.#model.rerank(...args);

  /** See `Model.loadHead`. The head is on all workers, and its methods use them all. @type {Model['loadHead']} */
  loadHead = (...args) => this.#model.loadHead(...args);

  /**
   * Ends the workers, which frees all memory of the model and its heads. Running calls and later ones reject with DISPOSED.
   * @returns {Promise<void>} resolves when they have ended
   */
  dispose() {
    return this.#model.dispose();
  }
}
