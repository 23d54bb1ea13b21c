// The cache as a whole: what it says that it holds, and that it holds no more than it may.
import assert from 'node:assert/strict';
import { mkdir, readdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { clearCache, listCache, load } from '../../js/index.js';
import { makeRoom } from '../../js/base/bounds.js';
import { writeEntry } from '../../js/io/cache-room.js';
import { encodeHeader } from '../../js/io/cache-entry.js';
import { partialName } from '../../js/node/partial.js';
import { fixtures, serve, temporaryFolder, tinyFiles } from '../support.js';
import { bertlet, jsonLines } from '../cli/cli.js';

const files = await tinyFiles();
const DAY = 24 * 60 * 60 * 1000;
const HOUR = 1 / 24; // of a day
const GIB = 2 ** 30;

/** A BERTLET_HOME without anything in it, for one test. */
async function emptyHome(t) {
  const before = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => (process.env.BERTLET_HOME = before));
  const images = join(process.env.BERTLET_HOME, 'images');
  await mkdir(images);
  return images;
}

const modelServer = (t) =>
  serve(t, (req, res) => {
    const bytes = files[req.url.split('/').pop()];
    res.writeHead(bytes ? 200 : 404, { ETag: '"1"' }).end(req.method === 'HEAD' ? undefined : bytes);
  });

async function use(spec, options) {
  const bert = await load(spec, { threads: 1, ...options });
  await bert.dispose();
  return bert.info;
}

/** An entry with an image of some size (of which the disk holds nothing), used some days ago. */
async function plant(images, name, imageSize, days) {
  const header = Buffer.concat(await encodeHeader({ model: name, dtype: 'f32' }, [], imageSize));
  const path = join(images, `${name}.bertlet`);
  await writeFile(path, header);
  await truncate(path, header.length + imageSize);
  const used = new Date(Date.now() - days * DAY);
  await utimes(path, used, used);
}

const models = async () => (await listCache()).map(({ model }) => model);

test('listCache() tells model, adapter, dtype, size and last use, the last used one first', async (t) => {
  const images = await emptyHome(t);
  assert.deepEqual(await listCache(), []);
  const url = `${await modelServer(t)}model/`;
  const [bert, adapter] = ['bert', 'lora-text'].map((name) => join(fixtures, 'checkpoints', name));
  const before = Date.now();
  await use(url, { dtype: 'f32' });
  await use(url, { dtype: 'int8' });
  await use(bert, { adapter, dtype: 'int8' });
  for (const [i, name] of (await readdir(images)).entries()) {
    const used = new Date(before - DAY * (i + 1));
    await utimes(join(images, name), used, used);
  }
  await use(url, { dtype: 'f32' });
  const entries = await listCache();
  assert.equal(entries.length, 3);
  const [{ lastUsed, bytes, ...first }, ...others] = entries;
  assert.deepEqual(first, { kind: 'finished', model: url, dtype: 'f32' });
  assert.ok(lastUsed >= before - 1000 && lastUsed <= Date.now() + 1000);
  const sizes = await Promise.all((await readdir(images)).map(async (name) => (await stat(join(images, name))).size));
  assert.deepEqual(entries.map((entry) => entry.bytes).sort(), sizes.sort());
  assert.ok(others[0].lastUsed > others[1].lastUsed && bytes > others[0].bytes);
  assert.deepEqual(
    new Set(others.map((entry) => `${entry.model} ${entry.adapter} ${entry.dtype}`)),
    new Set([`${url} undefined int8`, `${bert} ${adapter} int8`]),
  );

  await writeFile(join(images, 'damaged.bertlet'), 'BERTLET');
  await mkdir(join(images, 'folder.bertlet'));
  assert.deepEqual(await listCache(), entries, 'what is no entry is none');
  await clearCache();
  assert.deepEqual(await listCache(), []);
});

test('what was not used for 60 days goes with the next load, of a kept model and of a new one', async (t) => {
  const images = await emptyHome(t);
  const url = `${await modelServer(t)}model/`;
  for (const kept of [false, true]) {
    await plant(images, 'long ago', 1000, 60 + HOUR);
    await plant(images, 'lately', 1000, 60 - HOUR);
    assert.equal((await use(url)).fromCache, kept);
    assert.deepEqual(await models(), [url, 'lately']);
  }
});

test('more than 4 GiB: the least recently used ones go, and no more than have to', async (t) => {
  const images = await emptyHome(t);
  const url = `${await modelServer(t)}model/`;
  for (const [days, name] of ['today', 'yesterday', 'before', 'earlier'].entries())
    await plant(images, name, 1.5 * GIB, days + 1);
  await plant(images, 'small and old', 1000, 30);
  assert.deepEqual(await models(), ['today', 'yesterday', 'before', 'earlier', 'small and old']);
  const { notes } = await use(url);
  assert.deepEqual(
    notes.filter((note) => /cache/.test(note)),
    [],
  );
  assert.deepEqual(await models(), [url, 'today', 'yesterday']);
});

/** A store of entries with such sizes, used in this order. `open` are those that somebody reads or writes, `room` is what the disk has. */
function fakeStore(sizes, { open = [], room = Infinity } = {}) {
  let files = Object.entries(sizes).map(([name, size], i) => ({ name, size, used: Date.now() + i }));
  const without = (name) => files.filter((file) => file.name !== name);
  return {
    names: () => files.map(({ name }) => name),
    sweep: async () => {},
    list: async () => [...files],
    async remove(name) {
      if (open.includes(name)) throw new Error('it is open');
      files = without(name);
    },
    async write(name, parts) {
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      if (without(name).reduce((sum, file) => sum + file.size, size) > room)
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      files = [...without(name), { name, size, used: Date.now() + 100 }];
    },
  };
}

test('an entry that somebody reads or writes stays, and so does the one that is used now; the next one goes', async () => {
  const store = fakeStore({ open: GIB, old: GIB, new: GIB, own: GIB }, { open: ['open'] });
  await makeRoom(store, 'own');
  assert.deepEqual(store.names(), ['open', 'old', 'new', 'own']);
  await makeRoom(store, 'own', GIB + 1);
  assert.deepEqual(store.names(), ['open', 'new', 'own']);
  await makeRoom(store, 'own', 3.5 * GIB);
  assert.deepEqual(store.names(), ['open', 'own']);
});

test('a full disk: as many of the others go as have to, and for another error none', async () => {
  const sizes = { open: 10, old: 40, new: 20, own: 30 };
  const store = fakeStore(sizes, { open: ['open'], room: 100 });
  await writeEntry(store, 'own', [new Uint8Array(50), new Uint8Array(19)]);
  assert.deepEqual(store.names(), ['open', 'new', 'own']);
  await assert.rejects(writeEntry(store, 'own', [new Uint8Array(91)]), { code: 'ENOSPC' });
  const other = Object.assign(fakeStore(sizes), { write: () => Promise.reject(new Error('another')) });
  await assert.rejects(writeEntry(other, 'own', [new Uint8Array(91)]), /another/);
  assert.deepEqual(other.names(), ['open', 'old', 'new', 'own']);
});

test('what killed loads left of one model goes with the next download of another', async (t) => {
  const home = join(await emptyHome(t), '..');
  const hub = await modelServer(t);
  const left = ['org/killed/model.safetensors', 'org/killed/1_Pooling/config.json', 'killed/vocab.txt'].map(
    partialName,
  );
  for (const name of left) {
    const path = join(home, 'models', name.replace(`.${process.pid}.`, '.4194305.')); // more than any process has
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, 'x');
  }
  await use('org/name', { hub });
  const all = await readdir(join(home, 'models'), { recursive: true, withFileTypes: true });
  assert.deepEqual(
    all
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort(),
    ['.bertlet-download.json', ...Object.keys(files)].sort(),
  );
});

test('bertlet cache lists and clears', async (t) => {
  const images = await emptyHome(t);
  await plant(images, 'old', 1000, 2);
  await plant(images, 'new', 1200, 1);
  const { code, stdout, stderr } = await bertlet(['cache']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const lines = jsonLines(stdout);
  assert.deepEqual(
    lines.map(({ last_used: used, kind, model, dtype }) => ({
      kind,
      model,
      dtype,
      days: Math.round((Date.now() - new Date(used)) / DAY),
    })),
    [
      { kind: 'finished', model: 'new', dtype: 'f32', days: 1 },
      { kind: 'finished', model: 'old', dtype: 'f32', days: 2 },
    ],
  );
  assert.ok(lines.every(({ bytes }) => bytes > 1000 && bytes < 1500));
  assert.deepEqual(await bertlet(['cache', '--clear']), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(await readdir(images), []);
  assert.deepEqual(await bertlet(['cache']), { code: 0, stdout: '', stderr: '' });
});
