// `npm run dev`: the page served by Vite from its sources, which reloads what is saved in demo/. What is saved in src/, js/ or web/ is
// built into dist/, from where the page has the library, and the page is loaded again.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWasm } from './build.js';
import { bundle } from './bundle.js';
import { ensureModel, ensurePackages } from './setup.js';
import { main, root, step } from './shell.js';

/** @typedef {import('vite').ViteDevServer} ViteDevServer */

/** What each folder's files go through. */
const BUILDS = { src: buildWasm, js: bundleJs, web: bundleJs };

function bundleJs() {
  return step('Bundling the JavaScript', bundle);
}

/** How long to wait for the next file, in milliseconds: editors save in several steps. */
const PAUSE = 50;

/**
 * Builds what a saved file belongs to, one after the other, and loads the open pages again.
 * @param {ViteDevServer} server
 */
function buildOnSave(server) {
  /** @type {Set<() => Promise<void>>} */
  const wanted = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let working = Promise.resolve();

  async function update() {
    const builds = [...wanted];
    wanted.clear();
    try {
      for (const build of builds) await build();
      const { moduleGraph, hot } = server.environments.client;
      moduleGraph.invalidateAll();
      hot.send({ type: 'full-reload' });
    } catch (error) {
      // The tool has said what is wrong; wait for the next save.
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    }
  }

  for (const folder of Object.keys(BUILDS)) server.watcher.add(join(root, folder));
  server.watcher.on('all', (_event, path) => {
    for (const [folder, build] of Object.entries(BUILDS)) {
      if (!path.startsWith(join(root, folder, '/'))) continue;
      wanted.add(build);
      clearTimeout(timer);
      timer = setTimeout(() => (working = working.then(update)), PAUSE);
    }
  });
}

/**
 * @param {{ port?: number, models?: string }} [options] models: folder that holds models as `org/name/`, default the local model folder
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveSources({ port = 8080, models } = {}) {
  const { createServer } = await import('vite');
  const { modelFolder } = await import('../js/node/model-folder.js');
  const { modelFiles } = await import('./files.js');
  const { headersOf } = await import('./headers.js');
  const sendModel = modelFiles(models ?? modelFolder(''));
  const headers = headersOf({ vite: true });

  const server = await createServer({
    configFile: join(root, 'demo/vite.config.js'),
    logLevel: 'warn',
    server: { host: '127.0.0.1', port, watch: { ignored: [join(root, 'dist/**'), join(root, 'build/**')] } },
    plugins: [
      {
        name: 'bertlet',
        configureServer({ middlewares }) {
          middlewares.use((req, res, next) => {
            res.setHeaders(headers);
            if (!sendModel(req, res)) next();
          });
        },
      },
    ],
  });
  buildOnSave(server);
  await server.listen();
  const [url] = server.resolvedUrls?.local ?? [];
  return { url, close: () => server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await ensurePackages();
    await buildWasm();
    await bundleJs();
    await ensureModel();
    const { url } = await serveSources({ port: Number(process.env.PORT ?? 8080) });
    process.stdout.write(`\nThe demo is at ${url}; what is saved in demo, js, web or src reaches it.\n`);
  });
}
