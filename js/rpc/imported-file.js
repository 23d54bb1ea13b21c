// A file's bytes from one thread to the other: this side reads what exported-file.js lends to a port.
import { fromWire } from '../errors.js';

/**
 * Reads a file that the other side lends.
 * @param {MessagePort} file
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array, void>} copies; throws the BertletError of the other side, or the signal's reason
 */
export async function* importChunks(file, signal) {
  const { port1: port, port2: reading } = new MessageChannel();
  /** @type {(answer: { bytes?: Uint8Array, error?: import('../errors.js').WireError }) => void} */
  let resolve;
  /** @type {(reason: unknown) => void} */
  let reject;
  const abort = () => reject?.(signal?.reason);
  signal?.addEventListener('abort', abort);
  port.onmessage = ({ data }) => resolve(data);
  file.postMessage({ reading }, [reading]);
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
    port.postMessage('end');
    port.close();
  }
}
