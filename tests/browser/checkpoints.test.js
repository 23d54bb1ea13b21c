// Checkpoints and adapters in a real page: PyTorch's logits and vectors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { serve } from '../../scripts/serve.js';
import { fixtures, fromRoot } from '../support.js';
import { EMPTY_PAGE, launch, openPage } from './browser.js';

const checkpoints = join(fixtures, 'checkpoints');
const readJson = (...path) => JSON.parse(readFileSync(join(checkpoints, ...path), 'utf8'));
const TOLERANCE = 1e-4;

let browser;
let server;
let page;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0, models: checkpoints });
  page = await openPage(browser, server.url + EMPTY_PAGE);
});

after(async () => {
  await browser.close();
  await server.close();
});

const address = (name) => `${server.url}models/${name}/resolve/main/`;

const close = (actual, expected) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(value - actual[i]) <= TOLERANCE, `${value} and ${actual[i]}`));
};

for (const [model, adapter] of [['electra-text'], ['distilbert-text'], ['bert-shards'], ['bert', 'lora-text']]) {
  test(`${adapter ?? model}: the probabilities of PyTorch's logits`, async () => {
    const { texts, logits } = readJson(adapter ?? model, 'expected.json');
    const inputs = texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text));
    const results = await page.evaluate(
      async ([model, adapter, inputs]) => {
        const { load } = await import('/dist/bertlet.js');
        const bert = await load(model, { dtype: 'f32', ...(adapter && { adapter }) });
        const results = await bert.head.classify(inputs, { onWarning() {} });
        const { labels } = bert.head;
        await bert.dispose();
        return results.map((list) => labels.map((label) => list.find((one) => one.label === label).score));
      },
      [address(model), adapter && address(adapter), inputs],
    );
    logits.forEach(([row], i) => {
      const exponentials = row.map((value) => Math.exp(value));
      const sum = exponentials.reduce((a, b) => a + b);
      close(
        results[i],
        exponentials.map((value) => value / sum),
      );
    });
  });
}

test('sentence-dense: the vectors of sentence-transformers', async () => {
  const { texts, vectors } = readJson('sentence-dense', 'expected.json');
  const results = await page.evaluate(
    async ([model, texts]) => {
      const { load } = await import('/dist/bertlet.js');
      const bert = await load(model, { dtype: 'f32' });
      const vectors = await bert.embed(texts, { onWarning() {} });
      await bert.dispose();
      return vectors.map((vector) => [...vector]);
    },
    [address('sentence-dense'), texts],
  );
  vectors.forEach((vector, i) => close(results[i], vector));
});

test('bert-masked: the words of the pipeline of transformers', async () => {
  const { text, results } = readJson('bert-masked', 'fill-mask.json').find((one) => !one.targets);
  const fills = await page.evaluate(
    async ([model, text]) => {
      const { load } = await import('/dist/bertlet.js');
      const bert = await load(model, { dtype: 'f32' });
      const fills = await bert.fillMask(text);
      await bert.dispose();
      return fills;
    },
    [address('bert-masked'), text],
  );
  assert.deepEqual(
    fills.map(({ sequence }) => sequence),
    results.map(({ sequence }) => sequence),
  );
  close(
    fills.map(({ score }) => score),
    results.map(({ score }) => score),
  );
});

test('to load and to classify, a page fetches at most 30 kB of JavaScript and 57 of WebAssembly, compressed', async (t) => {
  const other = await openPage(browser, server.url + EMPTY_PAGE);
  t.after(() => other.context().close());
  const paths = new Set();
  other.context().on('request', (request) => paths.add(new URL(request.url()).pathname));
  await other.evaluate(async (model) => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load(model, { cache: false });
    await bert.head.classify('a good movie');
    await bert.dispose();
  }, address('bert-text'));
  const sizes = { js: 0, wasm: 0 };
  for (const path of paths) {
    if (!path.startsWith('/dist/')) continue;
    sizes[path.split('.').at(-1)] += gzipSync(readFileSync(fromRoot(path.slice(1))), { level: 9 }).length;
  }
  assert.ok(paths.has('/dist/bertlet.js') && paths.has('/dist/worker.js') && sizes.wasm > 0);
  assert.ok(sizes.js <= 30_000 && sizes.wasm <= 57_000, JSON.stringify(sizes));
});
