// Files that the caller gives: of any realm, read as often as asked, and closed whatever happens.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { load, loadTokenizer } from '../../js/index.js';
import { fixtures, fromRoot, serve, serveFiles, temporaryFolder, tiny, tinyFiles } from '../support.js';

const files = await tinyFiles();
const json = (value) => Buffer.from(JSON.stringify(value));

async function embedding(spec, options) {
  const bert = await load(spec, { threads: 1, ...options });
  const vector = await bert.embed('the movie was great');
  await bert.dispose();
  return vector;
}

/** The files of a folder with subfolders, by name. */
async function readFolder(folder) {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path)])),
  );
}

test('modules.json that names a folder twice: a folder, bytes, Blobs; of a stream weights are read once, which is told', async (t) => {
  const folder = join(fixtures, 'checkpoints/sentence-dense');
  const model = await readFolder(folder);
  const modules = JSON.parse(String(model['modules.json']));
  // The last layer once more, whose outputs are as many as its inputs.
  const type = 'sentence_transformers.models.Dense';
  const dense = modules.filter((module) => module.type.endsWith('Dense'));
  model['modules.json'] = json([
    ...modules.filter((module) => !module.type.endsWith('Dense') && !module.type.endsWith('Normalize')),
  ]);
  const twice = [...JSON.parse(String(model['modules.json'])), { ...dense[0], type }, { ...dense[0], type }];
  model['modules.json'] = json(twice);
  // The first layer, made square: as many outputs as inputs.
  const config = JSON.parse(String(model['config.json']));
  const size = config.hidden_size;
  const header = { 'linear.weight': { dtype: 'F32', shape: [size, size], data_offsets: [0, 4 * size * size] } };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(text.length);
  const values = Buffer.from(Float32Array.from({ length: size * size }, (_, i) => Math.sin(i) / 4).buffer);
  model[`${dense[0].path}/model.safetensors`] = Buffer.concat([length, text, values]);

  const place = await temporaryFolder(t);
  for (const [name, bytes] of Object.entries(model)) {
    await mkdir(join(place, name, '..'), { recursive: true });
    await writeFile(join(place, name), bytes);
  }
  const expected = await embedding(place);
  assert.deepEqual(await embedding(model), expected);
  const wrap = (make) => Object.fromEntries(Object.entries(model).map(([name, bytes]) => [name, make(bytes)]));
  assert.deepEqual(await embedding(wrap((bytes) => new Blob([bytes]))), expected);
  await assert.rejects(load(wrap((bytes) => new Response(bytes))), {
    code: 'BAD_INPUT',
    message: /Dense\/model\.safetensors was already read.*Blob or bytes/,
  });
});

test('bytes, Blobs and URLs of another realm', async (t) => {
  const realm = vm.createContext({ Blob, URL });
  const base = await serve(t, serveFiles(files));
  const wrappers = {
    Uint8Array: (bytes) => vm.runInContext('(bytes) => Uint8Array.from(bytes)', realm)(bytes),
    ArrayBuffer: (bytes) => vm.runInContext('(bytes) => Uint8Array.from(bytes).buffer', realm)(bytes),
    DataView: (bytes) => vm.runInContext('(bytes) => new DataView(Uint8Array.from(bytes).buffer)', realm)(bytes),
    // Classes that are others than this realm's own, as a frame's are.
    Blob: (bytes) =>
      Object.assign(Object.create({ [Symbol.toStringTag]: 'Blob' }), { stream: () => new Blob([bytes]).stream() }),
    URL: (_, name) => Object.create({ [Symbol.toStringTag]: 'URL', toString: () => base + name }),
  };
  const expected = await embedding(tiny());
  for (const [what, wrap] of Object.entries(wrappers)) {
    const spec = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, wrap(bytes, name)]));
    assert.deepEqual(await embedding(spec), expected, what);
  }
});

test('a whole sentence-transformers folder as bytes: a tokenizer, too', async () => {
  const model = { ...files, 'tokenizer_config.json': json({ do_lower_case: true }) };
  const tokenizer = await loadTokenizer(model);
  assert.equal(tokenizer.encode('the movie').length, 4);
  tokenizer.dispose();
});

test('answers that are no file', async (t) => {
  for (const status of [400, 402, 404, 410, 418]) {
    const base = await serve(t, (req, res) => {
      const bytes = files[req.url.slice(1)];
      res.writeHead(bytes ? 200 : status, { 'Content-Type': 'application/json' }).end(bytes ?? '{"error":"not_found"}');
    });
    assert.deepEqual(await embedding(base), await embedding(tiny()), String(status));
  }
  for (const status of [408, 425, 429, 500, 503]) {
    const base = await serve(t, (req, res) => {
      const bytes = files[req.url.slice(1)];
      res.writeHead(bytes ? 200 : status).end(bytes);
    });
    await assert.rejects(load(base), { code: 'NETWORK' }, String(status));
  }
  const base = await serve(t, (req, res) => res.writeHead(302, { Location: '/elsewhere' }).end());
  const unreadable = [Response.error(), await fetch(base, { redirect: 'manual' })]; // opaque ones: tests/browser/places.test.js
  for (const response of unreadable)
    await assert.rejects(load({ ...files, 'config.json': response }), {
      code: 'BAD_INPUT',
      message: /\((error, HTTP 0|basic, HTTP 302)\).*cors.*redirects/,
    });
});

test('addresses that are none', async () => {
  await assert.rejects(load('file://host/x'), { name: 'BertletError', code: 'BAD_INPUT', message: /file:\/\/host\/x/ });
  await assert.rejects(load('file:///a%2Fb'), { name: 'BertletError', code: 'BAD_INPUT' });
});

test('Node exits after a load that fails before it begins', async () => {
  const bytes = '{ "config.json": new Uint8Array(1), "vocab.txt": new Response("x") }';
  const calls = [
    `load({ ...${bytes}, "model.safetensors": "./not-a-url" })`,
    `load(${bytes}, { adapter: 7 })`,
    `load(${bytes}, { headers: { "a b": "c" } })`,
    `load(${bytes})`,
  ];
  for (const call of calls) {
    const script = `import { load } from './js/index.js'; await ${call}.catch(({ code }) => console.log(code));`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fromRoot(''),
      timeout: 20_000,
    });
    assert.match((await run).stdout, /^(BAD_INPUT|BAD_CONFIG)\n$/, call);
  }
});

test('a stream of a small file is cancelled when the load is aborted in the middle of it', async () => {
  const controller = new AbortController();
  let cancelled;
  const wasCancelled = new Promise((resolve) => (cancelled = resolve));
  let asked = 0;
  const stream = new ReadableStream({
    pull(sink) {
      if (asked++ === 0) return sink.enqueue(new TextEncoder().encode('{'));
      setTimeout(() => controller.abort(), 20);
      return new Promise(() => {});
    },
    cancel: cancelled,
  });
  const loading = load({ ...files, 'config.json': stream }, { threads: 1, signal: controller.signal });
  await assert.rejects(loading, { name: 'AbortError' });
  await wasCancelled;
});

test('a list of what are no files', async () => {
  for (const list of [[{}], [{ name: 7 }], [undefined], [new Blob(['x'])]])
    await assert.rejects(load(list, { threads: 1 }), {
      code: 'BAD_INPUT',
      message: /Element 0 of a list of files is no File: it has no name\./,
    });
});
