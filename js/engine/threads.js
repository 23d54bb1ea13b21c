// The further threads of a multi-threaded engine: workers of their own, in which the core's bertlet_threads_serve() runs.
import { startWorker } from '#platform';
import { instantiate } from '../core/instance.js';
import { Connection } from '../rpc/connection.js';

/** @typedef {import('../core/instance.js').Core} Core */
/** @typedef {import('../rpc/serve.js').Context} Context */

/** Bytes of a further thread's stack: as many as cmake/wasm.cmake gives to the first thread. */
export const STACK_BYTES = 65536;

/**
 * Makes the core's pool of threads and starts the further ones, each in a worker and with a stack of its own.
 * @param {Core} core
 * @param {import('../core/compile.js').Compiled} compiled
 * @param {number} size of the pool in bytes, bertlet_threads_bytes()
 * @returns {Promise<number>} address of the pool; rejects with what starting a thread rejects with
 */
export async function startThreads(core, { module, threads }, size) {
  const pool = core.fn.threads_init(core.reserve(size), threads);
  const starting = [];
  for (let index = 1; index < threads; index++) {
    const stack = core.reserve(STACK_BYTES) + STACK_BYTES; // it grows downwards
    const params = { module, memory: core.memory, pool, index, stack };
    starting.push(startThread(params));
  }
  // The core must not wait for them before they run: while it does, this worker can't handle the messages that start them.
  await Promise.all(starting);
  return pool;
}

/**
 * @typedef {object} ThreadParams
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory of the first thread
 * @property {number} pool its address
 * @property {number} index 1 to the number of threads - 1
 * @property {number} stack address of the end of the thread's stack
 */

/**
 * Starts a further thread. If it ends later on, so does this worker, by an error that nothing catches: without it the pool is not whole.
 * @param {ThreadParams} params
 * @returns {Promise<void>} resolves when it runs
 */
async function startThread(params) {
  const connection = new Connection(await startWorker());
  let runs = false;
  return new Promise((resolve, reject) => {
    const onEvent = () => {
      runs = true;
      resolve();
    };
    connection.call('thread', params, { onEvent }).catch((error) => {
      if (!runs) return reject(error);
      queueMicrotask(() => {
        throw error;
      });
    });
  });
}

/**
 * What a further thread does. It emits an event when it runs, and returns only when the pool is stopped.
 * @param {ThreadParams} params
 * @param {Context} context
 */
export async function runThread({ module, memory, pool, index, stack }, { emit }) {
  const core = await instantiate({ module }, memory);
  core.stackPointer.value = stack;
  emit('running');
  try {
    core.fn.threads_serve(pool, index);
  } catch (error) {
    core.fn.threads_stop(pool); // else the first thread would wait for ever for what this one has not done
    throw error;
  }
}
