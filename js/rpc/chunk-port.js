// A file's bytes from one thread to the other: one side lends its chunks to a port, the other reads them from it.
import { fromWire, toWire } from '../errors.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * Lends chunks to the other end of a port, one each time it asks.
 * @param {() => Chunks} open called when the first chunk is wanted
 * @returns {{ port: MessagePort, close: () => void }} `port` is to be transferred to where `importChunks` reads it; `close`
 *   cancels a stream, even one that was not asked for
 */
export function exportChunks(open) {
  const { port1, port2 } = new MessageChannel();
  /** @type {AsyncIterator<Uint8Array> | undefined} */
  let iterator;
  port1.onmessage = async () => {
    try {
      iterator ??= open()[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      // A copy of just these bytes: cloning a view would clone all that it is a view of, and transferring would take it away
      // from the caller. (Not slice(): on Node's Buffer that makes a view.)
      const bytes = done ? undefined : new Uint8Array(value);
      port1.postMessage({ bytes }, bytes ? [bytes.buffer] : []);
    } catch (error) {
      port1.postMessage({ error: toWire(error) });
    }
  };
  const close = async () => {
    port1.close();
    try {
      iterator ??= open()[Symbol.asyncIterator]();
      await iterator.return?.();
    } catch {
      // It could not be opened; so there is nothing to close.
    }
  };
  return { port: port2, close };
}

/**
 * @param {MessagePort} port
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
export async function* importChunks(port, signal) {
  /** @type {(answer: { bytes?: Uint8Array, error?: import('../errors.js').WireError }) => void} */
  let resolve;
  /** @type {(reason: unknown) => void} */
  let reject;
  const abort = () => reject?.(signal?.reason);
  signal?.addEventListener('abort', abort);
  port.onmessage = ({ data }) => resolve(data);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const answer = new Promise((...callbacks) => ([resolve, reject] = callbacks));
      port.postMessage('next');
      const { bytes, error } = await answer;
      if (error) throw fromWire(error);
      if (!bytes) return;
      yield bytes;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    port.close();
  }
}
