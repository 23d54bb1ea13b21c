// #start-worker in Node: starts the model's worker, a worker thread. web/start-worker.js is its counterpart for browsers.
import { Worker } from 'node:worker_threads';
import { channelTo, workerOptions } from './channel.js';
import { workerFile } from './package-files.js';

/** @type {import('../base/platform.js').StartWorker} */
export const startWorker = async () => channelTo(new Worker(workerFile(), workerOptions()));
