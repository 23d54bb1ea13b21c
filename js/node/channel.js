// A worker thread as the thread sees it that started it.
import { usedAssets } from './package-files.js';
import { watchThreads } from './watch-thread.js';

/**
 * What a worker is to be started with. No execArgv: options of the process, such as --input-type, may be wrong for a worker. A small young generation
 * makes the garbage collector free the chunks of a download soon.
 * @returns {import('node:worker_threads').WorkerOptions}
 */
export const workerOptions = () => ({
  name: 'bertlet',
  execArgv: [],
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  workerData: { assets: usedAssets() },
});

/**
 * @param {import('node:worker_threads').Worker} worker
 * @returns {import('../base/platform.js').Channel}
 */
export const channelTo = (worker) => ({
  post: (message, transfer) => worker.postMessage(message, /** @type {any} */ (transfer)),
  listen(receive, fail) {
    worker.on('message', watchThreads(worker, receive, fail));
    worker.on('error', (error) => fail(error.message));
    worker.on('exit', (code) => fail(`exit code ${code}`));
  },
  keepAlive: (busy) => (busy ? worker.ref() : worker.unref()),
  close: () => worker.terminate().then(() => undefined),
});
