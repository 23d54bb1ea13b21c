// #platform in browsers: Web Workers, and memory that they share if the page is cross-origin isolated. js/node/platform.js is its
// counterpart for Node, js/base/platform.js says what each function does. Bundlers look for URLs in the form that they have below; they
// are right in dist/, where bertlet.js and worker.js hold this file and the .wasm files are beside them.
import { BertletError } from '../js/errors.js';

export { checkHere } from '../js/base/own-build.js';
export { openStore } from './store.js';

export const cores = () => navigator.hardwareConcurrency || 1;

/** Browsers say at most 8 GB, and some nothing. */
export function memoryBytes() {
  const { deviceMemory = 4 } = /** @type {Navigator & { deviceMemory?: number }} */ (navigator);
  return deviceMemory * 2 ** 30;
}

/** @type {import('../js/base/platform.js').Platform['whyNoThreads']} */
export const whyNoThreads = () => {
  if (!globalThis.crossOriginIsolated)
    return (
      'The page is not cross-origin isolated, so there is one thread: serve it with ' +
      '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp".'
    );
  // WebKitGTK isolates pages, but has shared memory switched off: WebAssembly makes some, which no message can carry.
  return globalThis.SharedArrayBuffer ? undefined : 'Without SharedArrayBuffer there is one thread.';
};

/** @type {MessageChannel | undefined} */
let tasks;
/** @type {(() => void)[]} */
const waiting = [];

/** Waits for a message to itself: unlike setTimeout, that takes no 4 ms. */
export function nextTask() {
  if (!tasks) {
    tasks = new MessageChannel();
    tasks.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = tasks;
  return /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    })
  );
}

/** @type {import('../js/base/platform.js').Platform['whenIdle']} */
export const whenIdle = (work) => void setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(work), 1000);

/** Who started this worker starts the thread. @type {import('../js/base/platform.js').Platform['startThread']} */
export async function startThread() {
  const { port1: calls, port2: itsCalls } = new MessageChannel();
  const { port1: life, port2: itsLife } = new MessageChannel();
  /** @type {import('./channel.js').ThreadPorts} */
  const ports = [itsCalls, itsLife];
  self.postMessage({ thread: ports }, { transfer: ports });
  return {
    post: (message, transfer) => calls.postMessage(message, { transfer }),
    listen(receive, fail) {
      calls.onmessage = ({ data }) => receive(data);
      life.onmessage = ({ data: [reason, code] }) => fail(reason, code);
    },
    keepAlive() {},
    close: async () => life.postMessage('end'),
  };
}

/** Nothing but the browser ends a thread. @type {import('../js/base/platform.js').Platform['announceThread']} */
export const announceThread = () => undefined;

/** A further thread gets the port for its calls in the first message. @type {import('../js/base/platform.js').Platform['ownPort']} */
export function ownPort() {
  /** @type {MessagePort} */
  let port = /** @type {any} */ (self);
  return {
    post: (message, transfer) => port.postMessage(message, { transfer }),
    listen(receive) {
      const hear = (/** @type {MessageEvent} */ { data }) => {
        if (!data.calls) return receive(data);
        port = data.calls;
        port.onmessage = hear;
      };
      port.onmessage = hear;
    },
  };
}

const WASM = {
  scalar: () => new URL('./bertlet-scalar.wasm', import.meta.url),
  simd: () => new URL('./bertlet-simd.wasm', import.meta.url),
  'simd-mt': () => new URL('./bertlet-simd-mt.wasm', import.meta.url),
  relaxed: () => new URL('./bertlet-relaxed.wasm', import.meta.url),
  'relaxed-mt': () => new URL('./bertlet-relaxed-mt.wasm', import.meta.url),
  'train-scalar': () => new URL('./bertlet-train-scalar.wasm', import.meta.url),
  'train-simd': () => new URL('./bertlet-train-simd.wasm', import.meta.url),
  'train-simd-mt': () => new URL('./bertlet-train-simd-mt.wasm', import.meta.url),
  'train-relaxed': () => new URL('./bertlet-train-relaxed.wasm', import.meta.url),
  'train-relaxed-mt': () => new URL('./bertlet-train-relaxed-mt.wasm', import.meta.url),
};

const [modules, deps] = (import.meta.url ?? '').split('/.vite/deps');

/**
 * The folder of the worker and the .wasm files, where they are not beside this file: what the caller says, or where the package is installed, if Vite's
 * dev server (before version 8) has put this file and others into a folder of its own.
 */
export let assets = deps ? `${modules}/bertlet/dist/` : '';

/** @type {import('../js/base/platform.js').Platform['useAssets']} */
export function useAssets(folder) {
  assets = new URL(`${folder}`.replace(/\/?$/, '/'), baseURI()).href;
}

/** A worker that uses bertlet has no document; Cloudflare's have no address. */
const baseURI = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/** What to do where one of them is not found. */
export const REMEDY = `Put bertlet's dist/ there, or set "assets"; for Vite, optimizeDeps: { exclude: ['bertlet'] }`;

/** @type {import('../js/base/platform.js').Platform['compileWasm']} */
export async function compileWasm(build) {
  const url = assets ? `${assets}bertlet-${build}.wasm` : WASM[build]();
  const response = await fetch(url).catch((error) => {
    throw new BertletError('NO_WASM', `${url} could not be fetched: ${error.message}. Check the connection.`, {
      cause: error,
    });
  });
  const type = response.headers.get('content-type');
  // Some servers answer with their start page where there is no such file.
  if (!response.ok || type?.startsWith('text/html'))
    throw new BertletError('NO_WASM', `${url} could not be fetched (HTTP ${response.status}, ${type}). ${REMEDY}.`);
  // Compiles while it arrives, if the server sends the right type, which compileStreaming insists on.
  return type === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

/** @type {import('../js/base/platform.js').Platform['locate']} */
export function locate(spec) {
  const base = baseURI();
  // Any scheme: an extension's pages have their own, and blob: is one of a file.
  const isAddress = /^([a-z][a-z\d+.-]*:|\.{0,2}\/)/i.test(spec) && URL.canParse(spec, base);
  return isAddress ? { url: new URL(spec, base).href } : undefined;
}

export const hubDefaults = () => ({});

/** Never called: `locate` gives no path. */
export const openDirectory = () => Promise.reject();

/** @type {import('../js/base/platform.js').Platform['openHub']} */
export const openHub = async ({ revision }, remote) => remote(revision);

/** @returns {undefined} */
export const openDownloads = () => undefined;
