// Files that came incomplete, and nobody who sent them noticed: what is told of their length or content is compared, and none is kept.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { load } from '../../js/index.js';
import { serve, temporaryFolder, tinyFiles } from '../support.js';

const files = {
  ...(await tinyFiles()),
  'tokenizer_config.json': Buffer.from('{ "do_lower_case": true }'),
  'special_tokens_map.json': Buffer.from('{ "unk_token": "[UNK]", "mask_token": "[MASK]" }'),
};
const sha1 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest('hex');
/** As git names a file, and the hub a small one in its ETag. */
const gitHash = (bytes) => sha1(`blob ${bytes.length}\0`, bytes);

async function emptyHome(t) {
  const before = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => (process.env.BERTLET_HOME = before));
  return process.env.BERTLET_HOME;
}

/** The names of all files below a folder. */
async function kept(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/**
 * A server whose files can be cut. Its answers end with the connection, so that nothing but `headersOf` tells their length.
 * @param {(name: string, whole: Buffer) => object} headersOf
 */
async function cuttingServer(t, headersOf) {
  const state = { cut: undefined };
  state.url = await serve(t, (req, res) => {
    const name = req.url.split('/').pop();
    const whole = files[name];
    if (!whole) return res.writeHead(404).end();
    res.useChunkedEncodingByDefault = false;
    res.writeHead(200, { Connection: 'close', ...headersOf(name, whole) });
    if (req.method === 'HEAD') return res.end();
    res.write(name === state.cut ? whole.subarray(0, whole.length / 2) : whole);
    res.end();
  });
  return state;
}

/** Loads, and tells what came out. */
async function use(spec, options) {
  const warnings = [];
  const bert = await load(spec, { threads: 1, ...options, onWarning: (warning) => warnings.push(warning) });
  const { length } = await bert.tokenize('the movie was great').then(({ ids }) => ids);
  await bert.dispose();
  return { fromCache: bert.info.fromCache, length, warnings };
}

const hubHeaders = {
  'the hash of git': (name, whole) => ({ ETag: `"${gitHash(whole)}"` }),
  'a weak ETag': (name, whole) => ({ ETag: `W/"${gitHash(whole)}"` }),
  'a mirror’s hash': (name, whole) => ({ ETag: `"${sha1(whole)}"` }),
  'X-Linked-Size': (name, whole) => ({ ETag: `"${name}"`, 'X-Linked-Size': whole.length }),
};
for (const [what, headersOf] of Object.entries(hubHeaders)) {
  test(`a hub that tells ${what}: no file that came in half is taken or kept`, async (t) => {
    const home = await emptyHome(t);
    const hub = await cuttingServer(t, (...file) => ({ 'X-Repo-Commit': 'c', ...headersOf(...file) }));
    for (hub.cut of Object.keys(files)) {
      await assert.rejects(use('org/name', { hub: hub.url, dtype: 'int8' }), (error) => {
        const weights = hub.cut === 'model.safetensors' && what !== 'X-Linked-Size';
        assert.equal(error.code, weights ? 'TRUNCATED_FILE' : 'NETWORK', `${hub.cut}: ${error.stack}`);
        assert.match(
          error.message,
          weights ? /model\.safetensors/ : new RegExp(`${hub.cut} broke off after \\d+ bytes`),
        );
        return true;
      });
      assert.deepEqual(await kept(home), [], hub.cut);
    }
    hub.cut = undefined;
    const { length } = await use('org/name', { hub: hub.url, dtype: 'int8' });
    assert.deepEqual(await use('org/name', { hub: hub.url, dtype: 'int8' }), { fromCache: true, length, warnings: [] });
  });
}

test('a server’s own ETag is no hash of the content', async (t) => {
  await emptyHome(t);
  const server = await cuttingServer(t, () => ({ ETag: `"${'0123456789'.repeat(4)}"` }));
  await use(`${server.url}model/`);
});

test('a Response whose body is shorter than it says, unless it says that it is compressed', async () => {
  const response = (name, headers) => new Response(files[name].subarray(0, headers.end), { headers });
  for (const name of Object.keys(files)) {
    const { length } = files[name];
    const spec = { ...files, [name]: response(name, { 'Content-Length': length, end: length / 2 }) };
    const message = new RegExp(`${name} broke off after ${Math.floor(length / 2)} bytes`);
    await assert.rejects(use(spec), { code: 'NETWORK', message }, name);
    await use({ ...files, [name]: response(name, { 'Content-Length': length }) });
    await use({ ...files, [name]: response(name, { 'Content-Length': 2 * length, 'Content-Encoding': 'gzip' }) });
  }
});

test('a compressed file is compared with what is said of its content, not of what is sent', async (t) => {
  await emptyHome(t);
  const hub = await serve(t, (req, res) => {
    const whole = files[req.url.split('/').pop()];
    if (!whole) return res.writeHead(404).end();
    const headers = { 'Content-Encoding': 'gzip', ETag: `W/"${gitHash(whole)}"`, 'X-Repo-Commit': 'c' };
    const sent = gzipSync(whole);
    res.writeHead(200, { ...headers, 'Content-Length': sent.length, 'X-Linked-Size': whole.length }).end(sent);
  });
  assert.deepEqual((await use('org/name', { hub })).warnings, []);
});

test('a vocabulary that came in half where nobody tells its length: a warning, and the model is not kept', async (t) => {
  const home = await emptyHome(t);
  const server = await cuttingServer(t, (name) => ({ ETag: `"${name}"` }));
  server.cut = 'vocab.txt';
  for (const [spec, options] of [[`${server.url}model/`], ['org/name', { hub: server.url, dtype: 'int8' }]]) {
    const { warnings } = await use(spec, options);
    assert.match(warnings[0], /vocab\.txt has \d+ pieces, fewer than the model's 94.*The model is not kept\./);
  }
  assert.deepEqual(await kept(home), []);
  server.cut = undefined;
  assert.deepEqual((await use(`${server.url}model/`)).warnings, []);
  assert.equal((await use(`${server.url}model/`)).fromCache, true);
});
