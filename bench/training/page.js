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
  /** @param {{ asked: Parameters<import('./suite.js').Ask>[0] }} event */
  const onEvent = async ({ asked }) => connection.tell('answer', await ask(asked));
  try {
    return await connection.call('measure', request, { onEvent });
  } finally {
    connection.close();
  }
}
