// The package as npm packs it, built into a page by Vite and by webpack without any setting of ours, and run in Chromium.
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch } from '../browser/browser.js';
import { temporaryFolder } from '../support.js';
import { makeApp, serveFolders, useApp } from './app.js';

/** Of everything that a page on another origin reads. */
const FOR_ALL = { 'Access-Control-Allow-Origin': '*' };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const makeHere = async (t) => {
  const folder = await temporaryFolder(t);
  await makeApp(folder);
  return folder;
};

const serve = async (t, ...options) => {
  const { url, close } = await serveFolders(...options);
  t.after(close);
  return url;
};

const isRight = ({ size, label, build, notes }) => {
  assert.deepEqual([size, label], [32, 'yes']);
  assert.ok(['relaxed', 'simd', 'scalar'].includes(build), 'a page that is not isolated has one thread');
  assert.doesNotMatch(notes.join(' '), /calling thread/);
};

test('Vite', async (t) => {
  const { build } = await import('vite');
  const folder = await makeHere(t);
  await build({ root: folder, logLevel: 'error' });
  isRight(await useApp(browser, await serve(t, [join(folder, 'dist')])));
});

test("Vite's dev server", async (t) => {
  const { createServer } = await import('vite');
  const folder = await makeHere(t);
  const server = await createServer({ root: folder, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } });
  t.after(() => server.close());
  await server.listen();
  isRight(await useApp(browser, server.resolvedUrls.local[0], await serve(t, [], FOR_ALL)));
});

test('webpack, from the page’s origin and from another', async (t) => {
  const { default: webpack } = await import('webpack');
  const folder = await makeHere(t);
  const built = join(folder, 'dist');
  const cdn = await serve(t, [built], FOR_ALL);
  for (const publicPath of ['auto', cdn]) {
    const stats = await promisify(webpack)({
      context: folder,
      mode: 'production',
      entry: './main.js',
      output: { path: built, publicPath },
      optimization: { minimize: publicPath === 'auto' }, // once is enough
    });
    assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }), { errors: [], warnings: [] });
    assert.ok((await readdir(built)).some((name) => name.endsWith('.wasm')));
    const pages = await temporaryFolder(t);
    const script = publicPath === 'auto' ? './main.js' : `${cdn}main.js`;
    await writeFile(join(pages, 'index.html'), `<!doctype html><script src="${script}"></script>`);
    isRight(await useApp(browser, await serve(t, publicPath === 'auto' ? [pages, built] : [pages])));
  }
});
