// The worker's side of a message channel: answers the calls that connection.js makes.
import { toWire } from '../errors.js';

/**
 * @typedef {object} Context what a method gets beside its parameters
 * @property {AbortSignal} signal
 * @property {(event: unknown, transfer?: Transferable[]) => void} emit
 */

/** @typedef {(params: any, context: Context) => unknown} Method */

/**
 * @param {import('../base/platform.js').Port} port
 * @param {Record<string, Method>} methods
 */
export function serve(port, methods) {
  /** @type {Map<number, AbortController>} */
  const running = new Map();
  port.listen(async ({ id, method, params, abort }) => {
    if (abort) return running.get(id)?.abort();
    const controller = new AbortController();
    running.set(id, controller);
    try {
      /** @type {Context['emit']} */
      const emit = (event, transfer) => {
        if (!controller.signal.aborted) port.post({ id, event }, transfer);
      };
      const result = await methods[method](params, { signal: controller.signal, emit });
      port.post({ id, result });
    } catch (error) {
      port.post({ id, error: toWire(error) });
    } finally {
      running.delete(id);
    }
  });
}
