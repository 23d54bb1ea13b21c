// #start-worker in browsers: starts the model's worker. js/node/start-worker.js is its counterpart for Node. Only what starts a worker imports it:
// a worker's own files must not name its address, since bundlers would follow it in a circle.
import { fetchPart } from '../js/base/fetch-part.js';
import { channelTo } from './channel.js';
import { assets, REMEDY } from './platform.js';

const newWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

/** @type {import('../js/base/platform.js').StartWorker} */
export async function startWorker() {
  if (!globalThis.document && navigator.userAgent.includes('Firefox'))
    throw new Error('in Firefox a worker that starts one can hang');
  /** @type {ReturnType<typeof workerArguments>} */
  const [address, options] = assets ? [`${assets}worker.js`, { type: 'module' }] : workerArguments();
  const url = new URL(address, location.href);
  if (url.origin === self.origin)
    return channelTo(() => new Worker(url, options), `${url} could not be loaded. ${REMEDY}`);
  const { loaderOf } = await fetchPart(() => import('./elsewhere.js'));
  const { loader, reason } = loaderOf(url.href, options?.type);
  return channelTo(() => new Worker(loader), reason);
}

/**
 * The arguments of the call of `new Worker` above. What bundlers put in the place of worker.js's address is known to that call alone, and whether it is of
 * the page's origin must be known before the call: where it is not, Chromium throws, but Firefox gives a worker that never answers. So the call is
 * made with another class of this name.
 * @returns {[address: URL | string, options?: WorkerOptions]}
 */
function workerArguments() {
  const { Worker } = globalThis;
  if (!Worker) newWorker(); // throws that it is not defined
  /** @type {any} */
  let given;
  globalThis.Worker = /** @type {any} */ (
    function (/** @type {unknown[]} */ ...args) {
      given = args;
    }
  );
  try {
    newWorker();
  } finally {
    globalThis.Worker = Worker;
  }
  return given;
}
