// What Node has of its own: worker threads, the file system. web/platform.js is the same for browsers; package.json's "imports"
// picks one of them as '#platform'.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { BertletError } from '../errors.js';

export { openDirectory, openHub } from './model-folder.js';
export { openStore } from './store.js';

export const cores = () => availableParallelism();

/** Why threads can't share memory here, as a sentence; undefined if they can. @returns {string | undefined} */
export const whyNoThreads = () => undefined;

/** Lets messages and other tasks have their turn. */
export const nextTask = () => setImmediate();

/** @returns {import('../base/platform.js').Channel} */
export function startWorker() {
  // Without execArgv: what the process was started with ("--input-type") need not suit a worker.
  // A small young generation: the pieces of a download are given back soon after they were used.
  const resourceLimits = { maxYoungGenerationSizeMb: 3 };
  const worker = new Worker(new URL('../worker/main.js', import.meta.url), {
    name: 'bertlet',
    execArgv: [],
    resourceLimits,
  });
  return {
    post: (message, transfer) => worker.postMessage(message, /** @type {any} */ (transfer)),
    listen(receive, fail) {
      worker.on('message', receive);
      worker.on('error', (error) => fail(error.message));
      worker.on('exit', (code) => fail(`exit code ${code}`));
    },
    keepAlive: (busy) => (busy ? worker.ref() : worker.unref()),
    close: () => worker.terminate().then(() => undefined),
  };
}

/** The worker's own end. @returns {import('../base/platform.js').Port} */
export function ownPort() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  return {
    post: (message, transfer) => port.postMessage(message, /** @type {any} */ (transfer)),
    listen: (receive) => void port.on('message', receive),
  };
}

/**
 * @param {import('../types.js').Build} build
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileWasm(build) {
  const path = fileURLToPath(new URL(`../../dist/bertlet-${build}.wasm`, import.meta.url));
  const bytes = await readFile(path).catch((error) => {
    throw new BertletError('NO_WASM', `${path} can't be read. In a checkout, run "npm run build" first.`, {
      cause: error,
    });
  });
  return WebAssembly.compile(bytes);
}

/**
 * @param {string} spec
 * @returns {{ url: string } | { path: string } | undefined} an absolute address; undefined: not an address, perhaps a hub id
 */
export function locate(spec) {
  if (/^https?:/i.test(spec) && URL.canParse(spec)) return { url: spec };
  if (/^file:/i.test(spec)) return { path: fileURLToPath(spec) };
  if (isAbsolute(spec) || /^\.\.?([\\/]|$)/.test(spec) || existsSync(spec)) return { path: resolve(spec) };
  return undefined;
}
