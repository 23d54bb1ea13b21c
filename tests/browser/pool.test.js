// A pool in a page that is not cross-origin isolated, where a model has one thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_PAGE, ENGINE, FIXTURES, noWorkers, useSite } from './browser.js';

const site = useSite({ isolated: false, models: FIXTURES });

test('a page without isolation has several workers, with one download, and the numbers of one', async () => {
  const page = await site.open(EMPTY_PAGE);
  const requests = [];
  page.context().on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  const outcome = await page.evaluate(async () => {
    // Which workers have sent parts of results.
    const workers = [];
    const working = new Set();
    globalThis.Worker = class extends Worker {
      constructor(...args) {
        super(...args);
        workers.push(this);
        this.addEventListener('message', ({ data }) => data.part && working.add(workers.indexOf(this)));
      }
    };
    const { createPool, load } = await import('/dist/bertlet.js');
    const model = '/models/tiny-f32/resolve/main/';
    const pool = await createPool({ model, size: 2 });
    const bert = await load(model);
    const texts = Array.from({ length: 600 }, (_, i) => `the ${'very '.repeat(i % 9)}good movie ${i}`);
    const [expected, vectors] = [await bert.embed(texts), await pool.embed(texts)];
    const trained = await bert.fit(
      texts.slice(0, 8).map((text, i) => ({ text, label: 'ab'[i % 2] })),
      { c: 1 },
    );
    const head = await pool.loadHead(await trained.save());
    const [labels, pooled] = [await trained.classify(texts), await head.classify(texts)];

    // As when the browser ends one. (In WebKit, what has been terminated gets no events.)
    const running = pool.embed(Array(100_000).fill('a good movie')).catch(({ code }) => code);
    workers[0].dispatchEvent(new ErrorEvent('error', { message: 'out of memory', cancelable: true }));
    workers[0].terminate();
    const code = await running;
    const later = await head.classify(texts);
    await Promise.all([bert.dispose(), pool.dispose()]);
    return {
      isolated: crossOriginIsolated,
      working: [...working].sort(),
      threads: pool.info.threads,
      same: vectors.length === texts.length && String(vectors) === String(expected),
      sameLabels: [pooled, later].every((one) => JSON.stringify(one) === JSON.stringify(labels)),
      code,
    };
  });
  assert.deepEqual(
    { ...outcome, working: outcome.working.slice(0, 3) },
    { isolated: false, working: [0, 1, 2], threads: 1, same: true, sameLabels: true, code: 'WORKER_FAILED' },
  );
  await noWorkers(page);
  // WebKitGTK's workers have no disk, on which the first of them could leave the model for the others.
  if (ENGINE !== 'webkit') assert.equal(requests.filter((one) => /^GET .*\/model\.safetensors$/.test(one)).length, 1);
  assert.deepEqual(page.faults, []);
});
