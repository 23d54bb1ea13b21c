// A worker as bertlet's own, for two threads, but the further one, which runs this file too, fails.
import { syncBuiltinESMExports } from 'node:module';
import threads, { Worker, workerData } from 'node:worker_threads';
import { ownPort } from '#platform';
import { runThread } from '../../js/engine/threads.js';
import { Connection } from '../../js/rpc/connection.js';
import { serve } from '../../js/rpc/serve.js';
import { createMethods } from '../../js/worker/methods.js';

if (workerData === 'trap') {
  // It gets a number that no thread of the pool has: whatever it does with scratch memory is out of bounds.
  const { call } = Connection.prototype;
  Connection.prototype.call = function (method, params, options) {
    return call.call(this, method, { ...params, index: 0x1234567 }, options);
  };
}

if (workerData === 'kill') {
  threads.Worker = class extends Worker {
    constructor(path, options) {
      super(new URL('killed-thread.js', import.meta.url), options);
    }
  };
  syncBuiltinESMExports();
}

/** @type {Worker} the further thread's */
let thread;
const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (...message) {
  thread = this;
  return postMessage.apply(this, message);
};

serve(ownPort(), { ...createMethods(), thread: runThread, endThread: () => thread.terminate() });
