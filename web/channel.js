// A worker as the page sees it that started it, with the further threads of its engine. Those are workers of the page, too, not of that worker: in
// Firefox, a worker that starts a worker can wait for ever within `new Worker`.

/**
 * @param {() => Worker} start starts worker.js: for the model, and for each further thread
 * @param {string} reason why it fails, if the browser doesn't say
 * @returns {import('../js/base/platform.js').Channel} throws what `start` throws
 */
export function channelTo(start, reason) {
  const worker = start();
  /** @type {Set<Worker>} */
  const threads = new Set();

  /** @param {ThreadPorts} ports */
  function startThread([calls, life]) {
    const thread = start();
    threads.add(thread);
    whenFailed(thread, reason, (...why) => life.postMessage(why));
    life.onmessage = () => {
      thread.terminate();
      threads.delete(thread);
    };
    thread.postMessage({ calls }, [calls]);
  }

  return {
    post: (message, transfer) => worker.postMessage(message, { transfer }),
    listen(receive, fail) {
      worker.onmessage = ({ data }) => (data.thread ? startThread(data.thread) : receive(data));
      whenFailed(worker, reason, fail);
    },
    keepAlive() {},
    async close() {
      worker.onmessage = null; // it may have asked for a thread that nobody would end
      for (const each of [worker, ...threads]) each.terminate();
    },
  };
}

/**
 * What the model's worker sends for each thread that it wants: `calls` is for the thread, which gets its calls there, and answers; `life` for the
 * page, which says there why the thread has failed, and hears when it is to end.
 * @typedef {[calls: MessagePort, life: MessagePort]} ThreadPorts
 */

/**
 * @param {Worker} worker
 * @param {string} reason
 * @param {Parameters<import('../js/base/platform.js').Channel['listen']>[1]} fail
 */
function whenFailed(worker, reason, fail) {
  worker.onmessageerror = () => fail('a message could not be read');
  worker.onerror = (event) => {
    event.preventDefault();
    if (event.message !== undefined) fail(event.message);
    else if (navigator.onLine) fail(reason);
    else fail('worker.js could not be loaded, since there is no connection. Try again when there is', 'NETWORK');
  };
}
