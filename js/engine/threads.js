// The further threads of a multi-threaded engine, each a worker of its own that runs the core's bertlet_threads_serve().
import { startWorker } from '#platform';
import { instantiate } from '../core/instance.js';
import { Connection } from '../rpc/connection.js';

/** @typedef {import('../core/instance.js').Core} Core */
/** @typedef {import('../rpc/serve.js').Context} Context */

/** Bytes of a further thread's stack, as cmake/wasm.cmake gives the first thread. */
export const STACK_BYTES = 65536;

/**
 * Starts the core's further threads, each in a worker with a stack of its own.
 * @param {Core} core
 * @param {import('../core/compile.js').Compiled} compiled
 * @param {number} size of the pool
 * @returns {Promise<number>} address of the pool
 */
export async function startThreads(core, { module, threads }, size) {
  const pool = core.fn.threads_init(core.reserve(size), threads);
  const starting = [];
  for (let index = 1; index < threads; index++) {
    const stack = core.reserve(STACK_BYTES) + STACK_BYTES; // it grows downwards
    const worker = new Connection(startWorker());
    starting.push(
      new Promise((resolve, reject) => {
        const params = { module, memory: core.memory, pool, index, stack };
        worker.call('thread', params, { onEvent: resolve }).catch(reject);
      }),
    );
  }
  // They must run before the core waits for them: waiting, this worker could not help them to start.
  await Promise.all(starting);
  return pool;
}

/**
 * Body of a further thread.
 * @param {{ module: WebAssembly.Module, memory: WebAssembly.Memory, pool: number, index: number, stack: number }} params
 * @param {Context} context
 */
export async function runThread({ module, memory, pool, index, stack }, { emit }) {
  const core = await instantiate({ module }, memory);
  core.stackPointer.value = stack;
  emit('running');
  core.fn.threads_serve(pool, index);
}
