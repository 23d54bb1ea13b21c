// Serves the demo page, the built package and the local models. What `npm start`, `npm run dev` and the browser tests use.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { modelFolder } from '../js/node/model-folder.js';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */

/**
 * @typedef {object} ServeOptions
 * @property {number} [port] default 8080; a free one is taken when it is in use, or for 0
 * @property {string} [host] default 127.0.0.1
 * @property {boolean} [live] whether pages reload when `reload()` is called
 * @property {boolean} [isolated] default true: send the headers that allow a page to use threads
 * @property {string} [models] folder that holds models as `org/name/`, default the local model folder
 */

/**
 * @typedef {object} Server
 * @property {string} url of the demo page, ending in a slash
 * @property {() => void} reload makes every open page load itself again; does nothing unless live
 * @property {() => Promise<void>} close
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));

// Hugging Face's hub answers a request for weights by sending the browser on to its storage, under one of its other names.
const HUB = 'https://huggingface.co https://*.huggingface.co https://*.hf.co';

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  `connect-src 'self' ${HUB}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

// Both are needed for `crossOriginIsolated`, without which a page has no shared memory and so no threads.
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** @param {ServerResponse} res */
function notFound(res) {
  res.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n');
}

/**
 * Files under `folder`, read anew at each request, or 404. sirv lets no path out of the folder.
 * @param {string} folder
 */
function files(folder) {
  const handle = sirv(folder, { dev: true, etag: true });
  return (/** @type {IncomingMessage} */ req, /** @type {ServerResponse} */ res, /** @type {string} */ path) => {
    req.url = path;
    handle(req, res, () => notFound(res));
  };
}

/** The pages that wait for a reload, each on a stream of server-sent events. */
function liveReload() {
  /** @type {Set<ServerResponse>} */
  const pages = new Set();
  return {
    /** @param {ServerResponse} res */
    async sendPage(res) {
      const html = await readFile(join(ROOT, 'demo/index.html'), 'utf8');
      res.setHeader('Content-Type', 'text/html;charset=utf-8');
      res.end(html.replace('</head>', '<script type="module" src="/live.js"></script></head>'));
    },
    /** @param {ServerResponse} res */
    sendScript(res) {
      res.setHeader('Content-Type', 'text/javascript');
      res.end("new EventSource('/live').onmessage = () => location.reload();\n");
    },
    /** @param {ServerResponse} res */
    subscribe(res) {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders();
      pages.add(res);
      res.on('close', () => pages.delete(res));
    },
    reload() {
      for (const page of pages) page.write('data: reload\n\n');
    },
  };
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 * @param {string} host
 * @returns {Promise<number>} the port
 */
function listen(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    });
  });
}

/**
 * @param {ServeOptions} [options]
 * @returns {Promise<Server>}
 */
export async function serve({
  port = 8080,
  host = '127.0.0.1',
  live = false,
  isolated = true,
  models = modelFolder(''),
} = {}) {
  const sendDemo = files(join(ROOT, 'demo'));
  const sendPackage = files(join(ROOT, 'dist'));
  const sendModel = files(models);
  const reloading = liveReload();
  const headers = Object.entries(isolated ? { ...HEADERS, ...ISOLATION } : HEADERS);

  const server = createServer((req, res) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    if (req.method !== 'GET' && req.method !== 'HEAD') return void res.writeHead(405, { Allow: 'GET, HEAD' }).end();

    const path = (req.url ?? '/').replace(/[?#].*/s, '');
    // A mirror of Hugging Face's hub: what is at hand is the only revision there is.
    const model = /^\/models\/((?:[^/]+\/)?[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(path);
    if (model) return sendModel(req, res, `/${model[1]}/${model[2]}`);
    if (path.startsWith('/dist/')) return sendPackage(req, res, path.slice('/dist'.length));
    if (live && path === '/') return reloading.sendPage(res);
    if (live && path === '/live.js') return reloading.sendScript(res);
    if (live && path === '/live') return reloading.subscribe(res);
    return sendDemo(req, res, path);
  });

  const taken = await listen(server, port, host).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return listen(server, 0, host);
  });

  return {
    url: `http://${host}:${taken}/`,
    reload: reloading.reload,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
