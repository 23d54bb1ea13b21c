// Where a script may run in a browser: with no worker to be had, with the library on another origin, and where a dev server has moved it.
import assert from 'node:assert/strict';
import { cp, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import sirv from 'sirv';
import { fromRoot, temporaryFolder } from '../support.js';
import { ENGINE, FIXTURES, launch } from './browser.js';

const EMPTY = '<!doctype html><title>Test</title>';
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const FOR_ALL = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/**
 * A server, until the test is over: dist/ under /dist/, the small models under /models/.
 * @param {Record<string, string | { to: string }>} [texts] documents, scripts and redirects, by their paths
 * @param {Record<string, string>} [headers] of all answers
 * @returns {Promise<string>} its address
 */
async function serve(t, texts = {}, headers = {}, folder = fromRoot('dist')) {
  const send = { dist: sirv(folder, { dev: true, dotfiles: true }), models: sirv(FIXTURES, { dev: true }) };
  const server = createServer((req, res) => {
    res.setHeaders(new Map(Object.entries(headers)));
    const [, first, ...rest] = req.url.split('/');
    const text = texts[req.url];
    if (text?.to) return void res.writeHead(302, { Location: text.to }).end();
    if (text !== undefined) {
      res.setHeader('Content-Type', text.startsWith('<') ? 'text/html' : 'text/javascript');
      return void res.end(text);
    }
    if (!Object.hasOwn(send, first)) return void res.writeHead(404).end();
    req.url = `/${rest.join('/')}`;
    send[first](req, res, () => res.writeHead(404).end());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

/** A page in a profile of its own. */
async function open(t, url) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** The source of a function that loads a model and uses it; gives its vector and info, or the error. */
const USE = `async (load, options) => {
  try {
    const model = new URL('/models/tiny-f32/', location.href).href;
    const bert = await load(model, { cache: false, ...options });
    const vector = [...(await bert.embed('the movie was great'))];
    const examples = ['good', 'bad', 'great', 'awful'].map((text, i) => ({ text, label: i % 2 ? 'no' : 'yes' }));
    const [{ label }] = await (await bert.fit(examples, { c: 1 })).classify('good');
    await bert.dispose();
    return { vector, label, info: bert.info };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}`;

const inPage = (page, library, options = {}) =>
  page.evaluate(`import(${JSON.stringify(library)}).then(({ load }) => (${USE})(load, ${JSON.stringify(options)}))`);

/** What a model in a worker gives. */
async function expected(t) {
  const url = await serve(t, { '/': EMPTY });
  const { vector, label, info } = await inPage(await open(t, url), '/dist/bertlet.js');
  assert.deepEqual([vector.length, label], [32, 'yes']);
  assert.doesNotMatch(info.notes.join(' '), /calling thread/);
  return { vector, label };
}

const same = ({ vector, label, ...rest }, wanted) => {
  assert.deepEqual({ vector, label }, wanted, JSON.stringify(rest));
  return rest.info;
};

test('a page’s own thread: the same numbers, no worker, and the cache', async (t) => {
  const page = await open(t, await serve(t, { '/': EMPTY }, ISOLATED));
  const workers = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  const wanted = await expected(t);
  for (const fromCache of [false, true]) {
    const info = same(await inPage(page, '/dist/bertlet.js', { worker: false, cache: true, threads: 2 }), wanted);
    assert.deepEqual([info.threads, info.fromCache], [1, fromCache], info.notes.join(' '));
    assert.match(info.notes.join(' '), /worker: false.* on the calling thread, and there is one thread/);
  }
  const aborted = await page.evaluate(async () => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load('/models/tiny-f32/', { worker: false });
    const controller = new AbortController();
    setTimeout(() => controller.abort());
    const texts = Array.from({ length: 20_000 }, (_, i) => `a good movie, number ${i}`);
    return bert.embed(texts, { signal: controller.signal }).catch(({ name }) => name);
  });
  assert.equal(aborted, 'AbortError');
  assert.deepEqual(workers, []);
});

test('a service worker: the file that is made for it works, the other names it', async (t) => {
  const script = (file) => `import { load } from '/dist/${file}';
    onmessage = (event) => event.waitUntil((${USE})(load, {}).then((result) => event.source.postMessage(result)));`;
  const url = await serve(t, {
    '/': EMPTY,
    '/one.js': script('service-worker.js'),
    '/many.js': script('bertlet.js'),
  });
  const ask = async (name) => {
    const page = await open(t, url);
    return page.evaluate(async (name) => {
      const { active, installing, waiting } = await navigator.serviceWorker.register(name, { type: 'module' });
      const result = new Promise((resolve) => {
        navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
      });
      (active ?? waiting ?? installing).postMessage('');
      return result;
    }, name);
  };
  const info = same(await ask('/one.js'), await expected(t));
  assert.match(info.notes.join(' '), /No worker can be started here \(.*worker.*\).* on the calling thread/i);
  const { name, code, message } = await ask('/many.js');
  assert.deepEqual([name, code], ['BertletError', 'WORKER_FAILED']);
  assert.match(message, /import "bertlet\/service-worker" \(dist\/service-worker\.js\)/);
});

test('a shared worker, and workers that can start none: on their own threads; other workers start one', async (t) => {
  const run = `import { load } from '/dist/bertlet.js'; const run = () => (${USE})(load, {});`;
  const url = await serve(t, {
    '/': EMPTY,
    '/shared.js': `${run} onconnect = async ({ ports: [port] }) => port.postMessage(await run());`,
    '/none.js': `${run} delete self.Worker; postMessage(await run());`,
    '/worker.js': `${run} postMessage(await run());`,
  });
  const page = await open(t, url);
  const results = await page.evaluate(() => {
    const { port } = new SharedWorker('/shared.js', { type: 'module' });
    const workers = ['/none.js', '/worker.js'].map((url) => new Worker(url, { type: 'module' }));
    const answer = (from) => new Promise((resolve) => (from.onmessage = ({ data }) => resolve(data)));
    return Promise.all([port, ...workers].map(answer));
  });
  const wanted = await expected(t);
  const onTheirOwn = results.map((result) => /started here \(.*worker/i.test(same(result, wanted).notes.join(' ')));
  assert.deepEqual(onTheirOwn, [true, true, ENGINE === 'firefox']);
});

test('a sandboxed iframe: in a worker', async (t) => {
  const inner = `<!doctype html><script type="module">
    import { load } from '/dist/bertlet.js'; parent.postMessage(await (${USE})(load, {}), '*');</script>`;
  const outer = `<!doctype html><script>result = new Promise((resolve) => (onmessage = ({ data }) => resolve(data)));</script>
    <iframe sandbox="allow-scripts" src="/inner"></iframe>`;
  const page = await open(t, await serve(t, { '/': outer, '/inner': inner }, FOR_ALL));
  const info = same(await page.evaluate('result'), await expected(t));
  assert.doesNotMatch(info.notes.join(' '), /calling thread/);
});

test('from another origin: in a worker, with threads where the page may have them', async (t) => {
  const library = `${await serve(t, {}, FOR_ALL)}dist/bertlet.js`;
  const wanted = await expected(t);
  const policy = (workers) => ({
    'Content-Security-Policy': `script-src 'self' ${new URL(library).origin} 'wasm-unsafe-eval'; worker-src ${workers}`,
  });
  const pages = [
    [{}, 1],
    [ISOLATED, 2],
    [{ ...ISOLATED, ...policy(`'self' blob: ${new URL(library).origin}`) }, 2], // Firefox asks for the origin, too
  ];
  for (const [headers, threads] of pages) {
    const page = await open(t, await serve(t, { '/': EMPTY }, headers));
    const info = same(await inPage(page, library, { threads: 2 }), wanted);
    assert.equal(info.threads, threads, info.notes.join(' '));
    assert.doesNotMatch(info.notes.join(' '), /calling thread/);
  }
  const strict = await open(t, await serve(t, { '/': EMPTY }, policy("'self'")));
  const outcome = await inPage(strict, library);
  if (ENGINE === 'webkit') {
    // It refuses to start the worker, where the others start one that fails.
    assert.match(same(outcome, wanted).notes.join(' '), /No worker can be started here.* on the calling thread/);
  } else {
    assert.deepEqual([outcome.name, outcome.code], ['BertletError', 'WORKER_FAILED']);
    assert.match(outcome.message, /another origin.* blob: and http:.* in worker-src.* own origin.* worker: false/);
  }
  same(await inPage(strict, library, { worker: false }), wanted);
});

test('where Vite’s dev server has put bertlet.js and what it imports into another folder, or an error names the setting', async (t) => {
  const app = await temporaryFolder(t);
  const installed = join(app, 'node_modules/bertlet/dist');
  const moved = join(app, 'node_modules/.vite/deps');
  await cp(fromRoot('dist'), installed, { recursive: true });
  // As Vite 5, 6 and 7 do it; they themselves are in tests/matrix.
  const entryPoints = [join(installed, 'bertlet.js')];
  await build({ entryPoints, outdir: moved, bundle: true, splitting: true, format: 'esm', logLevel: 'error' });
  const library = '/dist/node_modules/.vite/deps/bertlet.js';
  const wanted = await expected(t);
  const page = await open(t, await serve(t, { '/': EMPTY }, {}, app));
  for (const worker of [true, false]) {
    const { notes } = same(await inPage(page, library, { worker }), wanted);
    assert.equal(/calling thread/.test(notes.join(' ')), !worker);
  }
  const tokens = await page.evaluate(async (library) => {
    const { loadTokenizer } = await import(library);
    return (await loadTokenizer('/models/tiny-f32/')).tokenize('the movie').tokens;
  }, library);
  assert.deepEqual(tokens, ['[CLS]', 'the', 'movie', '[SEP]']);

  await rename(installed, join(app, 'elsewhere'));
  for (const worker of [true, false]) {
    const { name, code, message } = await inPage(page, library, { worker });
    assert.deepEqual([name, code], ['BertletError', worker ? 'WORKER_FAILED' : 'NO_WASM']);
    assert.match(message, /optimizeDeps: \{ exclude: \['bertlet'\] \}/);
  }
});

test('answers that a page may not read, given as files: an error says how to fetch them', async (t) => {
  const other = await serve(t);
  const url = await serve(t, { '/': EMPTY, '/moved': { to: '/models/tiny-f32/config.json' } });
  const page = await open(t, url);
  const errors = await page.evaluate(async (other) => {
    const { load } = await import('/dist/bertlet.js');
    const responses = await Promise.all([
      fetch(`${other}models/tiny-f32/config.json`, { mode: 'no-cors' }),
      fetch('/moved', { redirect: 'manual' }),
    ]);
    const failures = responses.map((config) =>
      load({ 'config.json': config, 'vocab.txt': new Blob(['a']), 'model.safetensors': new Blob(['b']) }).catch(
        ({ name, code, message }) => [name, code, message],
      ),
    );
    return Promise.all(failures);
  }, other);
  for (const [i, type] of ['opaque', 'opaqueredirect'].entries()) {
    const [name, code, message] = errors[i];
    assert.deepEqual([name, code], ['BertletError', 'BAD_INPUT']);
    assert.match(message, new RegExp(`\\(${type}, HTTP 0\\).*mode: 'cors'.*redirects`));
  }
});
