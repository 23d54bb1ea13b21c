// What the worker does, on the calling thread: for `load(model, { worker: false })`, and where no worker can be started.
import { checkHere } from '#platform';
import { BertletError } from '../errors.js';
import { serve } from '../rpc/serve.js';
import { createMethods } from './methods.js';

/**
 * A channel as to a worker, to the same methods on this thread. Messages are copied and wait for their turn, as they do between threads, so
 * that a call can be aborted between two pieces of its work.
 * @param {string} why a sentence that ends in "the model works on the calling thread", without its full stop
 * @returns {import('../base/platform.js').Channel} throws NO_WASM where this build of bertlet can't run
 */
export function startHere(why) {
  checkHere();
  const { port1: near, port2: far } = new MessageChannel();
  const methods = createMethods();
  const running = serve(portOf(far), {
    ...methods,
    // With one thread: this one may not wait for others. In a page that is an error, elsewhere it may be what they wait for.
    async load(params, context) {
      if (params.build?.endsWith('-mt'))
        throw new BertletError('BAD_INPUT', `${why}; "${params.build}" is a build with threads. Leave it out.`);
      const info = await methods.load({ ...params, threads: 1 }, context);
      return { ...info, notes: [`${why}, and there is one thread.`, ...info.notes] };
    },
  });
  keepAlive(far, false);
  return {
    ...portOf(near),
    keepAlive: (busy) => keepAlive(near, busy),
    async close() {
      near.close();
      for (const call of running.values()) call.abort();
    },
  };
}

/** @param {MessagePort} port @returns {import('../base/platform.js').Port} */
const portOf = (port) => ({
  post: (message, transfer = []) => port.postMessage(message, transfer),
  listen: (receive) => void (port.onmessage = ({ data }) => receive(data)),
});

/**
 * Whether Node must not exit while the port waits for messages; a browser's ports know nothing of that.
 * @param {MessagePort & { ref?(): void, unref?(): void }} port
 * @param {boolean} busy
 */
function keepAlive(port, busy) {
  if (busy) port.ref?.();
  else port.unref?.();
}
