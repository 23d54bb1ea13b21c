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
    starting.push(
      startWorker().then(
        (channel) =>
          new Promise((resolve, reject) => {
            new Connection(channel).call('thread', params, { onEvent: resolve }).catch(reject);
          }),
      ),
    );
  }
  // The core must not wait for them before they run: while it does, this worker can't handle the messages that start them.
  await Promise.all(starting);
  return pool;
}

/**
 * What a further thread does. It emits an event when it runs, and never returns.
 * @param {{ module: WebAssembly.Module, memory: WebAssembly.Memory, pool: number, index: number, stack: number }} params `pool`: its
 *   address; `index`: 1 to the number of threads - 1; `stack`: address of the end of its stack
 * @param {Context} context
 */
export async function runThread({ module, memory, pool, index, stack }, { emit }) {
  const core = await instantiate({ module }, memory);
  core.stackPointer.value = stack;
  emit('running');
  core.fn.threads_serve(pool, index);
}
