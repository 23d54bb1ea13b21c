// #start-worker in browsers: starts the model's worker. js/node/start-worker.js is its counterpart for Node. Only what starts a worker imports it:
// a worker's own files must not name its address, since bundlers would follow it in a circle.
import { fetchPart } from '../js/base/fetch-part.js';
import { channelTo } from './channel.js';
import { assets, REMEDY } from './platform.js';

const newWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

/** @type {import('../js/base/platform.js').StartWorker} */
export async function startWorker() {
  try {
    if (!assets) return channelTo(newWorker(), `worker.js could not be loaded. ${REMEDY}`);
  } catch (error) {
    if (!globalThis.Worker) throw error;
  }
  const { worker, reason } = (await fetchPart(() => import('./elsewhere.js'))).startElsewhere(newWorker, assets);
  return channelTo(worker, reason);
}
