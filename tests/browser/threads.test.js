// Further threads in a page: it starts them for the model's worker, and ends them with what they are for; one that can't be started, or fails, is told.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { EMPTY_PAGE, FIXTURES, noWorkers, useSite } from './browser.js';

const site = useSite({ models: FIXTURES });
const MODEL = '/models/tiny-f32/resolve/main/';
let page;

beforeEach(async () => {
  page = await site.open(EMPTY_PAGE);
  await page.evaluate(() => {
    window.workers = [];
    /** Knows all workers of the page. The address of those that `window.fails` names by their numbers leads nowhere. */
    window.Worker = class extends Worker {
      constructor(url, options) {
        super(window.fails?.includes(window.workers.length) ? '/nowhere.js' : url, options);
        window.workers.push(this);
      }

      terminate() {
        super.terminate();
        this.ended = true;
      }
    };
    window.alive = () => window.workers.flatMap(({ ended }, i) => (ended ? [] : [i]));
    window.untilLeft = async (count) => {
      while (window.alive().length > count) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    window.examples = ['good', 'bad', 'fine', 'poor', 'great', 'dull', 'kind', 'mean'].map((word, i) => ({
      text: `a ${word} movie`,
      label: i % 2 ? 'no' : 'yes',
    }));
    window.tune = { method: 'lora', epochs: 1 };
    window.codeOf = (promise) => promise.then(() => 'none').catch(({ code, message }) => `${code}: ${message}`);
  });
});

afterEach(async () => {
  await page.context().close();
});

test('they are workers of the page, which end with the training or the model that they are for', async () => {
  const seen = await page.evaluate(async (model) => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load(model, { threads: 3 });
    const loaded = window.alive();
    let training = [];
    const onProgress = () => {
      if (window.alive().length > training.length) training = window.alive();
    };
    await bert.fit(window.examples, { ...window.tune, onProgress });
    await window.untilLeft(3);
    const trained = window.alive();
    await bert.dispose();
    return { loaded, training, trained, disposed: window.alive() };
  }, MODEL);
  const model = [0, 1, 2];
  assert.deepEqual(seen, { loaded: model, training: [...model, 3, 4], trained: model, disposed: [] });
  await noWorkers(page);
  assert.deepEqual(page.faults, []);
});

test('a model whose thread can’t be started is not loaded, and leaves nothing behind', async () => {
  const seen = await page.evaluate(async (model) => {
    const { load } = await import('/dist/bertlet.js');
    window.fails = [2];
    const error = await window.codeOf(load(model, { threads: 3 }));
    await window.untilLeft(0);
    return error;
  }, MODEL);
  assert.match(seen, /^WORKER_FAILED: .*worker\.js could not be loaded/);
  await noWorkers(page);
});

test('a training whose thread can’t be started fails, and the model works on', async () => {
  const { error, before, after } = await page.evaluate(async (model) => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load(model, { threads: 2 });
    const before = [...(await bert.embed('a good movie'))];
    window.fails = [2];
    const error = await window.codeOf(bert.fit(window.examples, window.tune));
    const after = [...(await bert.embed('a good movie'))];
    await bert.dispose();
    return { error, before, after };
  }, MODEL);
  assert.match(error, /^WORKER_FAILED: .*worker\.js could not be loaded/);
  assert.deepEqual(after, before);
  await noWorkers(page);
});

test('a thread that fails takes its model with it, and nothing is left of either', async () => {
  const error = await page.evaluate(async (model) => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load(model, { threads: 2 });
    // As when the browser ends one. (In WebKit, what has been terminated gets no events.)
    window.workers[1].dispatchEvent(new ErrorEvent('error', { message: 'out of memory', cancelable: true }));
    let error = 'none';
    while (error === 'none') error = await window.codeOf(bert.embed('a good movie'));
    await window.untilLeft(0);
    return error;
  }, MODEL);
  assert.match(error, /^WORKER_FAILED: .*out of memory/);
  await noWorkers(page);
});
