// The worker's side of a message channel: runs the methods that connection.js calls, and answers.
import { toWire } from '../errors.js';

/**
 * What a method knows of the call that it works for.
 * @typedef {object} Context
 * @property {AbortSignal} signal aborted when the caller aborts the call; its result is then ignored
 * @property {boolean} [progress] whether the caller listens to progress
 * @property {number} [first] where the call is a piece of a larger one: the number of its first text in that, for messages; default 0
 * @property {(event: unknown, late?: boolean) => void} emit sends an event to the caller, such as { progress } or { warning, texts }; with
 *   `late` even if it has aborted the call: what it may want to keep of the work
 */

/**
 * Sends a part of the result to the caller. It is held back until the next part or the answer, so that the last one needs no message.
 * @typedef {(part: unknown, transfer?: Transferable[]) => void} SendPart
 */

/** What it returns or throws is the answer. @typedef {(params: any, context: Context & { part: SendPart }) => unknown} Method */

/**
 * Answers calls until the thread ends. Several may run at the same time, in turns.
 * @param {import('../base/platform.js').Port} port
 * @param {Record<string, Method>} methods
 * @returns {Map<number, AbortController>} the calls that run, by their ids
 */
export function serve(port, methods) {
  /** @type {Map<number, AbortController>} */
  const running = new Map();
  port.listen(async ({ id, method, params, progress, abort }) => {
    if (abort) return running.get(id)?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    running.set(id, controller);
    /** @type {(message?: object, transfer?: Transferable[]) => void} */
    const post = (message, transfer) => {
      if (id !== undefined) port.post({ id, ...message }, transfer);
    };
    /** @type {typeof post} */
    const postUnlessAborted = (...message) => {
      if (!signal.aborted) post(...message);
    };
    /** @type {[message?: object, transfer?: Transferable[]]} the part that is held back, as a message */
    let last = [];
    try {
      const result = await methods[method](params, {
        signal,
        progress,
        first: params?.first,
        emit: (event, late) => (late ? post : postUnlessAborted)({ event }),
        part(part, transfer) {
          if (last[0]) postUnlessAborted(...last);
          last = [{ part }, transfer];
        },
      });
      if (signal.aborted) last = [];
      post({ result, ...last[0] }, last[1]);
    } catch (error) {
      // After a trap nobody knows what the memory holds, and other threads may be in the midst of their work.
      if (error instanceof WebAssembly.RuntimeError) port.post({ failed: error.message });
      else post({ error: toWire(error) });
    } finally {
      running.delete(id);
    }
  });
  return running;
}
