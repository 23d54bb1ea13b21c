// What is kept of downloads from the hub: it has bounds, and nothing of the user's goes.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { clearCache, listCache, load } from '../../js/index.js';
import { fileVersion, openDownloads } from '../../js/node/downloads.js';
import { openHub } from '../../js/node/model-folder.js';
import { bertlet, jsonLines } from '../cli/cli.js';
import { fixtures, serve, temporaryFolder, tinyFiles } from '../support.js';

const files = await tinyFiles();
const bytesOfFiles = Object.values(files).reduce((sum, { length }) => sum + length, 0);
const RECORD = '.bertlet-download.json';
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const GIB = 2 ** 30;

/** An empty BERTLET_HOME and a hub for one test; gives the folder of models, and the hub's address with what it was asked. */
async function freshMachine(t) {
  const { BERTLET_HOME = '', HF_HOME = '' } = process.env; // '' counts as not given
  process.env.BERTLET_HOME = process.env.HF_HOME = await temporaryFolder(t);
  t.after(() => Object.assign(process.env, { BERTLET_HOME, HF_HOME }));
  const asked = [];
  const hub = await serve(t, (req, res) => {
    asked.push(req.url);
    const bytes = files[req.url.split('/').pop()];
    res.writeHead(bytes ? 200 : 404).end(bytes);
  });
  return { models: join(process.env.BERTLET_HOME, 'models'), hub, asked };
}

async function use(id, options) {
  const bert = await load(id, { threads: 1, ...options });
  await bert.dispose();
}

/** A download, by hand: its weights of some size (of which the disk holds nothing), used some time ago. */
async function plant(models, name, size, age) {
  const folder = join(models, name);
  await mkdir(join(folder, '1_Pooling'), { recursive: true });
  const record = {};
  for (const file of ['model.safetensors', '1_Pooling/config.json', 'config.json']) {
    await writeFile(join(folder, file), '{}');
    if (file === 'model.safetensors') await truncate(join(folder, file), size);
    record[file] = await fileVersion(join(folder, file));
  }
  await writeFile(join(folder, RECORD), JSON.stringify(record));
  const used = new Date(Date.now() - age);
  await utimes(join(folder, RECORD), used, used);
  return folder;
}

const downloaded = async () =>
  (await listCache()).filter(({ kind }) => kind === 'downloaded').map(({ model }) => model);

test('listCache() tells of downloads: id and revision, size, last use, which a load from the kept files renews', async (t) => {
  const { models, hub, asked } = await freshMachine(t);
  await use('org/name', { hub });
  await use('name', { hub, revision: 'refs/pr/1', dtype: 'int8' });
  await writeFile(join(models, 'org/name/README.md'), 'mine');
  const old = new Date(Date.now() - 2 * DAY);
  await utimes(join(models, 'name@refs%2Fpr%2F1', RECORD), old, old);
  const listed = (await listCache()).map(({ lastUsed, bytes, ...rest }) => ({
    ...rest,
    days: Math.round((Date.now() - lastUsed) / DAY),
    whole: bytes === bytesOfFiles,
  }));
  assert.deepEqual(
    listed.filter(({ kind }) => kind === 'downloaded'),
    [
      { kind: 'downloaded', model: 'org/name', days: 0, whole: true },
      { kind: 'downloaded', model: 'name@refs%2Fpr%2F1', days: 2, whole: true },
    ],
  );
  const requests = asked.length;
  await use('name', { hub, revision: 'refs/pr/1' });
  assert.deepEqual(await downloaded(), ['name@refs%2Fpr%2F1', 'org/name']);
  assert.equal(asked.length, requests);
});

test('what was not used for 60 days goes with the next load, but for what the user put there or changed', async (t) => {
  const { models, hub } = await freshMachine(t);
  for (const kept of [false, true]) {
    await plant(models, 'org/old', 1000, 61 * DAY);
    await plant(models, 'lately', 1000, 59 * DAY);
    const mixed = await plant(models, 'org/mixed', 1000, 61 * DAY);
    await writeFile(join(mixed, '1_Pooling/notes.txt'), 'mine');
    await appendFile(join(mixed, 'config.json'), '\n');
    const mine = await plant(models, 'mine', 1000, 0);
    await rm(join(mine, RECORD));
    await utimes(join(mine, 'model.safetensors'), 0, 0);
    await use('new', { hub });
    assert.deepEqual(await downloaded(), ['new', 'lately'], kept ? 'a model that is here' : 'a download');
    assert.deepEqual((await readdir(models)).sort(), ['lately', 'mine', 'new', 'org']);
    assert.deepEqual(await readdir(join(models, 'org')), ['mixed']);
    assert.deepEqual((await readdir(mixed, { recursive: true })).sort(), [
      '1_Pooling',
      '1_Pooling/notes.txt',
      'config.json',
    ]);
    assert.ok(existsSync(join(mine, 'model.safetensors')));
    await rm(mixed, { recursive: true });
  }
});

test('more than 4 GiB: the least recently used ones go, and no more than have to; none that may be loading now', async (t) => {
  const { models, hub } = await freshMachine(t);
  await plant(models, 'today', 1.5 * GIB, DAY);
  await plant(models, 'yesterday', 1.5 * GIB, 2 * DAY);
  await plant(models, 'before', 1.5 * GIB, 3 * DAY);
  await plant(models, 'small and old', 1000, 30 * DAY);
  await use('new', { hub });
  assert.deepEqual(await downloaded(), ['new', 'today', 'yesterday']);
  assert.equal((await openDownloads().list()).find(({ name }) => name === 'today').size, 1.5 * GIB + 4);
  await plant(models, 'just now', 3 * GIB, 0.9 * HOUR);
  await plant(models, 'an hour ago', 3 * GIB, 1.1 * HOUR);
  await use('new', { hub });
  assert.deepEqual(await downloaded(), ['new', 'just now']);
});

test('no record leads out of its folder, and a damaged one is none', async (t) => {
  const { models, hub } = await freshMachine(t);
  const other = join(dirname(models), 'other.txt');
  await writeFile(other, 'x');
  const folder = await plant(models, 'evil', 1000, 0);
  for (const text of [
    JSON.stringify({ '../../other.txt': await fileVersion(other) }),
    '{',
    'null',
    '7',
    '{"a":7}',
    '[[]]',
  ]) {
    await writeFile(join(folder, RECORD), text);
    await utimes(join(folder, RECORD), 0, 0);
    await use('new', { hub });
    assert.ok(existsSync(other) && existsSync(join(folder, 'config.json')), text);
    assert.deepEqual(await downloaded(), ['new']);
  }
});

test('a file that is removed while the model loads is not taken for one that there never was', async (t) => {
  const { models, hub } = await freshMachine(t);
  await use('org/name', { hub });
  const source = await openHub(
    { id: 'org/name', revision: 'main' },
    () => ({ locate: (file) => file, open: assert.fail }),
    { keep: true, refresh: false },
  );
  await openDownloads().remove('org/name');
  await assert.rejects(source.open('vocab.txt'), { code: 'FILE_ACCESS', message: /vocab\.txt was removed while/ });
  await assert.rejects(source.open('modules.json'), { code: 'FILE_NOT_FOUND' });
  assert.deepEqual(await readdir(models), []);
});

/** A hub of folders; `online` and `without` may be changed. */
async function hubOf(t, folders) {
  const state = { asked: [], online: true, without: [] };
  state.address = await serve(t, async (req, res) => {
    if (!state.online) return void res.destroy();
    const [, id, file] = /^\/(.+?)\/resolve\/[^/]+\/(.+)$/.exec(req.url);
    state.asked.push(`${id}/${file}`);
    const bytes = state.without.includes(`${id}/${file}`)
      ? undefined
      : await readFile(join(folders[id], file)).catch(() => undefined);
    res.writeHead(bytes ? 200 : 404).end(bytes);
  });
  return state;
}

async function vectorOf(spec, options) {
  const warnings = [];
  const bert = await load(spec, { threads: 1, onWarning: (text) => warnings.push(text), ...options });
  const vector = await bert.embed('the movie was great');
  await bert.dispose();
  return { vector, warnings };
}

test('a model that was downloaded for an adapter with files of its own, then alone: as from its folder', async (t) => {
  await freshMachine(t);
  const [base, adapter] = ['checkpoints/sentence-mean', 'compatibility/lora-sentence'].map((name) =>
    join(fixtures, name),
  );
  const hub = await hubOf(t, { base, adapter });
  const expected = await vectorOf(base);
  const adapted = await vectorOf(base, { adapter });
  const options = { hub: hub.address };
  assert.deepEqual(await vectorOf('base', { ...options, adapter: 'adapter' }), adapted);
  const first = hub.asked.splice(0);
  assert.ok(!first.includes('base/modules.json'), 'the adapter has one');
  hub.online = false;
  await assert.rejects(load('base', { ...options, threads: 1 }), {
    code: 'FILE_NOT_FOUND',
    message: /can't be asked for now/,
  });
  hub.online = true;
  assert.deepEqual(await vectorOf('base', options), expected);
  assert.ok(hub.asked.includes('base/modules.json'));
  assert.deepEqual(
    hub.asked.filter((file) => first.includes(file)),
    [],
    'nothing is downloaded twice',
  );
  hub.online = false;
  assert.deepEqual(await vectorOf('base', options), expected, 'now all of it is here');
  assert.deepEqual(await vectorOf('base', { ...options, adapter: 'adapter' }), adapted);
});

test('a file that could not be asked for is told, and not taken for absent once the hub is there again', async (t) => {
  await freshMachine(t);
  const [base, adapter] = ['checkpoints/sentence-mean', 'compatibility/lora-sentence'].map((name) =>
    join(fixtures, name),
  );
  const hub = await hubOf(t, { base, adapter });
  hub.without = ['adapter/tokenizer.json', 'adapter/tokenizer_config.json'];
  const options = { hub: hub.address };
  await vectorOf('base', { ...options, adapter: 'adapter' });
  assert.ok(!hub.asked.includes('base/modules.json'), 'the adapter has one');
  hub.online = false;
  for (const dtype of ['f32', 'int8'])
    assert.match(
      (await vectorOf('base', { ...options, dtype })).warnings.join(),
      /modules\.json is not among what was downloaded/,
    );
  hub.online = true;
  for (const dtype of ['f32', 'int8'])
    assert.deepEqual(await vectorOf('base', { ...options, dtype }), await vectorOf(base, { dtype }));
});

test('what the hub does not have any more goes when the model is downloaded anew', async (t) => {
  const { models } = await freshMachine(t);
  const base = join(fixtures, 'checkpoints/sentence-mean');
  const hub = await hubOf(t, { base });
  const options = { hub: hub.address };
  await vectorOf('base', options);
  await writeFile(join(models, 'base/1_Pooling/notes.txt'), 'mine');
  hub.without = ['base/modules.json'];
  const { vector } = await vectorOf('base', { ...options, cache: 'refresh' });
  assert.ok(!existsSync(join(models, 'base/modules.json')) && existsSync(join(models, 'base/1_Pooling/notes.txt')));
  hub.online = false;
  assert.deepEqual((await vectorOf('base', options)).vector, vector);
});

test('a download that lacks one of its files is downloaded again', async (t) => {
  const { models, hub, asked } = await freshMachine(t);
  await use('org/name', { hub });
  await rm(join(models, 'org/name/vocab.txt'));
  const requests = asked.length;
  await use('org/name', { hub });
  assert.ok(asked.length > requests);
  assert.deepEqual(await readFile(join(models, 'org/name/vocab.txt')), Buffer.from(files['vocab.txt']));
  assert.equal((await stat(join(models, 'org/name'))).isDirectory(), true);
});

test('clearCache() and bertlet cache --clear: downloads go too, the user’s files stay', async (t) => {
  const { models, hub } = await freshMachine(t);
  for (const clear of [clearCache, async () => assert.equal((await bertlet(['cache', '--clear'])).code, 0)]) {
    await use('org/name', { hub, dtype: 'int8' });
    await writeFile(join(models, 'org/notes.txt'), 'mine');
    const { stdout } = await bertlet(['cache']);
    assert.deepEqual(
      jsonLines(stdout)
        .map(({ kind, model, dtype }) => [kind, model, dtype])
        .sort(),
      [
        ['downloaded', 'org/name', undefined],
        ['finished', 'org/name', 'int8'],
      ],
    );
    await clear();
    assert.deepEqual(await listCache(), []);
    assert.deepEqual(await readdir(models, { recursive: true }), ['org', 'org/notes.txt']);
  }
});
