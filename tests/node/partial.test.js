// Unfinished files, and folders where none can be made.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { isPartial, makeFolder, partialName, removeAbandoned } from '../../js/node/partial.js';
import { fromRoot, serve, temporaryFolder, tinyFiles } from '../support.js';

const files = await tinyFiles();

test('what a dead process left goes at once, in subfolders, too; what a living one writes, or one elsewhere, stays', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, '1_Pooling'));
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const own = partialName('model.safetensors');
  const dead = own.replace(`.${process.pid}.`, `.${child.pid}.`);
  const elsewhere = own.replace(/\.safetensors\.[^.]+\./, '.safetensors.another-machine.');
  const old = `${elsewhere.slice(0, -'.partial'.length)}x.partial`;
  const [inFolder, older] = [`1_Pooling/${dead}`, 'model.safetensors.b7e2.partial'];
  for (const name of [own, dead, elsewhere, old, inFolder, older, 'config.json'])
    await writeFile(join(folder, name), 'x');
  for (const name of [old, older]) await utimes(join(folder, name), 1, 1);
  assert.ok([own, dead, elsewhere, old].every(isPartial));
  await removeAbandoned(folder);
  assert.deepEqual((await readdir(folder)).sort(), ['1_Pooling', 'config.json', elsewhere, own].sort());
  assert.deepEqual(await readdir(join(folder, '1_Pooling')), []);
  await removeAbandoned(join(folder, 'nothing'));
});

test('loads that are killed leave no more than the last one’s files', async (t) => {
  const home = await temporaryFolder(t);
  let killed = () => {};
  const hub = await serve(t, (req, res) => {
    const name = req.url.split('/').pop();
    if (name !== 'model.safetensors' || killed === undefined)
      return res.writeHead(files[name] ? 200 : 404).end(files[name]);
    res.writeHead(200, { 'Content-Length': files[name].length }).write(files[name].subarray(0, 50_000));
    setTimeout(() => killed(), 100);
  });
  const script = `import { load } from './js/index.js'; await load('org/name', { hub: '${hub}', threads: 1 });`;
  const env = { ...process.env, BERTLET_HOME: home };
  for (let i = 0; i < 3; i++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: fromRoot(''), env });
    killed = () => child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok((await readdir(join(home, 'models/org/name'))).length <= 3);
  }
  killed = undefined;
  const before = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = home;
  t.after(() => (process.env.BERTLET_HOME = before));
  await (await load('org/name', { hub, threads: 1 })).dispose();
  assert.deepEqual((await readdir(join(home, 'models/org/name'))).sort(), [
    '.bertlet-download.json',
    ...Object.keys(files).sort(),
  ]);
});

test('folders are made with those above them; where none can be made, that is said', { timeout: 10_000 }, async (t) => {
  const folder = await temporaryFolder(t);
  await Promise.all([0, 1, 2].map(() => makeFolder(join(folder, 'a/b/c'))));
  assert.deepEqual(await readdir(join(folder, 'a/b')), ['c']);
  await writeFile(join(folder, 'file'), 'x');
  await assert.rejects(makeFolder(join(folder, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(folder, 'file/a')), { code: 'ENOTDIR' });
  await assert.rejects(makeFolder('/proc/x/y'), { code: 'ENOENT' });
  assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'x');
});

test('a folder where a file should be is told, whichever file it is', async (t) => {
  for (const name of ['config.json', 'vocab.txt', 'model.safetensors', 'tokenizer_config.json', 'modules.json']) {
    const folder = await temporaryFolder(t);
    for (const [file, bytes] of Object.entries(files)) if (file !== name) await writeFile(join(folder, file), bytes);
    await mkdir(join(folder, name));
    const error = { name: 'BertletError', code: 'BAD_INPUT', message: new RegExp(`${name}: this is a folder`) };
    await assert.rejects(load(folder), error, name);
    await assert.rejects(load(folder, { dtype: 'int8' }), error, name);
  }
});
