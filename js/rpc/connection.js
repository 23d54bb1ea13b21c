// The caller's side of a message channel: makes calls to the worker, where serve.js answers them. Before its result, a call may send
// events and parts of the result; it may also be aborted. A message without an id gets no answer.
//
//   caller -> worker   { id, method, params, progress }   { id, abort: true }                      { method, params }
//   worker -> caller   { id, event }   { id, part }       { id, result, part }  or  { id, error }
//   worker -> caller   { failed }, the message of a WebAssembly trap: the worker can't go on, and is ended
//   worker -> caller   { thread }, ports for a further thread: a page starts it, see web/channel.js; Node watches it, see js/node/watch-thread.js
import { BertletError, fromWire } from '../errors.js';

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] rejects the call at once with its reason, and tells the worker to stop
 * @property {(event: any) => void} [onEvent] gets progress and warnings. What it throws rejects the call, as with `onPart`
 * @property {boolean} [patient] whether an aborted call waits until the worker has stopped, and so for its last events; if it was done already,
 *   the call still has its result. Default false
 * @property {boolean} [progress] whether the worker is to send progress; default false
 * @property {(part: any) => void} [onPart] gets the parts of a result that comes in parts; the call then resolves to undefined
 * @property {Transferable[]} [transfer] objects in `params` to transfer instead of copying them
 */

/** What makes calls: the connection to a worker, or what has several. @typedef {Pick<Connection, 'call' | 'tell' | 'close'>} Caller */

/** @typedef {{ resolve: (value: any) => void, reject: (error: unknown) => void, onEvent?: (event: any) => void, onPart?: (part: any) => void }} Call */

/** For how long a worker may clean up, in milliseconds. */
const PATIENCE = 5000;

/** A connection to one worker, which it can end. */
export class Connection {
  #channel;
  #nextId = 1;
  /** @type {Map<number, Call>} calls that have not been resolved or rejected */
  #calls = new Map();
  /** @type {Set<number>} calls that the worker has not answered; aborted ones too, which #calls no longer has */
  #running = new Set();
  /** @type {BertletError | undefined} what calls reject with now that the worker has ended */
  #ended;
  #closeWhenIdle = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #deadline;
  /** @type {Promise<void> | undefined} */
  #closing;

  /** @param {import('../base/platform.js').Channel} channel of a worker that just started */
  constructor(channel) {
    this.#channel = channel;
    channel.keepAlive(false);
    channel.listen(
      (message) => this.#receive(message),
      (reason, code = 'WORKER_FAILED') =>
        this.#fail(new BertletError(code, `The worker ended unexpectedly: ${reason}`)),
    );
  }

  /**
   * Calls a method of the worker.
   * @param {string} method
   * @param {unknown} params copied by structured cloning
   * @param {CallOptions} [options]
   * @returns {Promise<any>} its result. Rejects with the BertletError that the method threw, WORKER_FAILED if the worker has ended,
   *   DISPOSED after `close`, or the signal's reason
   */
  call(method, params, { signal, onEvent, patient, progress, onPart, transfer } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#ended) throw this.#ended;

      const id = this.#nextId++;
      this.#channel.post({ id, method, params, progress }, transfer);
      const abort = () => {
        this.#channel.post({ id, abort: true });
        if (patient) return;
        this.#calls.delete(id);
        reject(signal?.reason);
      };
      const settled = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (error) => (settled(), reject(signal?.aborted ? signal.reason : error)),
        onEvent,
        onPart,
      });
      this.#running.add(id);
      this.#channel.keepAlive(true);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * Calls a method of the worker without waiting for it; its result and errors are lost. Does nothing when the worker has ended.
   * @param {string} method
   * @param {unknown} params copied by structured cloning
   */
  tell(method, params) {
    if (!this.#ended) this.#channel.post({ method, params });
  }

  /** @param {any} message */
  #receive(message) {
    if (this.#ended) return; // a message that was already on its way
    const { id, event, part, result, error, failed } = message;
    if (failed !== undefined) {
      return this.#fail(
        new BertletError(
          'WORKER_FAILED',
          `The worker failed in WebAssembly (${failed}) and was ended. Load the model again, and please report it.`,
        ),
      );
    }
    const call = this.#calls.get(id);
    try {
      if (event !== undefined) call?.onEvent?.(event);
      if (part !== undefined) call?.onPart?.(part);
    } catch (thrown) {
      // The caller's callback threw: this rejects the call.
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

  /** Whether the worker works at a call, waits for one, or has ended. @returns {'busy' | 'idle' | 'ended'} */
  get state() {
    if (this.#ended) return 'ended';
    return this.#running.size > 0 ? 'busy' : 'idle';
  }

  /** Rejects all calls, now and later. @param {BertletError} error */
  #end(error) {
    if (this.#ended) return;
    this.#ended = error;
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
    this.#running.clear();
    this.#channel.keepAlive(false);
  }

  /** Rejects all calls with it, and ends what is left of the worker, which frees its memory. @param {BertletError} error */
  #fail(error) {
    this.#end(error);
    this.close();
  }

  /** Ends the worker at once, and rejects open calls with DISPOSED. @returns {Promise<void>} resolves when it has ended */
  close() {
    clearTimeout(this.#deadline);
    this.#end(new BertletError('DISPOSED', 'This model was disposed of; load it again to use it.'));
    this.#closing ??= this.#channel.close();
    return this.#closing;
  }

  /**
   * Ends the worker as soon as it has answered all calls, aborted ones included, so that it can clean up after them; but after PATIENCE
   * in any case.
   */
  closeWhenIdle() {
    this.#closeWhenIdle = true;
    if (this.#running.size === 0) this.close();
    else this.#deadline = setTimeout(() => this.close(), PATIENCE);
  }
}
