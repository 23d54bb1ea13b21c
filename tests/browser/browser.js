// What the tests in this folder share: a headless browser, pages that take notes of everything they should not do, and the
// reference values that PyTorch computed. BERTLET_BROWSER says in which: chromium, firefox or webkit.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium, firefox } from 'playwright-core';
import { modelFolder } from '../../js/node/model-folder.js';
import { serve } from '../../scripts/serve.js';

export const MODEL = 'sentence-transformers/all-MiniLM-L6-v2';
export const FIXTURES = fileURLToPath(new URL('../fixtures/model', import.meta.url));

/** Why a test that needs the default model can't run, or false: the value of a test's `skip`. */
export const withoutModel = existsSync(join(modelFolder(MODEL), 'model.safetensors'))
  ? false
  : `${MODEL} is not in the local model folder: npm test brings it`;

/** Any document of the server that runs no script, as a place for calls of the library. */
export const EMPTY_PAGE = 'icon.svg';

/** Which browser the tests use. */
export const ENGINE = process.env.BERTLET_BROWSER || 'chromium';

/**
 * Why a test is skipped in other browsers than Chromium, or false: the value of a test's `skip`.
 * @param {string} what only Chromium has, or lets a test do
 */
export const onlyInChromium = (what) => ENGINE !== 'chromium' && `only in Chromium: ${what}`;

/** Why a test of builds with relaxed SIMD is skipped, or false. */
export const withoutRelaxed = ENGINE === 'webkit' && 'WebKit has no relaxed SIMD';

/** Why a test that drives the demo is skipped in a file that has others, too, or false. */
export const withoutSelectors = ENGINE === 'webkit' && 'WebKit is driven without selectors';

/** `onlyInChromium` of tests that look for what has no name. */
export const namesOnlyInChromium = onlyInChromium('its tree of what screen readers get');

/** Where Firefox puts what a page gives to keep. */
let downloadsFolder;
function downloads() {
  if (downloadsFolder) return downloadsFolder;
  downloadsFolder = mkdtempSync(join(tmpdir(), 'bertlet-downloads-'));
  process.on('exit', () => rmSync(downloadsFolder, { recursive: true, force: true }));
  return downloadsFolder;
}

/** `onlyInChromium` of tests that choose a folder. */
export const foldersOnlyInChromium = onlyInChromium('a folder that a driver can choose');

const ENGINES = {
  chromium: () =>
    chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: [
        '--no-sandbox', // which root can't use
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    }),
  // The one that everybody has, through WebDriver BiDi; without the channel it would be Playwright's own build.
  firefox: () =>
    firefox.launch({
      channel: 'moz-firefox',
      executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr',
      downloadsPath: downloads(),
    }),
  webkit: async () => (await import('../engines/webkit.js')).launch(),
};

/** Starts a browser. */
export const launch = (engine = ENGINE) => ENGINES[engine]();

/** Waits until a page has no worker any more. */
export async function noWorkers(page) {
  while (page.workers().length > 0) await page.waitForTimeout(20);
}

/**
 * A browser that has an extension, which only a persistent context can have.
 * @param {string} folder of the extension
 */
export const launchExtension = (folder) =>
  chromium.launchPersistentContext('', {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    headless: false,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      `--disable-extensions-except=${folder}`,
      `--load-extension=${folder}`,
    ],
  });

/** An extension's service worker. @param {import('playwright-core').BrowserContext} context of `launchExtension` */
export const backgroundOf = async (context) => context.serviceWorkers()[0] ?? context.waitForEvent('serviceworker');

/**
 * A new page in a profile of its own. `page.faults` collects what no page of ours may do: errors in the console, uncaught
 * exceptions, violations of the content security policy (which the console reports), requests to another origin.
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  if (ENGINE === 'firefox') page.setDefaultTimeout(120_000); // it loads a large model in more time than Chromium
  page.faults = [];
  page.on('console', (message) => {
    // Not there, and no fault: a file that a model may lack, and what Chromium itself asks for.
    if (/\/(tokenizer_config\.json|modules\.json|bertlet-int8\.safetensors|favicon\.ico)$/.test(message.location().url))
      return;
    if (message.type() === 'error' || message.type() === 'warning') page.faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => page.faults.push(`uncaught: ${error.stack}`));
  page.on('fault', (fault) => page.faults.push(fault)); // WebKit's
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'blob:' && origin !== new URL(url).origin) page.faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

/**
 * A browser and a server for the tests of a file, which end with them.
 * @param {import('../../scripts/serve.js').ServeOptions} [options]
 */
export function useSite(options) {
  const site = {
    /** @type {import('playwright-core').Browser} */
    browser: undefined,
    /** @type {import('../../scripts/serve.js').Server} */
    server: undefined,
    /** A new page at an address of the server, see `openPage`. */
    open: (path = '', pageOptions = {}) => openPage(site.browser, site.server.url + path, pageOptions),
  };
  before(async () => {
    site.browser = await launch();
    site.server = await serve({ port: 0, ...options });
  });
  after(async () => {
    await site.browser?.close();
    await site.server?.close();
  });
  return site;
}

/**
 * The file that a page gives to keep.
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<void>} act makes it do so
 * @returns {Promise<{ name: string, bytes: Buffer }>}
 */
export async function download(page, act) {
  if (ENGINE !== 'firefox') {
    const [event] = await Promise.all([page.waitForEvent('download'), act()]);
    return { name: event.suggestedFilename(), bytes: await readFile(await event.path()) };
  }
  // Firefox tells of a download, but not in which navigation, without which Playwright passes it over.
  await act();
  for (;;) {
    const [name, ...others] = await readdir(downloads());
    const path = join(downloads(), name ?? '');
    const bytes = name && others.length === 0 ? await readFile(path) : Buffer.of(); // beside an unfinished one is NAME.part
    if (bytes.length > 0) {
      await rm(path);
      return { name, bytes };
    }
    await page.waitForTimeout(50);
  }
}

/**
 * Replaces what a field holds, as a person does: to Firefox what `fill` sets is no change.
 * @param {import('playwright-core').Locator} field
 * @param {string} text
 */
export async function retype(field, text) {
  await field.press('Control+A');
  await field.pressSequentially(text);
}

/** How wide a page is beyond its window, in px. @param {import('playwright-core').Page} page */
export const overhang = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Tensors of a safetensors file, as PyTorch wrote it: { name: { shape, data } }. */
export function readTensors(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const types = { F32: Float32Array, I32: Int32Array };
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [begin, end] = offsets.map((offset) => 8 + length + offset);
    const copy = new Uint8Array(bytes.subarray(begin, end)).buffer;
    tensors[name] = { shape, data: new types[dtype](copy) };
  }
  return tensors;
}

/** The texts of the fixture, and the mean-pooled embedding [384] that PyTorch computes for each from the default model. */
export function minilmReference() {
  const texts = readFileSync(join(FIXTURES, 'minilm/texts.jsonl'), 'utf8').trimEnd().split('\n').map(JSON.parse);
  const { mean } = readTensors(readFileSync(join(FIXTURES, 'minilm/expected.safetensors')));
  const [, hidden] = mean.shape;
  return { texts, means: texts.map((_, i) => mean.data.subarray(i * hidden, (i + 1) * hidden)) };
}

/** @returns {{ cosine: number, distance: number }} distance: the largest absolute difference */
export function compare(actual, expected) {
  let dot = 0;
  let actualSquares = 0;
  let expectedSquares = 0;
  let distance = 0;
  expected.forEach((value, i) => {
    dot += value * actual[i];
    actualSquares += actual[i] ** 2;
    expectedSquares += value ** 2;
    distance = Math.max(distance, Math.abs(value - actual[i]));
  });
  return { cosine: dot / Math.sqrt(actualSquares * expectedSquares), distance };
}

/** What is marked in a part of a page, and as what. */
export const marks = (part) =>
  part
    .locator('mark')
    .evaluateAll((all) =>
      all.map((mark) => [mark.firstChild.textContent, mark.querySelector('small')?.textContent ?? '']),
    );

/**
 * Adds what the dialog for many examples holds. The page takes it when the dialog has closed, a while after the click.
 * @param {import('playwright-core').Page} page
 */
export async function addPasted(page) {
  const closed = page.$eval(
    'dialog.paste',
    (dialog) => new Promise((resolve) => dialog.addEventListener('close', () => resolve(true), { once: true })),
  );
  await page.click('#paste-add');
  await closed;
}
