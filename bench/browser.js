// Runs the measurements in headless Chromium, in a page that is cross-origin isolated (its clock then ticks in 5 microseconds).
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import sirv from 'sirv';
import { root } from '../scripts/shell.js';
import { here } from './setup.js';
import { measureStart } from './start.js';
import { measureTraining } from './training/browser.js';
import { startTorch } from './training/torch.js';

/** @typedef {import('./page.js').PageRequest} PageRequest */
/** @typedef {import('./suites/suite.js').Row} Row */
/** @typedef {import('./suites/suite.js').Fact} Fact */

const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// The page's script takes the place of dist/bertlet.js, beside the worker and the WebAssembly builds that it will ask for.
const SCRIPT = '/dist/bench.js';
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="${SCRIPT}"></script>`;

const TRAINING_SCRIPTS = { '/dist/bench-training-page.js': 'page.js', '/dist/bench-training.js': 'worker.js' };

/** @param {string} entry */
async function bundleScript(entry) {
  const { outputFiles } = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    tsconfigRaw: '{}', // not bench/tsconfig.json, which has declarations in place of the peers
    minify: true,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

/**
 * @param {Record<string, string>} folders by the path under which they appear
 * @param {Record<string, string>} scripts likewise
 * @returns {Promise<import('node:http').Server>}
 */
async function serve(folders, scripts) {
  const mounts = Object.entries(folders).map(
    ([path, folder]) => /** @type {const} */ ([path, sirv(folder, { dev: true })]),
  );
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const url = request.url ?? '/';
    if (url === '/') return void response.setHeader('Content-Type', 'text/html').end(PAGE);
    if (scripts[url]) return void response.setHeader('Content-Type', 'text/javascript').end(scripts[url]);
    const [path, send] = mounts.find(([start]) => url.startsWith(start)) ?? [];
    if (!path || !send) return void response.writeHead(404).end();
    request.url = url.slice(path.length - 1);
    send(request, response);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** What the server was asked for so far, and has sent. @param {import('node:http').Server} server */
function countTraffic(server) {
  let requests = 0;
  /** @type {import('node:net').Socket[]} */
  const sockets = [];
  server.on('request', () => (requests += 1));
  server.on('connection', (socket) => sockets.push(socket));
  return () => ({ requests, bytes: sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0) });
}

/** A browser that has kept nothing, with a profile on disk, where a cache is as fast and as slow as for anyone. @param {string} executablePath */
async function openBrowser(executablePath) {
  const profile = await mkdtemp(join(tmpdir(), 'bertlet-bench-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ['--no-sandbox'] });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/**
 * @param {string} executablePath
 * @param {import('./run.js').Request} request
 * @param {(message: string) => void} say
 * @returns {Promise<{ version: string, rows: Row[], facts: Fact[] }>}
 */
export async function measureInBrowser(executablePath, request, say) {
  const modules = join(here, 'node_modules');
  const trains = request.suites.includes('training');
  const others = request.suites.some((suite) => suite !== 'training');
  /** @type {Record<string, string>} */
  const scripts = {};
  if (others) scripts[SCRIPT] = await bundleScript('page.js');
  if (trains)
    for (const [path, entry] of Object.entries(TRAINING_SCRIPTS))
      scripts[path] = await bundleScript(`training/${entry}`);
  const folders = {
    '/dist/': join(root, 'dist'),
    '/model/': request.model,
    ...(trains && { '/small/': request.small }),
    '/hub/bench/model/resolve/main/': request.model,
    '/hub/bench/converted/resolve/main/': request.converted,
    '/head/': request.head,
    '/exported/': join(request.exported, '../..'),
    '/onnxruntime/': join(modules, 'onnxruntime-web/dist'),
    '/transformers/': join(modules, '@huggingface/transformers/node_modules/onnxruntime-web/dist'),
    '/tfjs/': join(modules, '@tensorflow/tfjs-backend-wasm/dist'),
    '/transformers.js/': join(modules, '@huggingface/transformers/dist'),
  };
  const server = await serve(folders, scripts);
  const traffic = countTraffic(server);
  const open = () => openBrowser(executablePath);
  const { context, close } = await open();
  try {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const address = `http://127.0.0.1:${port}`;
    /** A page of its own for each suite. */
    const measure = async (/** @type {Partial<PageRequest> & { suite: string }} */ what) => {
      const page = await context.newPage();
      page.on('console', (message) => message.type() === 'info' && say(message.text()));
      await page.goto(`${address}/`);
      const results = await page.evaluate(
        (request) => /** @type {typeof globalThis & import('./page.js').PageGlobals} */ (globalThis).measure(request),
        { ...there, ...what },
      );
      await page.close();
      return results;
    };
    const id = request.exported.split('/').slice(-2).join('/');
    const there = {
      ...request,
      model: `${address}/model/`,
      small: `${address}/small/`,
      exported: `/exported/${id}`, // transformers.js takes an address with a host for a remote one
      wasm: {
        onnxruntime: `${address}/onnxruntime/`,
        transformers: `${address}/transformers/`,
        tfjs: `${address}/tfjs/`,
      },
    };
    const rows = [];
    const facts = [];
    for (const suite of request.suites) {
      if (suite === 'start') {
        say('starting again and again');
        facts.push(...(await measureStart({ open, address, traffic, id }, request)));
      } else if (suite === 'training') {
        const { ask, end } = startTorch(/** @type {string} */ (request.python), request.model, request.small);
        facts.push(...(await measureTraining(context, address, there, ask, say)));
        end();
      } else if (suite === 'memory') {
        for (const contender of ['bertlet', 'onnxruntime-web'])
          for (const dtype of request.dtypes)
            facts.push(.../** @type {Fact[]} */ (await measure({ suite, contender, dtypes: [dtype] })));
      } else rows.push(.../** @type {Row[]} */ (await measure({ suite })));
    }
    return { version: context.browser()?.version() ?? '', rows, facts };
  } finally {
    await close();
    server.close();
  }
}
