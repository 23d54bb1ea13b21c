// How long a page waits for its first vector, from its script's first line: import the library, load the model, embed a sentence.
// cold: a visitor's first time; warm: every later one. And what the first time asks of the server: requests, and megabytes that come.
import { quantile } from './measure.js';

const ROUNDS = 10;
const SETTLE = 1000; // milliseconds
const SENTENCE = 'what a lovely film this is, really';

/**
 * What a page's script would do, for each library.
 * @type {Record<string, (what: { dtype: import('./suites/suite.js').Dtype, id: string, sentence: string }) => Promise<number>>}
 */
const scripts = {
  bertlet: async ({ dtype, sentence }) => {
    const begin = performance.now();
    const { load } = await import('/dist/bertlet.js');
    const bert = await load('bench/model', { hub: '/hub', dtype, threads: 1 });
    await bert.embed(sentence);
    const end = performance.now();
    await bert.dispose();
    return end - begin;
  },
  'bertlet, converted': async ({ dtype, sentence }) => {
    const begin = performance.now();
    const { load } = await import('/dist/bertlet.js');
    const bert = await load('bench/converted', { hub: '/hub', dtype, threads: 1 });
    await bert.embed(sentence);
    const end = performance.now();
    await bert.dispose();
    return end - begin;
  },
  'transformers.js': async ({ dtype, id, sentence }) => {
    const begin = performance.now();
    const { env, pipeline } = await import('/transformers.js/transformers.min.js');
    Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/exported/' });
    Object.assign(/** @type {object} */ (env.backends.onnx.wasm), { wasmPaths: '/transformers/', numThreads: 1 });
    const extract = await pipeline('feature-extraction', id, {
      dtype: dtype === 'int8' ? 'q8' : 'fp32',
      device: 'wasm',
    });
    await extract(sentence, { pooling: 'mean' });
    return performance.now() - begin;
  },
};

/**
 * @param {import('playwright-core').BrowserContext} context whose storage is empty
 * @param {string} address of the server
 * @param {string} id of the exported model
 * @param {import('./run.js').Request} request
 * @returns {Promise<import('./suites/suite.js').Fact[]>} medians
 */
export async function measureStart(context, address, id, { dtypes, quick }) {
  const page = await context.newPage();
  const entries = Object.entries(scripts)
    .flatMap(([contender, script]) =>
      dtypes.map((dtype) => ({ contender, dtype, script, times: /** @type {number[]} */ ([]), requests: 0, bytes: 0 })),
    )
    .filter(({ contender, dtype }) => contender !== 'bertlet, converted' || dtype === 'int8');
  /** Whose requests are counted. @type {(typeof entries)[number] | undefined} */
  let first;
  page.on('response', (response) => {
    if (!first) return;
    first.requests += 1;
    first.bytes += Number(response.headers()['content-length'] ?? 0);
  });
  for (let round = 0; round <= (quick ? 3 : ROUNDS); ++round) {
    for (const entry of entries) {
      const { script, dtype, times } = entry;
      await page.goto(`${address}/model/config.json`); // any document that runs no script
      await page.waitForTimeout(SETTLE); // what the page before left is cleared away
      first = round === 0 ? entry : undefined;
      times.push(await page.evaluate(script, { dtype, id, sentence: SENTENCE }));
      first = undefined;
    }
  }
  await page.close();
  return entries.flatMap(({ contender, dtype, times: [cold, ...warm], requests, bytes }) => {
    const who = { suite: 'start', contender, dtype, threads: 1, unit: 'ms' };
    return [
      { ...who, shape: 'cold', value: cold },
      { ...who, shape: 'warm', value: quantile(warm) },
      { ...who, shape: 'requests', value: requests, unit: '' },
      { ...who, shape: 'MB', value: bytes / 1e6, unit: 'MB' },
    ];
  });
}
