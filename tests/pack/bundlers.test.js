// The package as npm packs it, built into a page by Vite and by webpack without any setting of ours, and run in Chromium.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import sirv from 'sirv';
import { launch, openPage } from '../browser/chromium.js';
import { fixtures, fromRoot, temporaryFolder } from '../support.js';

const run = promisify(execFile);

const PAGE = `
import { load } from 'bertlet';
window.use = async (model) => {
  const bert = await load(model, { cache: false });
  const vector = await bert.embed('a good movie');
  const examples = ['good', 'bad', 'great', 'awful'].map((text, i) => ({ text, label: i % 2 ? 'no' : 'yes' }));
  const head = await bert.fit(examples, { c: 1 });
  const [best] = await head.classify('good');
  await bert.dispose();
  return { size: vector.length, label: best.label, build: bert.info.build };
};`;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A page's sources, and the package among its modules. */
async function makeApp(t) {
  const folder = await temporaryFolder(t);
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: fromRoot('.'),
  });
  const [{ filename }] = JSON.parse(stdout);
  const installed = join(folder, 'node_modules/bertlet');
  await mkdir(installed, { recursive: true });
  await run('tar', ['xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'main.js'), PAGE);
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
  return folder;
}

/** Opens what was built, and uses it. */
async function useIn(t, folder) {
  const built = sirv(folder, { dev: true });
  const models = sirv(join(fixtures, 'model'), { dev: true });
  const server = createServer((req, res) => built(req, res, () => models(req, res)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}/`;
  const page = await openPage(browser, url);
  t.after(() => page.context().close());
  await page.waitForFunction(() => window.use);
  const result = await page.evaluate((model) => window.use(model), `${url}tiny-f32/`);
  assert.equal(result.size, 32);
  assert.equal(result.label, 'yes');
  assert.ok(['relaxed', 'simd', 'scalar'].includes(result.build), 'a page that is not isolated has one thread');
}

test('Vite', async (t) => {
  const { build } = await import('vite');
  const folder = await makeApp(t);
  await build({ root: folder, logLevel: 'error' });
  await useIn(t, join(folder, 'dist'));
});

test('webpack', async (t) => {
  const { default: webpack } = await import('webpack');
  const folder = await makeApp(t);
  const built = join(folder, 'dist');
  const stats = await promisify(webpack)({
    context: folder,
    mode: 'production',
    entry: './main.js',
    output: { path: built },
  });
  assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }), { errors: [], warnings: [] });
  await writeFile(join(built, 'index.html'), '<!doctype html><script src="./main.js"></script>');
  assert.ok((await readdir(built)).some((name) => name.endsWith('.wasm')));
  await useIn(t, built);
});
