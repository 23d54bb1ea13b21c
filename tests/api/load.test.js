// load(): every kind of source, what can be wrong with them, downloads that are kept, progress and cancelling.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { load, loadTokenizer } from '../../js/index.js';
import {
  safetensors,
  serve,
  serveFiles,
  splitAdapterTensors,
  temporaryFolder,
  tiny,
  tinyFiles,
  toyExamples,
} from '../support.js';

const files = await tinyFiles();
const weights = files['model.safetensors'];
const html = Buffer.from('\n<!DOCTYPE html><html><body>Please log in</body></html>');
const vector = await embedding(tiny());

/** What a model makes of a text: equal for every way to load the same model. */
async function embedding(spec, options) {
  const bert = await load(spec, { threads: 1, cache: false, ...options });
  const result = await bert.embed('the movie was great');
  await bert.dispose();
  return result;
}

/** A new BERTLET_HOME for one test: the local model folder is in it. */
async function ownHome(t) {
  const before = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => {
    if (before === undefined) delete process.env.BERTLET_HOME;
    else process.env.BERTLET_HOME = before;
  });
  return process.env.BERTLET_HOME;
}

/** @param {Promise<unknown>} loading @param {{ code?: string, name?: string, message?: RegExp }} error */
const fails = (loading, error) => assert.rejects(loading, error.code ? { name: 'BertletError', ...error } : error);

const changedConfig = (changes) =>
  Buffer.from(JSON.stringify({ ...JSON.parse(String(files['config.json'])), ...changes }));

/** The weights with another header: `change` gets its entries. */
function changedWeights(change, data) {
  const { header, data: same } = splitAdapterTensors(weights);
  change(header);
  return Buffer.from(safetensors(header, data ?? same));
}

test('a directory, by path, relative path and file: URL', async () => {
  const bert = await load(tiny(), { threads: 1 });
  assert.equal(bert.info.model, tiny());
  assert.equal(bert.info.hiddenSize, 32);
  assert.equal(bert.info.numLayers, 2);
  assert.equal(bert.info.maxTokens, 40);
  assert.equal(bert.info.dtype, 'int8');
  assert.equal(bert.info.threads, 1);
  assert.match(bert.info.fingerprint, /^[0-9a-f]{16}$/);
  await bert.dispose();
  assert.deepEqual(await embedding(pathToFileURL(tiny())), vector);
  assert.deepEqual(await embedding(`./${tiny().slice(process.cwd().length + 1)}`), vector);
});

test('int8 unless f32 is asked for: other vectors, the same fingerprint, so that each takes the heads of the other', async () => {
  const [plain, int8, f32] = await Promise.all(
    [undefined, 'int8', 'f32'].map((dtype) => load(tiny(), { dtype, threads: 1 })),
  );
  assert.deepEqual([plain.info.dtype, int8.info.dtype, f32.info.dtype], ['int8', 'int8', 'f32']);
  assert.equal(f32.info.fingerprint, int8.info.fingerprint);
  const vector = await int8.embed('good');
  assert.deepEqual(await plain.embed('good'), vector);
  assert.notDeepEqual(await f32.embed('good'), vector);
  const examples = toyExamples(16);
  for (const [trained, used] of [
    [f32, int8],
    [int8, f32],
  ]) {
    const head = await used.loadHead(await (await trained.fit(examples)).save());
    assert.equal((await head.evaluate(examples)).accuracy, 1);
  }
  await Promise.all([plain, int8, f32].map((bert) => bert.dispose()));
});

test('files as bytes, buffers, Blobs, Files, streams, Responses, URLs', async (t) => {
  const base = await serve(t, serveFiles(files));
  const wrappers = {
    Buffer: (bytes) => bytes,
    Uint8Array: (bytes) => new Uint8Array(bytes),
    ArrayBuffer: (bytes) => new Uint8Array(bytes).buffer,
    Blob: (bytes) => new Blob([bytes]),
    ReadableStream: (bytes) => new Blob([bytes]).stream(),
    Response: (bytes) => new Response(bytes),
    URL: (_, name) => new URL(name, base),
    'URL as a string': (_, name) => base + name,
  };
  for (const [what, wrap] of Object.entries(wrappers)) {
    const spec = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, wrap(bytes, name)]));
    assert.deepEqual(await embedding(spec), vector, what);
  }
  assert.equal(files['model.safetensors'].length, weights.length, 'what the caller gave stays the caller’s');
});

test('a list of files, as an <input> gives it: the one on top counts', async () => {
  const file = (bytes, name, path) =>
    Object.defineProperty(new File([bytes], name), 'webkitRelativePath', { value: path });
  const list = Object.entries(files).map(([name, bytes]) => file(bytes, name, `model/${name}`));
  list.push(file('{"pooling_mode_mean_tokens":true}', 'config.json', 'model/1_Pooling/config.json'));
  assert.deepEqual(await embedding(list), vector);
  assert.deepEqual(await embedding([...list].reverse()), vector);
});

test('a vocabulary with fewer pieces than the model has is told: it may be cut off', async () => {
  const pieces = files['vocab.txt'].toString().split('\n');
  const warnings = [];
  const spec = { ...files, 'vocab.txt': Buffer.from(pieces.slice(0, 80).join('\n')) };
  const bert = await load(spec, { threads: 1, onWarning: (message) => warnings.push(message) });
  await bert.dispose();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /vocab\.txt has 80 pieces, fewer than the model's 94\. Check that the file is complete\./);
});

test('a folder on a server, with and without the last slash', async (t) => {
  const base = await serve(t, (req, res) => {
    if (req.url.startsWith('/some/folder/')) return serveFiles(files)(req, res);
    res.writeHead(404).end();
  });
  assert.deepEqual(await embedding(`${base}some/folder`), vector);
  assert.deepEqual(await embedding(new URL('some/folder/', base)), vector);
});

test('checkpoints in F16 with the prefix "bert." and in BF16', async () => {
  for (const dtype of ['f16', 'bf16']) {
    const other = await embedding(tiny(dtype));
    assert.equal(other.length, 32);
    assert.ok(other.every(Number.isFinite));
  }
});

test('names of the oldest checkpoints: LayerNorm.gamma and beta', async () => {
  const old = changedWeights((header) => {
    for (const name of Object.keys(header).filter((key) => key.includes('LayerNorm'))) {
      header[`bert.${name.replace('weight', 'gamma').replace('bias', 'beta')}`] = header[name];
      delete header[name];
    }
  });
  assert.deepEqual(await embedding({ ...files, 'model.safetensors': old }), vector);
});

test('the hub: downloaded once, kept in the local model folder, then found there', async (t) => {
  const home = await ownHome(t);
  const asked = [];
  const hub = await serve(t, (req, res) => {
    asked.push(req.url);
    serveFiles(files)(req, res);
  });
  assert.deepEqual(await embedding('org/name', { hub }), vector);
  assert.ok(asked.includes('/org/name/resolve/main/model.safetensors'), asked.join());
  assert.deepEqual(readdirSync(join(home, 'models/org/name')).sort(), [
    '.bertlet-download.json',
    'config.json',
    'model.safetensors',
    'vocab.txt',
  ]);
  asked.length = 0;
  assert.deepEqual(await embedding('org/name', { hub }), vector);
  assert.deepEqual(asked, []);
  assert.deepEqual(await embedding('org/name', { hub, revision: 'v1.0' }), vector);
  assert.ok(asked.includes('/org/name/resolve/v1.0/model.safetensors'), 'another revision is another model');
});

test('a failed download leaves nothing behind, and the next one works', async (t) => {
  const home = await ownHome(t);
  let good = false;
  const hub = await serve(t, (req, res) => {
    if (good || !req.url.endsWith('model.safetensors')) return serveFiles(files)(req, res);
    res.writeHead(200, { 'Content-Length': weights.length }).write(weights.subarray(0, 30000));
    setTimeout(() => res.destroy(), 50);
  });
  await fails(load('org/name', { hub }), {
    code: 'NETWORK',
    message: /model\.safetensors broke off after \d+ bytes/,
  });
  assert.deepEqual(readdirSync(join(home, 'models/org/name')), []);
  good = true;
  assert.deepEqual(await embedding('org/name', { hub }), vector);
});

test('an interrupted download of an earlier process does not count as a model', async (t) => {
  const home = await ownHome(t);
  const folder = join(home, 'models/org/name');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), 'half');
  await writeFile(join(folder, 'model.safetensors.some.partial'), 'half');
  const hub = await serve(t, serveFiles(files));
  assert.deepEqual(await embedding('org/name', { hub }), vector);
});

test('progress: never more than the total, which is the size of the weights, gzip or not', async (t) => {
  const gzipped = gzipSync(weights);
  const base = await serve(t, (req, res) => {
    if (!req.url.endsWith('model.safetensors')) return serveFiles(files)(req, res);
    res.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': gzipped.length }).end(gzipped);
  });
  for (const spec of [tiny(), base]) {
    const events = [];
    await embedding(spec, { onProgress: (event) => events.push(event) });
    assert.ok(events.length > 0);
    for (const { phase, loaded, total } of events) {
      assert.equal(phase, 'download');
      assert.ok(loaded > 0 && loaded <= total);
      assert.equal(total, weights.length);
    }
    assert.deepEqual(events.at(-1), { phase: 'download', loaded: weights.length, total: weights.length });
  }
});

test('cancelling a download: rejects with the reason, ends the request, leaves nothing behind', async (t) => {
  const home = await ownHome(t);
  for (const stalled of ['config.json', 'vocab.txt', 'model.safetensors']) {
    const controller = new AbortController();
    const reason = new Error(`enough of ${stalled}`);
    let connectionEnded;
    const hub = await serve(t, (req, res) => {
      if (!req.url.endsWith(stalled)) return serveFiles(files)(req, res);
      connectionEnded = new Promise((resolve) => res.on('close', resolve));
      res.writeHead(200, { 'Content-Length': files[stalled].length }).write(files[stalled].subarray(0, 100));
      setTimeout(() => controller.abort(reason), 50);
    });
    await fails(load('org/name', { hub, signal: controller.signal }), reason);
    await connectionEnded;
    const folder = join(home, 'models/org/name');
    // The worker tidies up after the caller has gone on.
    for (let i = 0; i < 100 && existsSync(folder) && readdirSync(folder).length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], []);
  }
  await fails(load(tiny(), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('cancelling while a stream of the caller’s is read: the stream is cancelled', async () => {
  for (const before of [0, 1000]) {
    const controller = new AbortController();
    let cancelled;
    const wasCancelled = new Promise((resolve) => (cancelled = resolve));
    let asked = 0;
    const stream = new ReadableStream(
      {
        pull(sink) {
          asked += 1;
          if (asked === 1 && before > 0) return sink.enqueue(weights.subarray(0, before));
          setTimeout(() => controller.abort(), 50);
          return new Promise(() => {});
        },
        cancel: cancelled,
      },
      { highWaterMark: 0 },
    );
    await fails(load({ ...files, 'model.safetensors': stream }, { signal: controller.signal }), { name: 'AbortError' });
    await wasCancelled;
  }
});

test('a stream is cancelled when the load fails without it', async () => {
  let cancelled;
  const wasCancelled = new Promise((resolve) => (cancelled = resolve));
  const stream = new ReadableStream({ cancel: cancelled });
  await fails(load({ ...files, 'config.json': html, 'model.safetensors': stream }), { code: 'NOT_A_MODEL' });
  await wasCancelled;
});

test('a listener that throws ends the load', async () => {
  const thrown = new Error('from onProgress');
  const onProgress = () => {
    throw thrown;
  };
  await fails(load(tiny(), { cache: false, onProgress }), thrown);
});

/** What is wrong, the files or options that make it so, and the error. */
const wrong = [
  ['no config.json', { 'config.json': undefined }, 'FILE_NOT_FOUND', /config\.json/],
  ['no vocabulary', { 'vocab.txt': undefined }, 'FILE_NOT_FOUND', /vocab\.txt/],
  ['no weights', { 'model.safetensors': undefined }, 'FILE_NOT_FOUND', /model\.safetensors/],
  ['an HTML page as config.json', { 'config.json': html }, 'NOT_A_MODEL', /config\.json is an HTML page/],
  ['an HTML page as weights', { 'model.safetensors': html }, 'NOT_A_MODEL', /model\.safetensors is an HTML page/],
  [
    'a Git LFS pointer as weights',
    { 'model.safetensors': Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n') },
    'NOT_A_MODEL',
    /Git LFS pointer/,
  ],
  [
    'half of the weights',
    { 'model.safetensors': weights.subarray(0, 50000) },
    'TRUNCATED_FILE',
    /ends after 50000 of 94200 bytes/,
  ],
  ['no bytes of weights', { 'model.safetensors': Buffer.alloc(0) }, 'TRUNCATED_FILE', /ends after 0/],
  [
    'more than the weights',
    { 'model.safetensors': Buffer.concat([weights, html]) },
    'BAD_SAFETENSORS',
    /longer than the 94200 bytes/,
  ],
  ['a damaged header', { 'model.safetensors': Buffer.from(safetensors('{"a":')) }, 'BAD_SAFETENSORS', /not JSON/],
  ['config.json that is not JSON', { 'config.json': Buffer.from('{') }, 'BAD_CONFIG', /config\.json/],
  [
    'config.json without hidden_size',
    { 'config.json': changedConfig({ hidden_size: undefined }) },
    'BAD_CONFIG',
    /hidden_size/,
  ],
  ['another kind of model', { 'config.json': changedConfig({ model_type: 'gpt2' }) }, 'UNSUPPORTED_MODEL', /"gpt2"/],
  [
    'a model beyond 4 GB',
    { 'config.json': changedConfig({ hidden_size: 2 ** 20, intermediate_size: 2 ** 22, num_attention_heads: 16 }) },
    'OUT_OF_MEMORY',
    /memory|4 GB/,
  ],
  [
    'a shape that does not fit config.json',
    { 'config.json': changedConfig({ intermediate_size: 128 }) },
    'SHAPE_MISMATCH',
    /encoder\.layer\.0\.intermediate\.dense\.bias has shape \[64\].*\[128\]/,
  ],
  [
    'more layers than there are tensors',
    { 'config.json': changedConfig({ num_hidden_layers: 3 }) },
    'MISSING_TENSOR',
    /encoder\.layer\.2\..* and 15 more/,
  ],
  [
    'a tensor under both of its names',
    {
      'model.safetensors': changedWeights((header) => {
        header['bert.embeddings.LayerNorm.bias'] = header['pooler.dense.bias'];
        delete header['pooler.dense.bias'];
      }),
    },
    'BAD_SAFETENSORS',
    /embeddings\.LayerNorm\.bias twice/,
  ],
  [
    'weights of integers',
    { 'model.safetensors': changedWeights((header) => (header['embeddings.LayerNorm.bias'].dtype = 'I32')) },
    'UNSUPPORTED_DTYPE',
    /embeddings\.LayerNorm\.bias is of type I32/,
  ],
  [
    'NaN among the weights',
    {
      'model.safetensors': (() => {
        const { header, data } = splitAdapterTensors(weights);
        const copy = data.slice();
        const [begin] = header['encoder.layer.1.output.dense.weight'].data_offsets;
        copy.set([0, 0, 0xc0, 0x7f], begin + 400);
        return changedWeights(() => {}, copy);
      })(),
    },
    'BAD_WEIGHTS',
    /encoder\.layer\.1\.output\.dense\.weight holds NaN/,
  ],
  ['an empty vocabulary', { 'vocab.txt': Buffer.alloc(0) }, 'BAD_VOCABULARY', /vocab\.txt/],
  ['a vocabulary without [CLS]', { 'vocab.txt': Buffer.from('[UNK]\n[SEP]\na\n') }, 'BAD_VOCABULARY', /\[CLS\]/],
  [
    'the vocabulary of another model',
    { 'vocab.txt': Buffer.concat([files['vocab.txt'], Buffer.from('more\n'.repeat(500))]) },
    'BAD_VOCABULARY',
    /pieces, but the model only/,
  ],
];

for (const [what, changes, code, message] of wrong) {
  test(`${what}, from memory and from a server`, async (t) => {
    const changed = Object.fromEntries(Object.entries({ ...files, ...changes }).filter(([, bytes]) => bytes));
    await fails(load(changed), { code, message });
    const base = await serve(t, serveFiles(changed));
    await fails(load(base), { code, message });
  });
}

test('a server that shows a page for everything it does not have', async (t) => {
  const base = await serve(t, (req, res) => {
    const bytes = files[req.url.split('/').pop()];
    if (bytes) res.end(bytes);
    else res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
  });
  assert.deepEqual(await embedding(`${base}model/`), vector, 'it has no tokenizer_config.json, which is no failure');
  const other = await serve(t, (_, res) => res.writeHead(200, { 'Content-Type': 'text/html' }).end(html));
  await fails(load(other), { code: 'NOT_A_MODEL', message: /http.*config\.json is an HTML page/ });
});

test('what servers answer', async (t) => {
  const answer = async (status, code, message) => {
    const base = await serve(t, (_, res) => res.writeHead(status).end());
    await fails(load(base), { code, message });
  };
  await answer(404, 'FILE_NOT_FOUND', /config\.json does not exist \(HTTP 404\)/);
  await answer(401, 'FILE_NOT_FOUND', /private/);
  await answer(500, 'NETWORK', /HTTP 500/);
  await answer(429, 'NETWORK', /HTTP 429/);
  await fails(load('http://127.0.0.1:9/'), { code: 'NETWORK', message: /could not be fetched/ });
});

test('paths that lead nowhere', async (t) => {
  const folder = await temporaryFolder(t);
  await fails(load(join(folder, 'nothing')), { code: 'FILE_NOT_FOUND', message: /nothing does not exist/ });
  await fails(load(folder), { code: 'FILE_NOT_FOUND', message: /config\.json does not exist/ });
});

test('files that can’t be read or kept', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'config.json'));
  await fails(load(folder), { code: 'BAD_INPUT', message: /config\.json: this is a folder, not a file/ });

  const home = await ownHome(t);
  await writeFile(join(home, 'models'), 'in the way');
  const hub = await serve(t, serveFiles(files));
  await fails(load('org/name', { hub }), {
    code: 'FILE_ACCESS',
    message: /can't be kept in .*org.name: .*BERTLET_HOME/,
  });
});

test('arguments that are none', async () => {
  await fails(load(undefined), { code: 'BAD_INPUT' });
  await fails(load(7), { code: 'BAD_INPUT' });
  await fails(load('a/b/c'), { code: 'BAD_INPUT', message: /org\/name/ });
  await fails(load('https://'), { code: 'BAD_INPUT' });
  await fails(load('org/name', { hub: 'nowhere' }), { code: 'BAD_INPUT', message: /hub/ });
  await fails(load({ ...files, 'config.json': 7 }), { code: 'BAD_INPUT', message: /config\.json/ });
  const read = new Response(files['config.json']);
  await read.text();
  await fails(load({ ...files, 'config.json': read }), { code: 'BAD_INPUT', message: /already read/ });
  await fails(load({ ...files, 'config.json': './config.json' }), { code: 'BAD_INPUT', message: /not a URL/ });
  await fails(load(tiny(), { threads: 0 }), { code: 'BAD_INPUT', message: /threads/ });
  await fails(load(tiny(), { dtpye: 'int8' }), { code: 'BAD_INPUT', message: /no option "dtpye"/ });
  await fails(loadTokenizer(tiny(), { lowerCase: true }), { code: 'BAD_INPUT', message: /no option "lowerCase"/ });
  const bert = await load(tiny(), { threads: 1 });
  await fails(bert.tokenize('a', { pooling: 'cls' }), { code: 'BAD_INPUT', message: /no option "pooling"/ });
  await fails(bert.loadHead(new Uint8Array(8), { labels: [] }), { code: 'BAD_INPUT', message: /no option "labels"/ });
  await bert.dispose();
  await fails(load(tiny(), { dtype: 'f64' }), { code: 'UNSUPPORTED_DTYPE', message: /f64/ });
  const builds = /build is "none"; it must be relaxed-mt or relaxed or simd-mt or simd or scalar/;
  await fails(load(tiny(), { build: 'none' }), { code: 'BAD_INPUT', message: builds });
});

test('more threads than the build has: info says so', async () => {
  const bert = await load(tiny(), { threads: 2, build: 'simd' });
  const { build, threads, notes } = bert.info;
  assert.deepEqual({ build, threads }, { build: 'simd', threads: 1 });
  assert.match(notes.join(), /"simd" has one thread, not the 2 that were asked for/);
  await bert.dispose();
});
