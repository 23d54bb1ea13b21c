// Watches the further threads of a worker from outside. One that is ended by force in the midst of a task leaves its worker waiting for that
// task for ever, which hears of nothing meanwhile; but here the thread's port closes. (In Chromium it does not, where nothing but the browser
// could end a thread so.)
import { parentPort } from 'node:worker_threads';

/**
 * In a worker: tells who started it of a thread that it starts.
 * @returns {MessagePort | undefined} closes when the thread ends; before, the thread says there that it has ended as it should
 */
export function announceThread() {
  const { port1: thread, port2: alive } = new MessageChannel();
  parentPort?.postMessage({ thread }, /** @type {any} */ ([thread]));
  return alive;
}

/** For how long a worker may not answer, in milliseconds. */
const PATIENCE = 5000;

/** The id of a call that no connection makes. */
const WATCH = 'watch';

/**
 * A worker's messages, without those that are for this.
 * @param {import('node:worker_threads').Worker} worker
 * @param {(message: any) => void} receive gets the others
 * @param {(reason: string) => void} fail called if a thread was ended and the worker waits for it
 * @returns {(message: any) => void} what gets all messages
 */
export function watchThreads(worker, receive, fail) {
  /** Called when the worker answers. */
  let answered = () => {};
  let hasExited = false; // and its threads with it
  worker.once('exit', () => {
    hasExited = true;
    answered();
  });
  return (message) => {
    if (message.id === WATCH) return answered();
    if (!message.thread) return receive(message);
    const port = /** @type {import('node:worker_threads').MessagePort} */ (message.thread);
    if (!port.on) return; // Deno's are a browser's: they say nothing when they close
    let hasEnded = false; // as it should
    port.on('message', () => (hasEnded = true));
    port.on('close', () => {
      if (hasEnded || hasExited) return;
      const end = () => {
        fail('a thread of the model was ended. Load the model again.');
        worker.terminate();
      };
      const timer = setTimeout(end, PATIENCE);
      answered = () => clearTimeout(timer);
      worker.postMessage({ id: WATCH, method: 'ping' });
    });
    port.unref(); // Node need not wait for it
  };
}
