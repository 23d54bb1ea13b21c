// How long a page waits for its first label, from its script's first line: import the library, load the model and a head, classify a
// sentence. cold: a visitor's first time, in a browser that has kept nothing; warm: every later one. And what the first time asks of the
// server: requests, and megabytes that it sends, none of them compressed.
import { quantile, takeTurns } from './measure.js';
import { LABEL, SENTENCE } from './setup.js';

const COLD_ROUNDS = 7;
const WARM_ROUNDS = 10;
const SETTLE = 1000; // milliseconds

/**
 * What a page's script would do.
 * @typedef {(what: { model: string, dtype: import('./suites/suite.js').Dtype, sentence: string }) => Promise<{ label: string, ms: number }>} Script
 */

/** @type {Script} */
async function bertlet({ model, dtype, sentence }) {
  const begin = performance.now();
  const { load } = await import('/dist/bertlet.js');
  const bert = await load(model, { hub: '/hub', dtype, threads: 1 });
  const head = await bert.loadHead(new URL('/head/head.safetensors', location.href));
  const [{ label }] = await /** @type {import('../js/index.js').TextClassifier} */ (head).classify(sentence);
  const ms = performance.now() - begin;
  await bert.dispose();
  return { label, ms };
}

/** It has no heads on sentence vectors, so the script computes the same one. @type {Script} */
async function transformersJs({ model, dtype, sentence }) {
  const begin = performance.now();
  const { env, pipeline } = await import('/transformers.js/transformers.min.js');
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/exported/' });
  Object.assign(/** @type {object} */ (env.backends.onnx.wasm), { wasmPaths: '/transformers/', numThreads: 1 });
  const extract = await pipeline('feature-extraction', model, {
    dtype: dtype === 'int8' ? 'q8' : 'fp32',
    device: 'wasm',
  });
  /** @type {import('./setup.js').PlainHead} */
  const { labels, weight, bias } = await (await fetch('/head/head.json')).json();
  const vector = (await extract(sentence, { pooling: 'mean', normalize: true })).data;
  const logits = weight.map((row, i) => row.reduce((sum, value, j) => sum + value * Number(vector[j]), bias[i]));
  return { label: labels[logits.indexOf(Math.max(...logits))], ms: performance.now() - begin };
}

/**
 * @typedef {object} Visited
 * @property {() => Promise<{ context: import('playwright-core').BrowserContext, close: () => Promise<void> }>} open a browser that has kept nothing
 * @property {string} address of the server
 * @property {() => { requests: number, bytes: number }} traffic what the server was asked for so far, and has sent
 * @property {string} id of the exported model
 */

/**
 * @param {Visited} visited
 * @param {import('./run.js').Request} request
 * @returns {Promise<import('./suites/suite.js').Fact[]>} medians
 */
export async function measureStart({ open, address, traffic, id }, { dtypes, quick }) {
  const entries = dtypes.flatMap((dtype) => [
    { contender: 'bertlet', dtype, script: bertlet, model: 'bench/model' },
    ...(dtype === 'int8'
      ? [{ contender: 'bertlet, converted', dtype, script: bertlet, model: 'bench/converted' }]
      : []),
    { contender: 'transformers.js', dtype, script: transformersJs, model: id },
  ]);
  /** @param {import('playwright-core').Page} page @param {(typeof entries)[number]} entry */
  const start = async (page, { contender, dtype, script, model }) => {
    await page.goto(`${address}/model/config.json`); // any document that runs no script
    await page.waitForTimeout(SETTLE); // what the page before left is cleared away
    const before = traffic();
    const { label, ms } = await page.evaluate(script, { model, dtype, sentence: SENTENCE });
    const after = traffic();
    if (label !== LABEL) throw new Error(`${contender} ${dtype} says "${label}" where "${LABEL}" is right`);
    return { ms, requests: after.requests - before.requests, bytes: after.bytes - before.bytes };
  };
  /** What the first time asks for. @type {{ requests: number, bytes: number }[]} */
  const asked = [];
  const cold = await takeTurns(
    entries.length,
    async (index) => {
      const { context, close } = await open();
      const { ms, ...rest } = await start(await context.newPage(), entries[index]).finally(close);
      asked[index] = rest;
      return ms;
    },
    (round) => round < (quick ? 1 : COLD_ROUNDS),
  );
  const { context, close } = await open();
  try {
    const page = await context.newPage();
    for (const entry of entries) await start(page, entry);
    const warm = await takeTurns(
      entries.length,
      async (index) => (await start(page, entries[index])).ms,
      (round) => round < (quick ? 3 : WARM_ROUNDS),
    );
    return entries.flatMap(({ contender, dtype }, index) => {
      const who = { suite: 'start', contender, dtype, threads: 1 };
      const peer = entries.findIndex((other) => other.contender === 'transformers.js' && other.dtype === dtype);
      const ratios = Object.entries({ cold, warm }).map(([shape, times]) => ({
        ...who,
        ...{ suite: 'start-ratios', shape, unit: 'x' },
        value: quantile(times[peer].map((ms, round) => ms / times[index][round])),
      }));
      return [
        { ...who, shape: 'cold', value: quantile(cold[index]), unit: 'ms' },
        { ...who, shape: 'warm', value: quantile(warm[index]), unit: 'ms' },
        { ...who, shape: 'requests', value: asked[index].requests, unit: '' },
        { ...who, shape: 'MB', value: asked[index].bytes / 1e6, unit: 'MB' },
        ...(index === peer ? [] : ratios),
      ];
    });
  } finally {
    await close();
  }
}
