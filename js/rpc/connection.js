// The caller's side of a message channel: makes calls to the worker, which serve.js answers. A call may report events and hand over
// parts of its result before it ends, and may be aborted. What is told without an id is not answered.
//
//   caller -> worker   { id, method, params, progress }   { id, abort: true }                      { method, params }
//   worker -> caller   { id, event }   { id, part }       { id, result, part }  or  { id, error }
import { BertletError, fromWire } from '../errors.js';

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal]
 * @property {(event: any) => void} [onEvent]
 * @property {boolean} [progress] whether `onEvent` wants progress too
 * @property {(part: any) => void} [onPart] gets a result that comes in parts, which then is undefined itself
 * @property {Transferable[]} [transfer]
 */

/** @typedef {{ resolve: (value: any) => void, reject: (error: unknown) => void, onEvent?: (event: any) => void, onPart?: (part: any) => void }} Call */

export class Connection {
  #channel;
  #nextId = 1;
  /** @type {Map<number, Call>} calls whose caller waits */
  #calls = new Map();
  /** @type {Set<number>} calls that the worker has not answered yet; an aborted one is here but no longer in #calls */
  #running = new Set();
  /** @type {BertletError | undefined} why there is no worker any more */
  #ended;
  #closeWhenIdle = false;
  /** @type {Promise<void> | undefined} */
  #closing;

  /** @param {import('../base/platform.js').Channel} channel */
  constructor(channel) {
    this.#channel = channel;
    channel.keepAlive(false);
    channel.listen(
      (message) => this.#receive(message),
      (reason) => this.#end(new BertletError('WORKER_FAILED', `The worker ended unexpectedly: ${reason}`)),
    );
  }

  /**
   * @param {string} method
   * @param {unknown} params
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  call(method, params, { signal, onEvent, progress, onPart, transfer } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#ended) throw this.#ended;

      const id = this.#nextId++;
      this.#channel.post({ id, method, params, progress }, transfer);
      const abort = () => {
        this.#calls.delete(id);
        this.#channel.post({ id, abort: true });
        reject(signal?.reason);
      };
      const settled = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (error) => (settled(), reject(error)),
        onEvent,
        onPart,
      });
      this.#running.add(id);
      this.#channel.keepAlive(true);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * Tells the worker something that it does not answer.
   * @param {string} method
   * @param {unknown} params
   */
  tell(method, params) {
    if (!this.#ended) this.#channel.post({ method, params });
  }

  /** @param {any} message */
  #receive(message) {
    if (this.#ended) return; // an answer that was under way
    const { id, event, part, result, error } = message;
    const call = this.#calls.get(id);
    try {
      if (event !== undefined) call?.onEvent?.(event);
      if (part !== undefined) call?.onPart?.(part);
    } catch (thrown) {
      // The caller's own callback threw: that ends the call, as an exception would.
      this.#calls.delete(id);
      this.#channel.post({ id, abort: true });
      call?.reject(thrown);
    }
    if (!error && !('result' in message)) return;
    this.#calls.delete(id);
    this.#running.delete(id);
    if (this.#running.size === 0) {
      this.#channel.keepAlive(false);
      if (this.#closeWhenIdle) this.close();
    }
    if (error) call?.reject(fromWire(error));
    else call?.resolve(result);
  }

  /** @param {BertletError} error */
  #end(error) {
    if (this.#ended) return;
    this.#ended = error;
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
    this.#running.clear();
    this.#channel.keepAlive(false);
  }

  /** Ends the worker at once; calls that wait are rejected. The process waits until it has ended. */
  close() {
    this.#end(new BertletError('DISPOSED', 'This model was disposed of; load it again to use it.'));
    this.#closing ??= this.#channel.close();
    return this.#closing;
  }

  /** Ends the worker as soon as it has given up what was aborted and cleaned up after itself. */
  closeWhenIdle() {
    this.#closeWhenIdle = true;
    if (this.#running.size === 0) this.close();
  }
}
