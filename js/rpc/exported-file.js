// A file's bytes from one thread to the other: this side lends the file to a port, and imported-file.js reads it from there, as often as it
// likes.
import { toWire } from '../errors.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */

/**
 * Lends a file to the other end of a port. Each reading has a port of its own, which the other side sends, and on which it asks for
 * one chunk after the other.
 * @param {() => Chunks} open called for each reading, when its first chunk is wanted
 * @returns {{ port: MessagePort, close: () => void }} `port` is to be transferred to where `importChunks` reads it; `close` ends all
 *   readings
 */
export function exportFile(open) {
  const { port1, port2 } = new MessageChannel();
  /** @type {Set<() => void>} */
  const readings = new Set();
  port1.onmessage = ({ data }) => {
    const end = exportChunks(data.reading, open, () => readings.delete(end));
    readings.add(end);
  };
  const close = () => {
    port1.close();
    for (const end of readings) end();
  };
  return { port: port2, close };
}

/**
 * One reading.
 * @param {MessagePort} port
 * @param {() => Chunks} open
 * @param {() => void} onEnd called when the other side needs no more
 * @returns {() => void} ends the reading: cancels a stream
 */
function exportChunks(port, open, onEnd) {
  /** @type {AsyncIterator<Uint8Array> | undefined} */
  let iterator;
  const end = () => {
    port.close();
    onEnd();
    iterator?.return?.().catch(() => {}); // what can't be cancelled has ended by itself
  };
  port.onmessage = async ({ data }) => {
    if (data === 'end') return end();
    try {
      iterator ??= open()[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      // A copy of these bytes alone: cloning a view clones its whole buffer, and transferring takes the buffer away from the caller.
      // (Not slice(): on Node's Buffer that makes a view.)
      const bytes = done ? undefined : new Uint8Array(value);
      port.postMessage({ bytes }, bytes ? [bytes.buffer] : []);
    } catch (error) {
      port.postMessage({ error: toWire(error) });
    }
  };
  return end;
}
