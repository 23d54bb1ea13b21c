// #platform in Node: worker threads and the file system. web/platform.js is its counterpart for browsers; package.json's "imports"
// picks one of them. js/base/platform.js says what each function does.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { BertletError } from '../errors.js';
import { assetFile, useAssets } from './package-files.js';

export { checkHere } from '../base/own-build.js';
export { openDownloads } from './downloads.js';
export { openDirectory, openHub } from './model-folder.js';
export { useAssets } from './package-files.js';
export { startWorker as startThread } from './start-worker.js';
export { openStore } from './store.js';
export { announceThread } from './watch-thread.js';

export const cores = () => availableParallelism();

/** What the system allows the process, where that is less than there is. */
export const memoryBytes = () => Math.min(process.constrainedMemory() || Infinity, totalmem());

/** @returns {string | undefined} */
export const whyNoThreads = () => undefined;

export const nextTask = () => setImmediate();

/** @type {import('../base/platform.js').Platform['whenIdle']} */
export const whenIdle = () => {};

/** @returns {import('../base/platform.js').Port} */
export function ownPort() {
  if (workerData?.assets) useAssets(workerData.assets);
  return {
    post: (message, transfer) => parentPort?.postMessage(message, /** @type {any} */ (transfer)),
    listen: (receive) => void parentPort?.on('message', receive),
  };
}

/**
 * @param {import('../base/platform.js').WasmName} build
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileWasm(build) {
  const path = assetFile(`bertlet-${build}.wasm`);
  const bytes = await readFile(path).catch((error) => {
    throw new BertletError('NO_WASM', `${path} can't be read. In a checkout, run "npm run build" first.`, {
      cause: error,
    });
  });
  return WebAssembly.compile(bytes);
}

/**
 * What Hugging Face's own libraries read: HF_ENDPOINT and HF_TOKEN.
 * @returns {{ hub?: string, token?: string }}
 */
export function hubDefaults() {
  const { HF_ENDPOINT: hub, HF_TOKEN: token } = process.env;
  return { hub: hub || undefined, token: token?.trim() };
}

/**
 * A relative path is taken for one if it begins with a dot, or if it exists; else it may be a hub id.
 * @param {string} spec
 * @returns {{ url: string } | { path: string } | undefined}
 */
export function locate(spec) {
  if (/^https?:/i.test(spec) && URL.canParse(spec)) return { url: spec };
  if (/^file:/i.test(spec)) return { path: pathOf(spec) };
  if (isAbsolute(spec) || /^\.\.?([\\/]|$)/.test(spec) || existsSync(spec)) return { path: resolve(spec) };
  return undefined;
}

/**
 * @param {string} address a file: URL
 * @returns {string} throws BAD_INPUT if it is of another machine, or no URL
 */
function pathOf(address) {
  try {
    return fileURLToPath(address);
  } catch (error) {
    const why = /** @type {Error} */ (error).message;
    throw new BertletError('BAD_INPUT', `${address} is not the address of a file on this machine: ${why}.`, {
      cause: error,
    });
  }
}
