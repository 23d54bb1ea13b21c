// The page as `npm run dev` serves it: from its sources, and anew when one of them or of the library's is saved.
import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serveSources } from '../../scripts/dev.js';
import { root } from '../../scripts/shell.js';
import { FIXTURES, launch, openPage } from './browser.js';

let browser;
let server;
let page;

before(async () => {
  browser = await launch();
  server = await serveSources({ port: 0, models: FIXTURES });
  page = await openPage(browser, `${server.url}?model=tiny-f32&hub=/models`);
});

after(async () => {
  await browser.close();
  await server.close();
});

const ready = () => page.waitForSelector('#model[data-state=ready]');

/** Saves a file as it is, and waits until the page is another one. */
async function save(path) {
  await page.evaluate(() => (window.before = true));
  await utimes(join(root, path), new Date(), new Date());
  await page.waitForFunction(() => !window.before);
  await ready();
}

test('the model loads and learns, on several threads', async () => {
  await ready();
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  assert.match(await page.textContent('.model-aside'), /WebAssembly .*, \d thread/);
  await page.click('#train');
  await page.waitForSelector('.accuracy');
  await page.fill('#try-text', 'good');
  await page.waitForSelector('#try-result .verdict:has-text("%")');
});

test('what is saved of the demo and of the library reaches the page', async () => {
  await save('demo/shared/format.js');
  await save('js/errors.js');
  await save('web/store.js');
});

test('no error, no breach of the policy, no request to another origin', () => {
  assert.deepEqual(page.faults, []);
});
