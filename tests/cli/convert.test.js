// bertlet convert. That the files hold what they should is tested in tests/checkpoint/converted.test.js.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixtures, temporaryFolder } from '../support.js';
import { bertlet } from './cli.js';

const MODEL = join(fixtures, 'checkpoints/bert-text');
const convert = (folder, ...more) => bertlet(['convert', '--model', MODEL, '--output', folder, ...more]);

test('writes a folder, and again in its place', async (t) => {
  const folder = join(await temporaryFolder(t), 'small');
  for (const [dtype, weights] of [
    ['int8', 'bertlet-int8.safetensors'],
    ['int8', 'bertlet-int8.safetensors'],
    ['f16', 'model.safetensors'],
    ['f16', 'model.safetensors'],
    ['int8', 'bertlet-int8.safetensors'],
  ]) {
    const { code, stdout, stderr } = await convert(folder, ...(dtype === 'int8' ? [] : ['--dtype', dtype]));
    assert.equal(code, 0, stderr);
    const summary = JSON.parse(stdout);
    assert.deepEqual([summary.output, summary.dtype], [folder, dtype]);
    const names = (await readdir(folder)).sort();
    assert.deepEqual(names, Object.keys(summary.bytes).sort());
    assert.deepEqual(
      names.filter((name) => name.endsWith('.safetensors')),
      [weights],
    );
    assert.equal((await readFile(join(folder, weights))).length, summary.bytes[weights]);
  }
  const { stdout } = await bertlet(['predict', '--model', folder], 'the movie was great\n');
  assert.equal(typeof JSON.parse(stdout)[0].label, 'string');
});

test('leaves what is not its own', async (t) => {
  const folder = await temporaryFolder(t);
  for (const names of [
    ['notes.txt'],
    ['model.safetensors', 'config.json'],
    ['model.safetensors', 'bertlet-int8.safetensors'],
  ]) {
    const other = join(folder, names.join('-'));
    await mkdir(other);
    for (const name of names) await writeFile(join(other, name), 'mine');
    const { code, stderr } = await convert(other);
    assert.equal(code, 1);
    assert.match(stderr, /it is left as it is.*\(OUTPUT_EXISTS\)/s);
    for (const name of names) assert.equal(await readFile(join(other, name), 'utf8'), 'mine');
  }
});

test('wrong command lines', async () => {
  for (const [args, message] of [
    [['--model', MODEL], /--output/],
    [['--output', 'x'], /--model/],
    [['--model', MODEL, '--output', 'x', '--dtype', 'f32'], /--dtype must be one of int8, f16/],
  ]) {
    const { code, stderr } = await bertlet(['convert', ...args]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
