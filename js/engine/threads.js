// The further threads of a multi-threaded engine: workers of their own, in which the core's bertlet_threads_serve() runs.
import { announceThread, startThread } from '#platform';
import { align, instantiate } from '../core/instance.js';
import { Connection } from '../rpc/connection.js';

/** @typedef {import('../core/instance.js').Core} Core */
/** @typedef {import('../rpc/serve.js').Context} Context */

/** Bytes of a further thread's stack: as many as cmake/wasm.cmake gives to the first thread. */
const STACK_BYTES = 65536;

/**
 * Bytes that `startThreads` takes.
 * @param {Core} probe an instance to compute sizes with
 * @param {number} threads
 */
export const measureThreads = ({ fn }, threads) =>
  threads > 1 ? align(fn.threads_bytes(threads) >>> 0) + (threads - 1) * STACK_BYTES : 0;

/**
 * A pool of the core's threads.
 * @typedef {object} Threads
 * @property {number} pool its address
 * @property {() => void} stop ends the further threads, and their workers after them; no loop of the pool may run any more
 */

/**
 * Makes the core's pool of threads and starts the further ones, each in a worker and with a stack of its own.
 * @param {Core} core
 * @param {import('../core/compile.js').Compiled} compiled
 * @param {(error: Error) => void} onFailure called if a further thread ends before `stop`: the pool is not whole then. If it ended in a
 *   loop, that loop has trapped or is about to
 * @returns {Promise<Threads>} rejects with what starting a thread rejects with
 */
export async function startThreads(core, { module, threads }, onFailure) {
  const pool = core.fn.threads_init(core.reserve(core.fn.threads_bytes(threads) >>> 0), threads);
  /** @type {Connection[]} */
  const connections = [];
  let stopped = false;
  const stop = () => {
    stopped = true;
    core.fn.threads_stop(pool);
    for (const connection of connections) connection.closeWhenIdle();
  };
  const start = async (/** @type {Omit<ThreadParams, 'alive'>} */ params) => {
    const connection = new Connection(await startThread());
    connections.push(connection);
    const alive = announceThread();
    await runIn(connection, { ...params, alive }, (error) => {
      if (!stopped) onFailure(error);
    });
    if (stopped) connection.closeWhenIdle();
  };
  const starting = [];
  for (let index = 1; index < threads; index++) {
    const stack = core.reserve(STACK_BYTES) + STACK_BYTES; // it grows downwards
    starting.push(start({ module, memory: core.memory, pool, index, stack }));
  }
  // The core must not wait for them before they run: while it does, this worker can't handle the messages that start them.
  try {
    await Promise.all(starting);
  } catch (error) {
    stop();
    throw error;
  }
  return { pool, stop };
}

/**
 * @typedef {object} ThreadParams
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory of the first thread
 * @property {number} pool its address
 * @property {number} index 1 to the number of threads - 1
 * @property {number} stack address of the end of the thread's stack
 * @property {MessagePort} [alive] see `announceThread`
 */

/**
 * Has a worker be a further thread.
 * @param {Connection} connection to it
 * @param {ThreadParams} params
 * @param {(error: Error) => void} onFailure called if it fails later on
 * @returns {Promise<void>} resolves when it runs
 */
function runIn(connection, params, onFailure) {
  return new Promise((resolve, reject) => {
    let runs = false;
    const onEvent = () => {
      runs = true;
      resolve();
    };
    connection
      .call('thread', params, { onEvent, transfer: params.alive && [params.alive] })
      .catch((error) => (runs ? onFailure(error) : reject(error)));
  });
}

/**
 * What a further thread does. It emits an event when it runs, and returns only when the pool is stopped.
 * @param {ThreadParams} params
 * @param {Context} context
 */
export async function runThread({ module, memory, pool, index, stack, alive }, { emit }) {
  const core = await instantiate({ module }, memory);
  core.stackPointer.value = stack;
  emit('running');
  try {
    core.fn.threads_serve(pool, index);
  } catch (error) {
    core.fn.threads_stop(pool); // else the first thread would wait for ever for what this one has not done
    throw error;
  }
  alive?.postMessage('stopped');
}
