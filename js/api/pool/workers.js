// A connection to several workers with the same model. It has the calls of one (js/rpc/connection.js), and shares their work out.
import { BertletError } from '../../errors.js';
import { cutIntoPieces, Joined } from './pieces.js';

/** @typedef {import('../../rpc/connection.js').Connection} Connection */
/** @typedef {import('../../rpc/connection.js').CallOptions} CallOptions */

/**
 * For how many calls a worker works at a time: it takes turns between them, layer by layer, so a short call needs not wait until a piece of a
 * long one is done. Of each it has one piece, all others wait here.
 */
const CALLS = 2;

/**
 * @typedef {object} PooledCall
 * @property {string} method
 * @property {import('./pieces.js').Piece[]} pieces
 * @property {number} next the first piece that no worker has
 * @property {number} left how many pieces are not done
 * @property {(index: number) => CallOptions} optionsOf a piece
 * @property {(index: number, result: any) => void} put the result of a piece
 * @property {() => void} finish
 * @property {(error: unknown) => void} fail
 */

/**
 * @typedef {object} PooledWorker
 * @property {Connection} connection
 * @property {Set<PooledCall>} calls that it has a piece of
 * @property {'ready' | 'starting' | 'down'} state 'starting': another one is, in its place; 'down': that has failed
 */

/** Workers with the same model. */
export class Workers {
  #workers;
  #start;
  /** Calls that have pieces which no worker has; the next piece is one of the first's. @type {Set<PooledCall>} */
  #waiting = new Set();
  /** All calls that are not done. @type {Set<PooledCall>} */
  #calls = new Set();
  /** What workers keep of heads, by their numbers. @type {Map<number, import('../../core/dense.js').HeadNetwork>} */
  #heads = new Map();
  /** Aborted with what calls reject with once this is closed. */
  #closing = new AbortController();

  /**
   * @param {Connection[]} connections to workers that have loaded the model
   * @param {(signal: AbortSignal) => Promise<Connection>} start starts another one
   */
  constructor(connections, start) {
    this.#workers = connections.map(
      (connection) => /** @type {PooledWorker} */ ({ connection, calls: new Set(), state: 'ready' }),
    );
    this.#start = start;
  }

  /**
   * As `Connection.call`. A method that works on `texts` is called for pieces of them.
   * @param {string} method
   * @param {any} params
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  async call(method, params, options = {}) {
    if (method === 'keepHead') return this.#keepHead(params.head, params.network);
    const result = await this.#run(method, params, options);
    if (method === 'loadHeadBeside') await this.#keepHead(params.head, result.network);
    return result;
  }

  /**
   * As `Connection.tell`, to all workers.
   * @param {string} method
   * @param {any} params
   */
  tell(method, params) {
    if (method === 'forgetHead') this.#heads.delete(params.head);
    for (const { connection } of this.#workers) connection.tell(method, params);
  }

  /** Ends all workers at once, and rejects open calls with DISPOSED. @returns {Promise<void>} resolves when they have ended */
  async close() {
    const error = new BertletError('DISPOSED', 'This pool was disposed of; create it again to use it.');
    this.#closing.abort(error);
    for (const call of this.#calls) call.fail(error);
    await Promise.all(this.#workers.map(({ connection }) => connection.close()));
  }

  /**
   * Has all workers keep a head, also those that will be started: one that ends meanwhile is none of its business.
   * @param {number} head
   * @param {import('../../core/dense.js').HeadNetwork} network
   */
  async #keepHead(head, network) {
    this.#heads.set(head, network);
    const keep = async (/** @type {Connection} */ connection) => {
      try {
        await connection.call('keepHead', { head, network });
      } catch (error) {
        if (connection.state !== 'ended') throw error;
      }
    };
    try {
      await Promise.all(this.#workers.map(({ connection }) => keep(connection)));
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      this.#heads.delete(head);
      throw error;
    }
  }

  /**
   * @param {string} method
   * @param {any} params
   * @param {CallOptions} options
   * @returns {Promise<any>}
   */
  #run(method, params, options) {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const pieces = cutIntoPieces(params, this.#workers.length);
      const joined = pieces.length > 1 ? new Joined(pieces, options) : undefined;
      const stop = new AbortController();
      const settle = () => {
        this.#calls.delete(call);
        signal?.removeEventListener('abort', abort);
      };
      /** @type {any} */
      let only;
      /** @type {PooledCall} */
      const call = {
        method,
        pieces,
        next: 0,
        left: pieces.length,
        optionsOf: (index) => ({ ...(joined?.optionsOf(pieces[index], index) ?? options), signal: stop.signal }),
        put(index, result) {
          joined?.put(index, result);
          only = result;
        },
        finish() {
          resolve(joined ? joined.finish() : only);
          settle();
        },
        fail: (error) => {
          settle();
          this.#waiting.delete(call);
          stop.abort();
          reject(error);
        },
      };
      const abort = () => call.fail(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      this.#calls.add(call);
      this.#waiting.add(call);
      if (this.#workers.every(({ state }) => state === 'down'))
        for (const worker of this.#workers) this.#replace(worker);
      this.#shareOut();
    });
  }

  /** Gives pieces to workers, as long as there are both. */
  #shareOut() {
    for (const worker of this.#workers)
      if (worker.state === 'ready' && worker.connection.state === 'ended') this.#replace(worker);
    for (;;) {
      const free = this.#workers.filter(({ state, calls }) => state === 'ready' && calls.size < CALLS);
      const worker = free.sort((a, b) => a.calls.size - b.calls.size).find((one) => this.#nextFor(one));
      if (!worker) return;
      this.#give(worker, /** @type {PooledCall} */ (this.#nextFor(worker)));
    }
  }

  /** The call whose turn it is, of those that a worker has no piece of. @param {PooledWorker} worker */
  #nextFor({ calls }) {
    for (const call of this.#waiting) if (!calls.has(call)) return call;
    return undefined;
  }

  /**
   * Has a worker work at the next piece of a call.
   * @param {PooledWorker} worker
   * @param {PooledCall} call
   */
  async #give(worker, call) {
    const index = call.next++;
    this.#waiting.delete(call);
    if (call.next < call.pieces.length) this.#waiting.add(call); // behind the others
    worker.calls.add(call);
    try {
      const { params } = call.pieces[index];
      call.put(index, await worker.connection.call(call.method, params, call.optionsOf(index)));
      if (--call.left === 0) call.finish();
    } catch (error) {
      call.fail(worker.connection.state === 'ended' ? ended(error) : error);
    }
    worker.calls.delete(call);
    this.#shareOut();
  }

  /** Starts another worker in the place of one that has ended. @param {PooledWorker} worker */
  async #replace(worker) {
    if (this.#closing.signal.aborted) return;
    worker.state = 'starting';
    worker.connection.close(); // it has ended, but a browser may still keep its memory
    try {
      worker.connection = await this.#start(this.#closing.signal);
      if (this.#closing.signal.aborted) return void worker.connection.close();
      for (const [head, network] of this.#heads) await worker.connection.call('keepHead', { head, network });
      worker.state = 'ready';
    } catch (error) {
      worker.state = 'down';
      worker.connection.close();
      if (this.#workers.every(({ state }) => state === 'down')) for (const call of this.#calls) call.fail(error);
    }
    this.#shareOut();
  }
}

/**
 * What a call rejects with whose worker has ended.
 * @param {unknown} error what the worker's calls reject with
 */
function ended(error) {
  if (!(error instanceof BertletError && error.code === 'WORKER_FAILED')) return error;
  const message = `A worker of the pool ended in the midst of this call, and another one takes its place: try again. (${error.message})`;
  return new BertletError('WORKER_FAILED', message, { cause: error });
}
