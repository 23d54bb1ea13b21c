// The cache in a real page: the origin private file system, in a profile that is empty before each test.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { serve } from '../../scripts/serve.js';
import { EMPTY_PAGE, FIXTURES, launch, noWorkers, onlyInChromium, openPage } from './browser.js';

const HUB = 'tiny-f32';
const FOLDER = '/models/tiny-f32/resolve/main/';
const OTHER = '/models/tiny-bf16/resolve/main/';

let browser;
let server;
let page;
/** What was asked for of models: "GET vocab.txt". */
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
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/models/')) requests.push(`${request.method()} ${pathname.split('/').pop()}`);
  });
});

/** Loads, embeds and disposes in the page, for each of some sets of options at the same time. */
async function useAll(spec, ...options) {
  const all = await page.evaluate(
    async ([spec, options]) => {
      const { load } = await import('/dist/bertlet.js');
      const one = async (own) => {
        const bert = await load(spec, { hub: '/models', threads: 1, ...own });
        const vector = [...(await bert.embed('the movie was great'))];
        await bert.dispose();
        return { ...bert.info, vector };
      };
      return Promise.all(options.map(one));
    },
    [spec, options],
  );
  return all.map(({ fromCache, fingerprint, vector, notes }) => {
    return { fromCache, fingerprint, vector, notes: notes.filter((note) => /cache/i.test(note)) };
  });
}

const use = async (spec, options = {}) => (await useAll(spec, options))[0];

/** The entries of the cache, by the names of their files: their sizes. */
const entries = async () =>
  Object.fromEntries(Object.entries(await filesOfCache()).filter(([name]) => name.endsWith('.bertlet')));

/** All files of the cache, by name: their sizes. */
const filesOfCache = () =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('bertlet');
    const sizes = {};
    for await (const [name, handle] of folder.entries()) sizes[name] = (await handle.getFile()).size;
    return sizes;
  });

/** Replaces the one entry of the cache, or makes another, by its bytes from `start` to `end`, behind `front`. */
const cut = (front, start, end, target) =>
  page.evaluate(
    async ([front, start, end, target]) => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle('bertlet');
      const [name] = (await Array.fromAsync(folder.keys())).filter((name) => name.endsWith('.bertlet'));
      const handle = await folder.getFileHandle(name);
      const file = await handle.getFile();
      const bytes = await new Blob([new Uint8Array(front), file.slice(start, end)]).arrayBuffer();
      const written = target ? await folder.getFileHandle(target, { create: true }) : handle;
      const writable = await written.createWritable();
      await writable.write(bytes);
      await writable.close();
    },
    [front, start, end, target],
  );

for (const dtype of ['f32', 'int8']) {
  test(`a model of the hub in ${dtype}: the second load asks for nothing, not even in another page`, async () => {
    const plain = await use(HUB, { dtype, cache: false });
    const first = await use(HUB, { dtype });
    assert.deepEqual(first, plain);
    assert.ok(requests.includes('GET model.safetensors'), requests.join());
    requests.length = 0;
    assert.deepEqual(await use(HUB, { dtype }), { ...first, fromCache: true });
    await page.reload();
    assert.deepEqual(await use(HUB, { dtype }), { ...first, fromCache: true });
    assert.deepEqual(await use(HUB, { dtype, threads: 2 }), { ...first, fromCache: true }, 'into shared memory');
    assert.deepEqual(requests, []);
    assert.deepEqual(page.faults, []);
  });
}

test('a model that the page itself has converted: from its files, and from a server, in one request, then from the cache', async (t) => {
  const result = await page.evaluate(async (hub) => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load(hub, { hub: '/models', dtype: 'f32', threads: 1 });
    const files = await bert.export();
    const small = await load(files, { threads: 1 });
    const vector = [...(await small.embed('the movie was great'))];
    const all = await Promise.all(
      Object.entries(files).map(async ([name, file]) => [
        name,
        [...new Uint8Array(await new Blob([file]).arrayBuffer())],
      ]),
    );
    await Promise.all([bert.dispose(), small.dispose()]);
    return { vector, files: Object.fromEntries(all), fingerprints: [bert.info.fingerprint, small.info.fingerprint] };
  }, HUB);
  assert.equal(...result.fingerprints);
  const plain = await use(HUB, { dtype: 'int8', cache: false });
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const cosine =
    dot(result.vector, plain.vector) / Math.sqrt(dot(result.vector, result.vector) * dot(plain.vector, plain.vector));
  assert.ok(cosine > 0.99 && cosine < 1, `cosine ${cosine}`);

  await page.route('**/models/small/**', async (route) => {
    const bytes = result.files[new URL(route.request().url()).pathname.split('/').pop()];
    if (!bytes) return route.fulfill({ status: 404 });
    return route.fulfill({
      body: Buffer.from(bytes),
      headers: { ETag: '"1"', 'Content-Type': 'application/octet-stream' },
    });
  });
  t.after(() => page.unrouteAll());
  requests.length = 0;
  const first = await use('/models/small/', { dtype: 'int8' });
  assert.deepEqual(first.vector, result.vector);
  const weights = (request) => request.endsWith('.safetensors');
  assert.deepEqual(requests.filter(weights), ['GET bertlet-int8.safetensors']);
  requests.length = 0;
  assert.deepEqual(await use('/models/small/', { dtype: 'int8' }), { ...first, fromCache: true });
  assert.deepEqual(requests.filter(weights), ['HEAD bertlet-int8.safetensors']);
});

test('a URL: the second load asks whether something has changed, and loads it if so', async () => {
  const first = await use(FOLDER);
  requests.length = 0;
  assert.deepEqual(await use(FOLDER), { ...first, fromCache: true });
  assert.deepEqual(
    requests.filter((request) => !request.startsWith('HEAD')),
    [],
  );
  assert.ok(requests.includes('HEAD model.safetensors'), requests.join());

  await page.route(`**${FOLDER}model.safetensors`, async (route) => {
    const response = await route.fetch({ url: server.url + OTHER.slice(1) + 'model.safetensors' });
    await route.fulfill({ response });
  });
  const changed = await use(FOLDER);
  assert.equal(changed.fromCache, false);
  assert.deepEqual(changed.vector, (await use(OTHER, { cache: false })).vector);
  assert.deepEqual(await use(FOLDER), { ...changed, fromCache: true });
});

test('a file that is cut off, or was not finished, does not count, and is replaced', async () => {
  const first = await use(HUB);
  const [[name, size]] = Object.entries(await entries());
  const cases = { half: [[], 0, size / 2], unfinished: [Array(8).fill(0), 8, size], longer: [[0], 0, size] };
  for (const [what, change] of Object.entries(cases)) {
    await cut(...change);
    assert.deepEqual(await use(HUB), first, what);
    assert.deepEqual(await use(HUB), { ...first, fromCache: true }, what);
    assert.deepEqual(await entries(), { [name]: size }, what);
  }
});

test('a file for each dtype, and in int8 for each way to multiply', async () => {
  const options = [{ dtype: 'f32' }, { dtype: 'int8', build: 'simd' }, { dtype: 'int8', build: 'relaxed' }];
  const plain = [];
  for (const own of options) plain.push(await use(HUB, { ...own, cache: false }));
  for (const own of options) await use(HUB, own);
  for (const [i, own] of options.entries()) assert.deepEqual(await use(HUB, own), { ...plain[i], fromCache: true });
  const [, simd, relaxed] = plain.map(({ vector }) => String(vector));
  assert.equal(Object.keys(await entries()).length, simd === relaxed ? 2 : 3);
});

test('loads at the same time, of an empty cache and of a full one', async () => {
  const expected = await use(HUB, { cache: false });
  for (const fromCache of [false, true]) {
    const loads = await useAll(HUB, {}, {}, {});
    for (const one of loads) assert.deepEqual(one, { ...expected, fromCache: fromCache || one.fromCache });
    assert.equal(Object.keys(await entries()).length, 1);
  }
});

const quotaOnlyInChromium = onlyInChromium('a quota for the disk that tests can set');

test('no room: a note, the model, and nothing left behind', { skip: quotaOnlyInChromium }, async () => {
  const expected = await use(HUB, { cache: false });
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(server.url).origin, quotaSize: 20000 });
  const { notes, ...rest } = await use(HUB);
  assert.deepEqual({ ...rest, notes: [] }, expected);
  assert.match(notes.join(), /not kept in the cache: /);
  assert.deepEqual(await entries(), {});
});

test('clearCache() removes what was kept, which no model holds', async () => {
  await use(HUB);
  const left = await page.evaluate(async () => {
    const { clearCache, load } = await import('/dist/bertlet.js');
    const bert = await load('tiny-f32', { hub: '/models' });
    await clearCache();
    await bert.embed('still there');
    await bert.dispose();
    return bert.info.fromCache;
  });
  assert.equal(left, true);
  assert.deepEqual(await entries(), {});
  assert.equal((await use(HUB, { cache: 'refresh' })).fromCache, false);
  assert.equal((await use(HUB)).fromCache, true);
  await noWorkers(page);
});

test('clearCache() while loads write: the models load, and what can’t be removed just then is told', async () => {
  const outcomes = await page.evaluate(async () => {
    const { load, clearCache, BertletError } = await import('/dist/bertlet.js');
    const options = { hub: '/models', threads: 1, cache: 'refresh' };
    let loading = true;
    const loads = Promise.all(
      ['f32', 'int8', 'f32'].map(async (dtype) => {
        const bert = await load('tiny-f32', { ...options, dtype });
        const { length } = await bert.embed('the movie was great');
        await bert.dispose();
        return length;
      }),
    ).finally(() => (loading = false));
    const failures = [];
    while (loading) {
      await clearCache().catch((error) => failures.push(error instanceof BertletError ? error.code : String(error)));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const lengths = await loads;
    await clearCache();
    return { lengths, others: failures.filter((code) => code !== 'FILE_ACCESS') };
  });
  assert.deepEqual(outcomes, { lengths: [32, 32, 32], others: [] });
  assert.deepEqual(Object.keys(await entries()), []);
});

test('listCache() tells in the page what loads have kept, by when each was used last; clearing leaves no file', async () => {
  const list = () =>
    page.evaluate(async () => {
      const { listCache } = await import('/dist/bertlet.js');
      return (await listCache()).map(({ lastUsed, ...entry }) => ({ ...entry, ago: Date.now() - lastUsed }));
    });
  const ids = async () => (await list()).map(({ model, dtype }) => `${model} ${dtype}`);
  assert.deepEqual(await list(), []);
  await use(HUB, { dtype: 'f32' });
  await use(HUB, { dtype: 'int8' });
  const [last, first] = await list();
  assert.deepEqual([last.dtype, first.dtype, last.model, first.model], ['int8', 'f32', HUB, HUB]);
  assert.ok(last.ago >= 0 && last.ago <= first.ago && first.ago < 600_000, JSON.stringify([last, first]));
  assert.deepEqual([last.bytes, first.bytes].sort(), Object.values(await entries()).sort());
  await use(HUB, { dtype: 'f32' });
  assert.deepEqual(await ids(), [`${HUB} f32`, `${HUB} int8`], 'the one that was read last');
  await page.evaluate(async () => (await import('/dist/bertlet.js')).clearCache());
  assert.deepEqual(await list(), []);
  assert.deepEqual(await filesOfCache(), {});
});

test(
  'no room for all: the least recently used entry goes, and at any rate what was left unfinished',
  { skip: quotaOnlyInChromium },
  async () => {
    await use(HUB);
    const [size] = Object.values(await entries());
    await cut(Array(8).fill(0), 8, size, 'left.bertlet');
    await use('tiny-f16', { cache: 'refresh' });
    await use(HUB);
    assert.equal(Object.keys(await entries()).length, 2, 'nobody writes it any more');
    const session = await page.context().newCDPSession(page);
    const origin = new URL(server.url).origin;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: Math.floor(2.5 * size) });
    await use('tiny-bf16');
    const listed = await page.evaluate(async () => (await import('/dist/bertlet.js')).listCache());
    assert.deepEqual(
      listed.map(({ model }) => model),
      ['tiny-bf16', HUB],
    );
    assert.equal(Object.keys(await entries()).length, 2);
  },
);

test('a vocabulary that came in half, by what the hub tells of it: an error, and nothing is kept', async () => {
  let cut = true;
  await page.route('**/vocab.txt', async (route) => {
    const whole = await (await route.fetch()).body();
    const hash = createHash('sha1').update(`blob ${whole.length}\0`).update(whole).digest('hex');
    const headers = { ETag: `"${hash}"`, 'X-Repo-Commit': 'c', 'Content-Type': 'text/plain' };
    await route.fulfill({ headers, body: cut ? whole.subarray(0, whole.length / 2) : whole });
  });
  await assert.rejects(use(HUB), /vocab\.txt broke off after \d+ bytes/);
  assert.deepEqual(await filesOfCache().catch(() => ({})), {});
  cut = false;
  assert.equal((await use(HUB)).fromCache, false);
  assert.equal((await use(HUB)).fromCache, true);
});
