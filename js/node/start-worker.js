// #start-worker in Node: starts the model's worker, a worker thread. web/start-worker.js is its counterpart for browsers. Only what starts a
// worker imports it: a worker's own files must not name its address, since bundlers would follow it in a circle.
import { Worker } from 'node:worker_threads';
import { channelTo, workerOptions } from './channel.js';
import { assetFile, isApart } from './package-files.js';

/** @type {import('../base/platform.js').StartWorker} */
export const startWorker = async () =>
  channelTo(
    isApart()
      ? new Worker(assetFile('node-worker.js'), workerOptions())
      : new Worker(new URL('../worker/main.js', import.meta.url), workerOptions()), // in the form that bundlers look for
  );
