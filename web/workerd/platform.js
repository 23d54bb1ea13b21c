// #platform in Cloudflare's workers: no threads, no files, no address of one's own, and no WebAssembly but what was imported when the worker was
// built. Code may run in the midst of a request only, and waits with it: so nothing here waits for a timer or a message, which would be gone with the
// request that began it, and a call of a loaded model ends in the same turn of the thread.
import { BertletError } from '../../js/errors.js';

export const cores = () => 1;

/** What a worker may have, https://developers.cloudflare.com/workers/platform/limits/ */
export const memoryBytes = () => 128 * 2 ** 20;

/** @type {import('../../js/base/platform.js').Platform['whyNoThreads']} */
export const whyNoThreads = () => 'In Cloudflare’s workers there is one thread.';

/** @type {import('../../js/base/platform.js').Platform['checkHere']} */
export const checkHere = () => {};

/** No task, since others have none to wait for. @type {import('../../js/base/platform.js').Platform['nextTask']} */
export const nextTask = () => Promise.resolve();

/** @type {import('../../js/base/platform.js').Platform['whenIdle']} */
export const whenIdle = () => {}; // all is in one file

/** Never called: there is one thread. */
export const startThread = () => Promise.reject();

/** @returns {undefined} */
export const announceThread = () => undefined;

/** @type {import('../../js/base/platform.js').Platform['useAssets']} */
export function useAssets() {
  throw new BertletError(
    'BAD_INPUT',
    'In Cloudflare’s workers the .wasm files are part of the worker, and come from no folder: leave out "assets".',
  );
}

const train = () => import('./bertlet-train-relaxed.wasm');

/**
 * The files beside dist/workerd.js. One build is enough, since the engine is always the newest.
 * @type {Partial<Record<import('../../js/base/platform.js').WasmName, () => Promise<{ default: unknown }>>>}
 */
const WASM = {
  relaxed: () => import('./bertlet-relaxed.wasm'),
  'train-relaxed': train,
  'train-scalar': train, // which is asked for where it is as good as any
};

/** @type {import('../../js/base/platform.js').Platform['compileWasm']} */
export async function compileWasm(build) {
  let cause;
  const imported = await WASM[build]?.().catch((error) => void (cause = error));
  if (imported?.default instanceof WebAssembly.Module) return imported.default;
  throw new BertletError(
    'NO_WASM',
    `There is no WebAssembly.Module of the build "${build}". bertlet's file for Cloudflare’s workers has "relaxed" alone, from an import of its .wasm ` +
      'file: there, let the bundler leave that import as it is, as Wrangler does; elsewhere, import "bertlet".',
    { cause },
  );
}

/** @type {import('../../js/base/platform.js').Platform['locate']} */
export function locate(spec) {
  if (URL.canParse(spec)) return { url: new URL(spec).href };
  if (!/^\.{0,2}\//.test(spec)) return undefined;
  throw new BertletError(
    'BAD_INPUT',
    `"${spec}" is relative, and a Cloudflare worker has no address: give a whole one (https://…), or the files themselves, as of R2 or of ASSETS.fetch().`,
  );
}

export const hubDefaults = () => ({});

/** Never called: `locate` gives no path. */
export const openDirectory = () => Promise.reject();

/** @type {import('../../js/base/platform.js').Platform['openHub']} */
export const openHub = async ({ revision }, remote) => remote(revision);

/** @type {import('../../js/base/platform.js').Platform['openStore']} */
export const openStore = () => Promise.reject(new Error('Cloudflare’s workers have no files.'));

/** @returns {undefined} */
export const openDownloads = () => undefined;
