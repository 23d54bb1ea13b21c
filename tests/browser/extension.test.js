// An extension: its own files, which have addresses of another scheme than http, and blob: addresses; its page, and its background, which is
// a service worker.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { backgroundOf, FIXTURES, launchExtension, onlyInChromium } from './browser.js';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const manifest = {
  manifest_version: 3,
  name: 'test',
  version: '1',
  background: { service_worker: 'background.js', type: 'module' },
  content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
};

const BACKGROUND = `
import { load } from './dist/service-worker.js';
globalThis.embed = async () => {
  const bert = await load('./model/');
  const vector = [...(await bert.embed('the movie was great'))];
  await bert.dispose();
  return { vector, notes: bert.info.notes };
};`;

const skip = onlyInChromium('extensions that a driver can load, whose background is a service worker');

test(
  'an extension loads a model from its own folder, which lacks optional files, and single files by address',
  { skip },
  async (t) => {
    const extension = await mkdtemp(join(tmpdir(), 'bertlet-extension-'));
    t.after(() => rm(extension, { recursive: true, force: true }));
    await cp(dist, join(extension, 'dist'), { recursive: true });
    await cp(join(FIXTURES, 'tiny-f32'), join(extension, 'model'), { recursive: true });
    await writeFile(join(extension, 'manifest.json'), JSON.stringify(manifest));
    await writeFile(join(extension, 'background.js'), BACKGROUND);
    await writeFile(join(extension, 'page.html'), '<!doctype html><title>A page of the extension</title>');
    const context = await launchExtension(extension);
    t.after(() => context.close());
    const worker = await backgroundOf(context);
    const page = await context.newPage();
    await page.goto(`chrome-extension://${new URL(worker.url()).host}/page.html`);
    const results = await page.evaluate(async () => {
      const { load } = await import('/dist/bertlet.js');
      const { runtime } = globalThis.chrome;
      const names = ['config.json', 'vocab.txt', 'model.safetensors'];
      const address = (name) => runtime.getURL(`model/${name}`);
      const blob = async (name) => URL.createObjectURL(await (await fetch(address(name))).blob());
      const specs = {
        folder: address(''),
        relative: './model/',
        files: Object.fromEntries(names.map((name) => [name, address(name)])),
        blobs: Object.fromEntries(await Promise.all(names.map(async (name) => [name, await blob(name)]))),
        nothing: runtime.getURL('nothing/'),
        'one file': await blob('config.json'),
      };
      const embed = async (spec) => {
        const bert = await load(spec, { threads: 1 });
        const vector = [...(await bert.embed('the movie was great'))];
        await bert.dispose();
        return vector;
      };
      const entries = Object.entries(specs).map(async ([name, spec]) => [
        name,
        await embed(spec).catch(({ code }) => code),
      ]);
      return Object.fromEntries(await Promise.all(entries));
    });
    const { folder, relative, files, blobs, ...errors } = results;
    assert.equal(folder.length, 32, folder);
    assert.deepEqual([relative, files, blobs], [folder, folder, folder]);
    assert.deepEqual(errors, { nothing: 'FILE_NOT_FOUND', 'one file': 'BAD_INPUT' });
    const { vector, notes } = await worker.evaluate(() => globalThis.embed());
    assert.deepEqual(vector, folder);
    assert.match(notes.join(' '), /on the calling thread/);
  },
);
