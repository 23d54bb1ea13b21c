// Names that a model's files give: none leads out of the model's folder, for reading or writing, from any source.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { load } from '../../js/index.js';
import { isModelFile, onlyModelFiles } from '../../js/io/file-name.js';
import { fixtures, serve, temporaryFolder, tinyFiles } from '../support.js';

const files = await tinyFiles();
const json = (value) => Buffer.from(JSON.stringify(value));

/** A sentence-transformers model whose pooling is in the folder `path`. */
const withModule = (path) => ({
  ...files,
  'modules.json': json([
    { path: '', type: 'sentence_transformers.models.Transformer' },
    { path, type: 'sentence_transformers.models.Pooling' },
  ]),
});

/** A model in shards, the last of which is called `name`. */
async function withShard(name) {
  const folder = join(fixtures, 'checkpoints/bert-shards');
  const names = await readdir(folder);
  const shards = Object.fromEntries(
    await Promise.all(names.map(async (file) => [file, await readFile(join(folder, file))])),
  );
  const index = JSON.parse(String(shards['model.safetensors.index.json']));
  const last = 'model-00003-of-00003.safetensors';
  for (const [tensor, shard] of Object.entries(index.weight_map)) if (shard === last) index.weight_map[tensor] = name;
  return { ...shards, 'model.safetensors.index.json': json(index) };
}

const outside = [
  '..',
  '../..',
  'x?/../../../victim',
  '/etc',
  'C:\\Windows',
  '..\\..\\victim',
  'https://example.com/',
  '//example.com',
  '1_Pooling/../..',
  '%2e%2e',
  '.docker',
  '1_Pooling\0',
  '1_Pooling#',
  7,
  null,
];

/** What is asked of a folder before the module's own files. */
const KNOWN = new Set([
  'added_tokens.json',
  'config.json',
  'config_sentence_transformers.json',
  'modules.json',
  'sentence_bert_config.json',
  'sentence_distilbert_config.json',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
]);

test('modules.json with a path that leads elsewhere: from the hub, a server, a folder, and bytes', async (t) => {
  const home = await temporaryFolder(t);
  const before = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = join(home, 'cache/bertlet');
  t.after(() => (process.env.BERTLET_HOME = before));
  for (const path of outside) {
    const model = withModule(path);
    const asked = [];
    const address = await serve(t, (req, res) => {
      asked.push(req.url);
      const name = req.url.split('/').pop();
      const bytes = model[name] ?? (name === 'config.json' ? files[name] : undefined);
      res.writeHead(bytes ? 200 : 404).end(bytes);
    });
    const folder = join(home, 'folder');
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(model)) await writeFile(join(folder, name), bytes);
    const error = { name: 'BertletError', code: 'BAD_CONFIG', message: /names the file .*1_Pooling/ };
    await assert.rejects(load('org/name', { hub: address }), error, `${path} from the hub`);
    await assert.rejects(load(address), error, `${path} from a server`);
    await assert.rejects(load(folder), error, `${path} from a folder`);
    await assert.rejects(load(model), error, `${path} from bytes`);
    const others = asked.filter((url) => !KNOWN.has(url.split('/').pop()) || /Pooling|victim|docker/.test(url));
    assert.deepEqual(others, []);
  }
  const written = (await readdir(home, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const strange = written.filter(({ parentPath, path }) => (parentPath ?? path) !== join(home, 'folder'));
  assert.deepEqual(strange, []);
});

test('an index with a shard that lies elsewhere', async () => {
  for (const name of [
    '../model.safetensors',
    '/m.safetensors',
    'a..safetensors',
    '.hidden.safetensors',
    'config.json',
    7,
  ]) {
    const error = { name: 'BertletError', code: 'BAD_CONFIG', message: /weight_map/ };
    await assert.rejects(load(await withShard(name)), error, String(name));
  }
});

test('no name that is allowed leads out of a folder, on any system; those of real models are allowed', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    'config.json',
    'model.safetensors',
    '1_Pooling',
    'C:',
    '%2e',
    '?',
    '#',
    '\0',
    'a',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const name = parts.join('');
      if (!isModelFile(name)) return;
      assert.equal(new URL(name, 'https://host/a/b/').href, `https://host/a/b/${name}`);
      assert.ok(!/(^|[\\/])\.|[\\:?#%\0\n]|^\//.test(name), name);
      assert.ok(['/m', `/m/${name.split('/')[0]}`].includes(dirname(join('/m', name))));
    }),
    { numRuns: 5000 },
  );
  for (const name of [
    'config.json',
    'vocab.txt',
    'model.safetensors',
    'model-00001-of-00002.safetensors',
    'model.safetensors.index.json',
    'adapter_model.safetensors',
    'config_sentence_transformers.json',
    '2_Dense/model.safetensors',
  ])
    assert.ok(isModelFile(name), name);
});

test('every function of a source checks the name', async () => {
  const reached = [];
  const reach = (file) => reached.push(file);
  const source = onlyModelFiles({
    locate: reach,
    open: async (file) => reach(file),
    version: async (file) => reach(file),
  });
  assert.throws(() => source.locate('../x'), { code: 'BAD_CONFIG' });
  await assert.rejects(source.open('../x'), { code: 'BAD_CONFIG' });
  await assert.rejects(source.version('../x'), { code: 'BAD_CONFIG' });
  assert.deepEqual(reached, []);
});
