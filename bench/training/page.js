// The page's side of worker.js, and of its threads, which a page has to start. What the worker asks of PyTorch goes on to `ask`, which browser.js has
// given to the page.
import { Connection } from '../../js/rpc/connection.js';
import { channelTo } from '../../web/channel.js';

/**
 * @param {import('../run.js').Request} request
 * @returns {Promise<import('../suites/suite.js').Fact[]>}
 */
export async function measure(request) {
  const start = () => new Worker('/dist/bench-training.js', { type: 'module' });
  const connection = new Connection(channelTo(start, 'bench-training.js could not be loaded'));
  const { ask } = /** @type {typeof globalThis & { ask: import('./suite.js').Ask }} */ (globalThis);
  try {
    return await new Promise((resolve, reject) => {
      const onEvent = (/** @type {{ asked: Parameters<typeof ask>[0] }} */ { asked }) =>
        ask(asked).then((answer) => connection.tell('answer', answer), reject);
      connection.call('measure', request, { onEvent }).then(resolve, reject);
    });
  } finally {
    connection.close();
  }
}
