// Pages of an environment, in Chromium.
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { launch } from '../browser/browser.js';
import { fixtures } from '../support.js';

/** What lets a page have threads. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

const models = sirv(join(fixtures, 'model'), { dev: true });

/**
 * A server, until it is closed.
 * @param {import('node:http').RequestListener} handle
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function listen(handle) {
  const server = createServer(handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

/**
 * Serves folders, the first that has a file.
 * @param {string[]} folders
 * @param {Record<string, string>} [headers]
 */
export function serveFolders(folders, headers = {}) {
  const handlers = folders.map((folder) => sirv(folder, { dev: true }));
  return listen((req, res) => {
    res.setHeaders(new Map(Object.entries(headers)));
    const next = ([handle, ...others]) => (handle ? handle(req, res, () => next(others)) : res.writeHead(404).end());
    next(handlers);
  });
}

/**
 * Another server's pages on an origin that is isolated and has the small models under /models/.
 * @param {string} to its address
 * @param {Record<string, string>} [headers] of all answers, beside those that isolate
 */
const isolate = (to, headers = {}) =>
  listen((req, res) => {
    for (const [name, value] of Object.entries({ ...ISOLATED, ...headers })) res.setHeader(name, value);
    if (req.url.startsWith('/models/')) {
      req.url = req.url.slice('/models'.length);
      return models(req, res, () => res.writeHead(404).end());
    }
    const { host } = new URL(to);
    const forwarded = request(
      new URL(req.url, to),
      { method: req.method, headers: { ...req.headers, host } },
      (answer) => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      },
    );
    forwarded.on('error', () => res.destroy());
    req.pipe(forwarded);
  });

/**
 * Opens a page that has window.use, and calls it with the address of a model.
 * @param {string} to address of the server
 * @param {{ path?: string, headers?: Record<string, string> }} [options] `path` of the page
 * @returns {Promise<object>} what it gives
 */
export async function usePage(to, { path = '', headers } = {}) {
  const { url, close } = await isolate(to, headers);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    await page.goto(url + path);
    await page
      .waitForFunction(() => globalThis.use, null, { timeout: 60_000 })
      .catch((error) => {
        throw new Error(`${error.message}; ${faults.join('; ')}`, { cause: error });
      });
    return await page.evaluate((model) => globalThis.use(model), `${url}models/tiny-f32/`);
  } finally {
    await browser.close();
    close();
  }
}

/** The same for a page of files. @param {string[]} folders @param {Parameters<typeof usePage>[1]} [options] */
export async function useFolders(folders, options) {
  const { url, close } = await serveFolders(folders);
  try {
    return await usePage(url, options);
  } finally {
    close();
  }
}
