// What to start where worker.js can't be started as it stands beside bertlet.js: from another origin than the page's, as from a CDN; and in a
// sandboxed iframe, which has no origin. Fetched only there.

/** By the addresses of what they load. @type {Map<string, ReturnType<typeof loaderOf>>} */
const loaders = new Map();

/**
 * A script of this page's origin that loads one of another. It is a classic one, since a page without an origin may not start modules from
 * blob: addresses; it keeps what arrives before the module is there.
 * @param {string} url of worker.js, on another origin
 * @param {WorkerOptions['type']} type 'module', or else a classic script, which bundlers make of modules
 * @returns {{ loader: string, reason: string }} its address, and what is wrong if it can't be loaded
 */
export function loaderOf(url, type) {
  const known = loaders.get(url);
  if (known) return known;
  const reason = `${url} could not be loaded into a worker of this page, which has another origin. Its Content-Security-Policy must allow blob: and ${new URL(url).origin} in worker-src, and the server must allow other origins to read the file (Access-Control-Allow-Origin). Or serve bertlet's files from the page's own origin, or give load() { worker: false }`;
  const [script, message] = [url, reason].map((text) => JSON.stringify(text));
  const source =
    type === 'module'
      ? `const early = [];
onmessage = (event) => early.push(event);
import(${script}).then(
  () => early.forEach((event) => onmessage(event)),
  () => setTimeout(() => { throw new Error(${message}); }),
);`
      : `importScripts(${script});`;
  const made = { loader: URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), reason };
  loaders.set(url, made);
  return made;
}
