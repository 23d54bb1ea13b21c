// The worker's side of a message channel: answers the calls that connection.js makes.
import { toWire } from '../errors.js';

/**
 * @typedef {object} Context of work that is done for a caller
 * @property {AbortSignal} signal
 * @property {boolean} [progress] whether the caller listens to progress
 * @property {(event: unknown) => void} emit
 */

/** @typedef {(part: unknown, transfer?: Transferable[]) => void} SendPart sends a part of the result, and the last one with the answer */

/** @typedef {(params: any, context: Context & { part: SendPart }) => unknown} Method */

/**
 * @param {import('../base/platform.js').Port} port
 * @param {Record<string, Method>} methods
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
    /** @type {[message?: object, transfer?: Transferable[]]} the part that waits for the next one or the answer */
    let last = [];
    try {
      const result = await methods[method](params, {
        signal,
        progress,
        emit: (event) => postUnlessAborted({ event }),
        part(part, transfer) {
          if (last[0]) postUnlessAborted(...last);
          last = [{ part }, transfer];
        },
      });
      if (signal.aborted) last = [];
      post({ result, ...last[0] }, last[1]);
    } catch (error) {
      post({ error: toWire(error) });
    } finally {
      running.delete(id);
    }
  });
}
