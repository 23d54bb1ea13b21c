// Which files hold the weights: one, or the shards of an index.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findWeightFiles } from '../../js/checkpoint/weight-files.js';
import { BertletError } from '../../js/errors.js';

const { signal } = new AbortController();
const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** A source of files whose content, or code of error, is given by name. */
const sourceOf = (files) => ({
  locate: (name) => `m/${name}`,
  async open(name) {
    const content = files[name] ?? new BertletError('FILE_NOT_FOUND', name);
    if (content instanceof Error) throw content;
    return new Blob([typeof content === 'string' ? content : JSON.stringify(content)]).stream();
  },
});

const index = (weights, size = 8) => ({ weight_map: weights, metadata: { total_size: size } });
const find = (files, isInt8 = false) => findWeightFiles(sourceOf(files), isInt8, signal);

test('a single file comes before an index', async () => {
  const found = await find({ [SINGLE]: 'x', [INDEX]: index({ a: 'a.safetensors' }) });
  assert.deepEqual(found.names, [SINGLE]);
  assert.ok(found.first);
});

test('shards, each once', async () => {
  const weights = { a: 'b.safetensors', b: 'a.safetensors', c: 'b.safetensors' };
  for (const absent of [undefined, '<!doctype html><title>no such file</title>']) {
    const found = await find({ [SINGLE]: absent, [INDEX]: index(weights, 1) });
    assert.deepEqual(found.names, ['a.safetensors', 'b.safetensors']);
    assert.deepEqual(found.index, { location: `m/${INDEX}`, tensors: ['a', 'b', 'c'], totalBytes: 1 });
  }
});

test('an index that is damaged, or names files of other folders', async () => {
  const wrong = [
    index({}),
    index({ a: 'a.safetensors' }, 0),
    index({ a: 'a.safetensors' }, null),
    index({ a: 3 }),
    index({ a: '../a.safetensors' }),
    index({ a: 'a.json' }),
    index({ a: 'a.safetensors', b: 'b.exe' }),
    {},
    { weight_map: { a: 'a.safetensors' } },
  ];
  for (const content of wrong)
    await assert.rejects(find({ [INDEX]: content }), { code: 'BAD_CONFIG', message: /no proper weight_map/ }, JSON.stringify(content)); // prettier-ignore
});

test('neither, and other errors', async () => {
  await assert.rejects(find({}), { code: 'FILE_NOT_FOUND', message: /m\/model\.safetensors does not exist, nor does/ });
  await assert.rejects(find({ [SINGLE]: '<!doctype html>' }), { code: 'NOT_A_MODEL' });
  const shards = { [INDEX]: index({ a: 'a.safetensors' }) };
  for (const error of [new BertletError('NETWORK', 'gone'), new BertletError('FILE_ACCESS', 'no'), new TypeError('?')])
    await assert.rejects(find({ ...shards, [SINGLE]: error }), error);
  await assert.rejects(find({ [INDEX]: new BertletError('NETWORK', 'gone') }), { code: 'NETWORK' });
});

test('what convert has written comes first for int8, last for f32', async () => {
  const CONVERTED = 'bertlet-int8.safetensors';
  const shards = { [INDEX]: index({ a: 'a.safetensors' }) };
  const taken = async (files, isInt8) => (await find(files, isInt8)).names[0];
  for (const others of [{ [SINGLE]: 'x' }, shards]) {
    const own = others[SINGLE] ? SINGLE : 'a.safetensors';
    assert.equal(await taken({ [CONVERTED]: 'x', ...others }, true), CONVERTED);
    assert.equal(await taken({ [CONVERTED]: 'x', ...others }, false), own);
    assert.equal(await taken(others, true), own);
  }
  for (const isInt8 of [true, false]) {
    assert.equal(await taken({ [CONVERTED]: 'x' }, isInt8), CONVERTED);
    await assert.rejects(find({ [CONVERTED]: new BertletError('NETWORK', 'gone') }, isInt8), { code: 'NETWORK' });
    await assert.rejects(find({}, isInt8), { code: 'FILE_NOT_FOUND', message: /m\/model\.safetensors does not exist/ });
  }
});
