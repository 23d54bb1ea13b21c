// Carries a file's bytes from one thread to the other, a chunk each time the reader asks for one.
import { fromWire, toWire } from '../errors.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * Offers a file to the other thread, which reads it with `importChunks`. Errors of the file are passed on.
 * @param {() => Chunks} open called when the first chunk is asked for
 * @returns {{ port: MessagePort, close: () => void }} `port`: to be transferred to the other thread; `close`: ends the transfer, and
 *   cancels the file's stream, even if no chunk was asked for
 */
export function exportChunks(open) {
  const { port1, port2 } = new MessageChannel();
  /** @type {AsyncIterator<Uint8Array> | undefined} */
  let iterator;
  port1.onmessage = async () => {
    try {
      iterator ??= open()[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      // A copy of these bytes alone: cloning a view clones its whole buffer, and transferring takes the buffer away from the caller.
      // (Not slice(): on Node's Buffer that makes a view.)
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
      // It can't be opened, so there is nothing to close.
    }
  };
  return { port: port2, close };
}

/**
 * The chunks of the file that `exportChunks` offers at the other end of a port.
 * @param {MessagePort} port closed at the end
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array, void>} copies; throws the BertletError of the other side, or the signal's reason
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
