// The package under other versions of Vite than the one that is among our development dependencies: its dev server, without and with
// the package left out of pre-bundling, and a build. It installs them, so it is not part of `npm test`. Prints a line for each:
//   CHROMIUM=/usr/bin/chromium node tests/pack/vite-versions.js [VERSION ...]
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { launch } from '../browser/chromium.js';
import { makeApp, serveFolders, useApp } from './app.js';

/** The last of each major version that people still use. */
const VERSIONS = ['5.4.21', '6.4.6', '7.3.8'];

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'bertlet-vite-'));
const browser = await launch();
const models = await serveFolders([], { 'Access-Control-Allow-Origin': '*' });

/** @param {string} url of a page */
const outcome = (url) =>
  useApp(browser, url, models.url).then(
    ({ size, label, notes }) => {
      const where = /calling thread/.test(notes.join(' ')) ? 'on the calling thread' : 'in a worker';
      return size === 32 && label === 'yes' ? `works, ${where}` : 'gives other numbers';
    },
    ({ message }) => `fails: ${message.split('\n')[0]}`,
  );

try {
  for (const version of process.argv.length > 2 ? process.argv.slice(2) : VERSIONS) {
    const place = join(folder, version);
    await mkdir(place);
    await writeFile(join(place, 'package.json'), '{}');
    await run('npm', ['install', '--no-audit', '--no-fund', `vite@${version}`], { cwd: place });
    const { build, createServer } = await import(
      pathToFileURL(join(place, 'node_modules/vite/dist/node/index.js')).href
    );
    const dev = async (settings) => {
      const root = await mkdtemp(join(place, 'app-'));
      await makeApp(root);
      const server = await createServer({
        root,
        configFile: false,
        logLevel: 'error',
        server: { port: 0, host: '127.0.0.1' },
        ...settings,
      });
      await server.listen();
      const result = await outcome(server.resolvedUrls.local[0]);
      await server.close();
      return result;
    };
    const built = async () => {
      const root = await mkdtemp(join(place, 'app-'));
      await makeApp(root);
      await build({ root, configFile: false, logLevel: 'error', worker: { format: 'es' } });
      const { url, close } = await serveFolders([join(root, 'dist')]);
      const result = await outcome(url);
      close();
      return result;
    };
    process.stdout.write(`Vite ${version}, dev: ${await dev({})}\n`);
    const excluded = await dev({ optimizeDeps: { exclude: ['bertlet'] } });
    process.stdout.write(`Vite ${version}, dev, optimizeDeps: { exclude: ['bertlet'] }: ${excluded}\n`);
    process.stdout.write(`Vite ${version}, build, worker: { format: 'es' }: ${await built()}\n`);
  }
} finally {
  await browser.close();
  models.close();
  await rm(folder, { recursive: true, force: true });
}
