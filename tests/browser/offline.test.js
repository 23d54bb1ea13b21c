// The network goes when a model is loaded, or before: what was fetched ahead is used, and what could not be is told, and tried again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { serve } from '../../scripts/serve.js';
import { fixtures } from '../support.js';
import { EMPTY_PAGE, ENGINE, FIXTURES, launch, openPage } from './browser.js';

const CHECKPOINTS = join(fixtures, 'checkpoints');

let browser;
let server;
let page;
/** The files of bertlet that have arrived, without their hashes. */
let requests;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0, models: FIXTURES });
});

after(async () => {
  await browser.close();
  await server.close();
});

beforeEach(async () => {
  page = await openPage(browser, server.url + EMPTY_PAGE);
  requests = [];
  page.context().on('requestfinished', (request) => {
    const name = new URL(request.url()).pathname.split('/').pop();
    if (/\.(js|wasm)$/.test(name)) requests.push(name.replace(/-[\w-]{6}\.js$/, '.js'));
  });
});

/** Loads a model, which the page keeps. */
const load = () =>
  page.evaluate(async () => {
    const { load } = await import('/dist/bertlet.js');
    window.bert = await load('tiny-f32', { hub: '/models', threads: 1, cache: false });
  });

/** From now on the page finds no time to fetch ahead, however slow the machine is. */
const stayBusy = () => page.evaluate(() => void (window.requestIdleCallback = () => 0));

/** What the calls that need more than the page begins with come to: their names, with what they give or the error. */
const useAll = () =>
  page.evaluate(async () => {
    const examples = Array.from({ length: 12 }, (_, i) => ({ text: `text ${i}`, label: i % 2 ? 'odd' : 'even' }));
    const calls = {
      fit: async () => (await window.bert.fit(examples, { c: 1 })).labels.join(),
      learningCurve: async () => (await window.bert.learningCurve(examples, { sizes: [4], draws: 1 })).length,
      loadHead: async () => (await window.bert.loadHead(new Uint8Array(10))).labels,
      rerank: async () => window.bert.rerank('query', ['document']),
    };
    const outcomes = {};
    for (const [name, call] of Object.entries(calls))
      outcomes[name] = await call().catch((error) => `${error.name} ${error.code}: ${error.message}`);
    return outcomes;
  });

/** Firefox asks for a part that could not be had only once: there the page must be loaded anew, as the error says. */
async function recover() {
  if (ENGINE !== 'firefox') return;
  await page.reload();
  await load();
}

const right = (outcomes) => {
  assert.equal(outcomes.fit, 'even,odd');
  assert.equal(outcomes.learningCurve, 1);
  assert.match(outcomes.loadHead, /^BertletError BAD_HEAD/);
  assert.match(outcomes.rerank, /^BertletError UNSUPPORTED_MODEL/);
};

test('what calls need is fetched when the model has been idle for a while, once, and used without the network', async () => {
  await load();
  assert.deepEqual(
    requests.filter((name) => /^(lazy|rerank)\.js$/.test(name)),
    [],
    'nothing before the page goes on',
  );
  // Of the worker and of the page: its part, and what both parts import.
  const wanted = ['lazy.js', 'lazy.js', 'words.js', 'words.js', 'rerank.js', 'content.js'];
  const missing = () => requests.reduce((rest, name) => rest.toSpliced(rest.indexOf(name) >>> 0, 1), wanted);
  for (let i = 0; i < 400 && missing().length > 0; i++) await page.waitForTimeout(50);
  assert.deepEqual(missing(), []);
  await page.context().setOffline(true);
  right(await useAll());
});

test('nothing is fetched ahead for a model that was disposed of', async () => {
  await load();
  await page.evaluate(() => window.bert.dispose());
  await page.waitForTimeout(1500);
  assert.deepEqual(
    requests.filter((name) => /^(lazy|rerank)\.js$/.test(name)),
    [],
  );
});

test('gone before that: an error that says what to do, and the same call works when the network is back', async () => {
  await stayBusy();
  await load();
  await page.context().setOffline(true);
  for (const [name, outcome] of Object.entries(await useAll()))
    assert.match(
      outcome,
      /^BertletError NETWORK: A part of bertlet.*(lazy|rerank)-.*Check the connection.*load the page anew/,
      name,
    );
  await page.context().setOffline(false);
  await recover();
  right(await useAll());
});

test('the worker’s part alone is missing, as after a new deployment', async () => {
  await stayBusy();
  await load();
  await page.context().route(/\/dist\/lazy-/, (route) => route.fulfill({ status: 404, body: 'Not found' }));
  assert.match((await useAll()).fit, /^BertletError NETWORK: A part of bertlet.*load the page anew/);
  await page.context().unroute(/\/dist\/lazy-/);
  await page.evaluate(() => window.bert.fit([], {}).catch(() => {})); // the page has its part now
  await page.context().route(/\/dist\/lazy-/, (route) => route.fulfill({ status: 404, body: 'Not found' }));
  const { fit, learningCurve } = await useAll();
  for (const outcome of [fit, learningCurve]) assert.match(outcome, /^BertletError NETWORK: A part of bertlet.*lazy-/);
  await page.context().unroute(/\/dist\/lazy-/);
  await recover();
  right(await useAll());
});

test('load without the network: the worker can’t start, and says why', async () => {
  await page.evaluate(async () => void (await import('/dist/bertlet.js')));
  await page.context().setOffline(true);
  const failed = () => load().catch(({ message }) => message);
  assert.match(await failed(), /worker\.js could not be loaded, since there is no connection/);
  await page.context().setOffline(false);
  await page.context().route('**/worker.js', (route) => route.abort());
  assert.match(await failed(), /worker\.js could not be loaded\. Put bertlet.s dist/);
  await page.context().unroute('**/worker.js');
  await load();
});

test('a part that the head of a model needs is missing: the load fails, the model is not taken and kept without its head', async () => {
  const other = await serve({ port: 0, models: CHECKPOINTS });
  try {
    const page = await openPage(browser, other.url + EMPTY_PAGE);
    const use = () =>
      page.evaluate(async () => {
        const { listCache, load } = await import('/dist/bertlet.js');
        const task = await load('bert-single', { hub: '/models', threads: 1 }).then(
          (bert) => bert.dispose().then(() => bert.head?.task),
          (error) => error.code,
        );
        return [task, (await listCache()).length];
      });
    await page.context().route(/\/dist\/ranking-/, (route) => route.abort());
    assert.deepEqual(await use(), ['NETWORK', 0]);
    await page.context().unroute(/\/dist\/ranking-/);
    assert.deepEqual(await use(), ['multi-label', 1]);
  } finally {
    await other.close();
  }
});
