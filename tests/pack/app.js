// A page that uses the package as npm packs it, for bundlers to build and to serve.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sirv from 'sirv';
import { openPage } from '../browser/browser.js';
import { fixtures, fromRoot } from '../support.js';

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
  return { size: vector.length, label: best.label, build: bert.info.build, notes: bert.info.notes };
};`;

/** Packs the package. @param {string} folder where to @returns {Promise<string>} the path of the tarball */
export async function pack(folder) {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: fromRoot('.'),
  });
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** Writes the page's sources, and the package among its modules. @param {string} folder */
export async function makeApp(folder) {
  const tarball = await pack(folder);
  const installed = join(folder, 'node_modules/bertlet');
  await mkdir(installed, { recursive: true });
  await run('tar', ['xzf', tarball, '-C', installed, '--strip-components=1']);
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "dependencies": { "bertlet": "*" } }');
  await writeFile(join(folder, 'main.js'), PAGE);
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
}

/**
 * Serves folders, the first that has a file, and the small models.
 * @param {string[]} folders
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serveFolders(folders, headers = {}) {
  const handlers = [...folders, join(fixtures, 'model')].map((folder) => sirv(folder, { dev: true }));
  const server = createServer((req, res) => {
    res.setHeaders(new Map(Object.entries(headers)));
    const next = ([handle, ...others]) => (handle ? handle(req, res, () => next(others)) : res.writeHead(404).end());
    next(handlers);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

/**
 * Opens the page, and uses the library there.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url of the page
 * @param {string} [models] address of the small models, which must allow the page to read them
 * @returns {Promise<{ size: number, label: string, build: string, notes: string[] }>}
 */
export async function useApp(browser, url, models = url) {
  const page = await openPage(browser, url);
  try {
    await page.waitForFunction(() => window.use);
    return await page.evaluate((model) => window.use(model), `${models}tiny-f32/`);
  } finally {
    await page.context().close();
  }
}
