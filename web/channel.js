// A worker as the thread sees it that started it.

/**
 * @param {Worker} worker
 * @param {string} reason why it fails, if the browser doesn't say
 * @returns {import('../js/base/platform.js').Channel}
 */
export const channelTo = (worker, reason) => ({
  post: (message, transfer) => worker.postMessage(message, { transfer }),
  listen(receive, fail) {
    worker.onmessage = ({ data }) => receive(data);
    worker.onmessageerror = () => fail('a message could not be read');
    worker.onerror = (event) => {
      event.preventDefault();
      if (event.message !== undefined) fail(event.message);
      else if (navigator.onLine) fail(reason);
      else fail('worker.js could not be loaded, since there is no connection. Try again when there is', 'NETWORK');
    };
  },
  keepAlive() {},
  async close() {
    worker.terminate();
  },
});
