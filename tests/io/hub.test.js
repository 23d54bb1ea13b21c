// Models of the hub: a hub that serves what huggingface.co serves, file for file, for the kinds of repositories that the README names;
// private ones; and what Python has downloaded already.
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { load, loadTokenizer } from '../../js/index.js';
import { fixtures, serve, temporaryFolder, tiny, tinyFiles } from '../support.js';

const files = await tinyFiles();
const pieces = String(files['vocab.txt']).trimEnd().split('\n');
const json = (value) => Buffer.from(JSON.stringify(value));

const tokenizerJson = {
  version: '1.0',
  truncation: { direction: 'Right', max_length: 128, strategy: 'LongestFirst', stride: 0 },
  padding: null,
  added_tokens: [],
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: null,
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
  },
};
const special = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};
const tokenizerConfig = {
  do_lower_case: true,
  ...special,
  tokenize_chinese_chars: true,
  strip_accents: null,
  model_max_length: 512,
};
const module = (idx, path, type) => ({ idx, name: String(idx), path, type: `sentence_transformers.models.${type}` });

/** Beside the weights: what every repository has, and what bertlet has no use for. */
const common = {
  '.gitattributes': Buffer.from('*.bin filter=lfs'),
  'README.md': Buffer.from('---\nlicense: apache-2.0\n---\n'),
  'pytorch_model.bin': Buffer.from('PK'),
  'special_tokens_map.json': json(special),
  'tokenizer.json': json(tokenizerJson),
  'tokenizer_config.json': json(tokenizerConfig),
};

/** Repositories, by the kind that they are of; the names of their files are those on the hub. */
const repositories = {
  // sentence-transformers/all-MiniLM-L6-v2
  'org/sentences': {
    ...common,
    ...files,
    '1_Pooling/config.json': json({
      word_embedding_dimension: 32,
      pooling_mode_mean_tokens: true,
      pooling_mode_cls_token: false,
    }),
    'config_sentence_transformers.json': json({ __version__: { sentence_transformers: '2.0.0' } }),
    'modules.json': json([
      module(0, '', 'Transformer'),
      module(1, '1_Pooling', 'Pooling'),
      module(2, '2_Normalize', 'Normalize'),
    ]),
    'sentence_bert_config.json': json({ max_seq_length: 8, do_lower_case: false }),
  },
  // google-bert/bert-base-uncased
  'bert-plain': { ...common, ...files },
  // a checkpoint with a fast tokenizer only
  'org/fast': { ...common, 'config.json': files['config.json'], 'model.safetensors': files['model.safetensors'] },
};

/** A hub; gives its address, and takes down what it is asked. */
async function startHub(t, { allow = () => true, asked = [] } = {}) {
  const address = await serve(t, (req, res) => {
    const { pathname } = new URL(req.url, 'http://hub');
    const [, id, file] = /^\/(.+?)\/resolve\/[^/]+\/(.+)$/.exec(pathname) ?? [];
    asked.push(pathname);
    if (!allow(req)) return res.writeHead(401).end('Invalid username or password.');
    const bytes = repositories[id]?.[file];
    if (bytes) res.writeHead(200, { 'Content-Length': bytes.length, ETag: '"1"' }).end(bytes);
    else res.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Entry not found');
  });
  return address.slice(0, -1);
}

/** Sets variables of the environment, until the test is over. */
function environment(t, changes) {
  const before = Object.keys(changes).map((name) => [name, process.env[name]]);
  Object.assign(process.env, changes);
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

/** A fresh machine: nothing is kept here yet, and Python has downloaded nothing. */
async function freshMachine(t) {
  const home = await temporaryFolder(t);
  environment(t, { BERTLET_HOME: join(home, 'bertlet'), HF_HOME: join(home, 'huggingface') });
  return home;
}

async function embed(spec, options) {
  const warnings = [];
  const onWarning = (message) => warnings.push(message);
  const bert = await load(spec, { threads: 1, dtype: 'f32', onWarning, ...options });
  const vector = await bert.embed('the movie was great, the movie was very good', { onWarning() {} }); // cut

  await bert.dispose();
  return { vector, warnings };
}

/** A folder with the files of a repository. */
async function writeRepository(folder, repository) {
  for (const [name, bytes] of Object.entries(repository)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

for (const [id, repository] of Object.entries(repositories)) {
  test(`${id} from the hub: the same as from its folder, from its files, and once it is kept`, async (t) => {
    const home = await freshMachine(t);
    const asked = [];
    const hub = await startHub(t, { asked });
    const folder = join(home, 'clone');
    await writeRepository(folder, repository);
    const expected = await embed(folder);
    assert.deepEqual(expected.warnings, []);
    for (const dtype of ['f32', 'int8']) {
      assert.deepEqual(await embed(id, { hub, dtype }), await embed(folder, { dtype }), dtype);
    }
    const kept = await readdir(join(home, 'bertlet/models', id), { recursive: true });
    assert.deepEqual(
      kept.filter((name) => name.includes('partial')),
      [],
    );
    asked.length = 0;
    assert.deepEqual(await embed(id, { hub }), expected);
    assert.deepEqual(asked, [], 'it is kept');
    assert.deepEqual(await embed(repository), expected, 'bytes');
    const streams = Object.entries(repository).map(([name, bytes]) => [name, new Response(bytes).body]);
    assert.deepEqual(await embed(Object.fromEntries(streams)), expected, 'streams');
    const blobs = Object.entries(repository).map(([name, bytes]) =>
      Object.defineProperty(new File([bytes], name), 'webkitRelativePath', { value: `model/${name}` }),
    );
    assert.deepEqual(await embed(blobs), expected, 'a folder that was picked');
  });
}

test('a page in place of an optional file of the hub is not kept as that file', async (t) => {
  const home = await freshMachine(t);
  const page = Buffer.from('<!doctype html><title>Not here</title>');
  const hub = await serve(t, (req, res) => {
    res.end(files[req.url.split('/').pop()] ?? page);
  });
  const { vector } = await embed('org/name', { hub });
  assert.deepEqual(vector, (await embed(tiny())).vector);
  assert.deepEqual((await readdir(join(home, 'bertlet/models/org/name'))).sort(), [
    '.bertlet-download.json',
    ...Object.keys(files).sort(),
  ]);
});

test('private models: a token, headers, HF_TOKEN, HF_ENDPOINT; without, what to do', async (t) => {
  await freshMachine(t);
  const hub = await startHub(t, { allow: ({ headers }) => headers.authorization === 'Bearer hf_x' });
  const options = { hub, cache: 'refresh' };
  const { vector } = await embed(tiny());
  await assert.rejects(embed('bert-plain', options), {
    name: 'BertletError',
    code: 'FILE_NOT_FOUND',
    message: /config\.json .*private or gated \(HTTP 401\).*token.*HF_TOKEN.*headers/,
  });
  await assert.rejects(embed('bert-plain', { ...options, token: 'other' }), { code: 'FILE_NOT_FOUND' });
  assert.deepEqual((await embed('bert-plain', { ...options, token: 'hf_x' })).vector, vector);
  assert.deepEqual(
    (await embed('bert-plain', { ...options, headers: { Authorization: 'Bearer hf_x' } })).vector,
    vector,
  );
  const headers = new Headers({ Authorization: 'Bearer hf_x' });
  assert.deepEqual((await embed(`${hub}/bert-plain/resolve/main/`, { headers })).vector, vector);
  (await loadTokenizer('bert-plain', { hub, token: 'hf_x', revision: 'v1' })).dispose();
  const secret = 'hf_secret\nx';
  await assert.rejects(embed('bert-plain', { ...options, token: secret }), ({ code, message }) => {
    assert.equal(code, 'BAD_INPUT');
    return /token/.test(message) && !message.includes('secret');
  });
  await assert.rejects(embed('bert-plain', { ...options, headers: { 'a b': 'c' } }), { code: 'BAD_INPUT' });
  environment(t, { HF_TOKEN: 'hf_x\n', HF_ENDPOINT: hub });
  assert.deepEqual((await embed('bert-plain', { cache: 'refresh' })).vector, vector);
});

test('a token goes to the hub only', async (t) => {
  await freshMachine(t);
  const seen = [];
  const other = await serve(t, (req, res) => {
    seen.push(req.headers.authorization);
    const bytes = files[req.url.split('/').pop()];
    res.writeHead(bytes ? 200 : 404).end(bytes);
  });
  await embed(other, { token: 'hf_x' });
  // The hub redirects to a storage with another address.
  const hub = await serve(t, (req, res) =>
    res.writeHead(302, { Location: other.replace('127.0.0.1', 'localhost') + req.url.slice(1) }).end(),
  );
  const before = seen.length;
  await embed('bert-plain', { hub, token: 'hf_x' });
  assert.ok(before > 0 && seen.length > before);
  assert.deepEqual(new Set(seen), new Set([undefined]));
});

test('revisions that are none', async () => {
  for (const revision of ['..', '.', '', 'a b', '../../x?', 7])
    await assert.rejects(load('org/name', { revision }), { code: 'BAD_INPUT', message: /revision/ }, String(revision));
});

test('a repository without safetensors says what it needs', async (t) => {
  await freshMachine(t);
  const asked = [];
  const hub = await serve(t, (req, res) => {
    asked.push(req.url);
    const file = req.url.split('/main/')[1];
    if (['config.json', 'vocab.txt'].includes(file)) res.end(files[file]);
    else res.writeHead(file.startsWith('onnx/') || file === 'pytorch_model.bin' ? 200 : 404).end();
  });
  await assert.rejects(load('Xenova/all-MiniLM-L6-v2', { hub }), {
    code: 'FILE_NOT_FOUND',
    message:
      /model\.safetensors does not exist.*safetensors only, not pytorch_model\.bin or ONNX.*sentence-transformers\//,
  });
});

/** What Python keeps of a repository; as huggingface_hub, with links to the content. */
async function downloadByPython(hub, id, names, { commit = 'a'.repeat(40), absent = [], branch = 'main' } = {}) {
  const folder = join(hub, `models--${id.replaceAll('/', '--')}`);
  const snapshot = join(folder, 'snapshots', commit);
  await mkdir(join(folder, 'refs'), { recursive: true });
  await writeFile(join(folder, 'refs', branch), commit);
  for (const [i, name] of names.entries()) {
    const blob = join(folder, 'blobs', String(i));
    await mkdir(dirname(blob), { recursive: true });
    await mkdir(dirname(join(snapshot, name)), { recursive: true });
    await writeFile(blob, repositories[id][name]);
    await symlink(blob, join(snapshot, name));
  }
  for (const name of absent) {
    const path = join(folder, '.no_exist', commit, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
  }
}

test('what Python has downloaded is used, wherever it keeps it', async (t) => {
  const home = await freshMachine(t);
  const asked = [];
  const hub = await startHub(t, { asked });
  const id = 'org/sentences';
  const { vector } = await embed(id, { hub });
  const names = Object.keys(repositories[id]);
  const places = [
    { HF_HOME: join(home, 'a') },
    { HF_HUB_CACHE: join(home, 'b') },
    { HF_HOME: '', XDG_CACHE_HOME: join(home, 'c') },
  ];
  const folders = [join(home, 'a/hub'), join(home, 'b'), join(home, 'c/huggingface/hub')];
  for (const [i, place] of places.entries()) {
    await downloadByPython(folders[i], id, names);
    await t.test(Object.keys(place).join(), async (inner) => {
      environment(inner, { BERTLET_HOME: join(home, `bertlet-${i}`), ...place });
      asked.length = 0;
      for (const dtype of ['f32', 'int8', 'int8']) {
        const result = await embed(id, { hub, dtype });
        if (dtype === 'f32') assert.deepEqual(result, { vector, warnings: [] });
      }
      assert.deepEqual(asked, []);
      await embed(id, { hub, revision: 'a'.repeat(40) });
      assert.deepEqual(asked, [], 'the commit itself');
      await embed(id, { hub, revision: 'v2' });
      assert.ok(asked.length > 0, 'another revision is another model');
    });
  }
});

test('what Python has not downloaded of a model is asked of the hub at the same commit; without network, that is told', async (t) => {
  const home = await freshMachine(t);
  const asked = [];
  const hub = await startHub(t, { asked });
  const id = 'org/sentences';
  const names = Object.keys(files); // AutoModel and AutoTokenizer know nothing of modules.json
  await downloadByPython(join(home, 'huggingface/hub'), id, names, { absent: ['added_tokens.json'] });
  const expected = await embed(repositories[id]);
  assert.deepEqual(await embed(id, { hub }), expected);
  assert.ok(asked.length > 0 && asked.every((path) => path.includes(`/resolve/${'a'.repeat(40)}/`)), asked.join());
  assert.ok(!asked.some((path) => names.some((name) => path.endsWith(`/main/${name}`))), asked.join());

  for (const dtype of ['f32', 'int8', 'int8']) {
    const offline = await embed(id, { hub: 'http://127.0.0.1:9', dtype });
    assert.match(offline.warnings.join(), /modules\.json is not among what was downloaded/);
  }
  const online = await embed(id, { hub, dtype: 'int8' });
  assert.deepEqual(online, await embed(repositories[id], { dtype: 'int8' }), 'what was loaded without is not kept');
});

test('files that Python knows not to exist are not asked for, and a download without weights is none', async (t) => {
  const home = await freshMachine(t);
  const cache = join(home, 'huggingface/hub');
  const asked = [];
  const hub = await startHub(t, { asked });
  const absent = ['tokenizer_config.json', 'modules.json', 'added_tokens.json', 'special_tokens_map.json'];
  await downloadByPython(cache, 'bert-plain', Object.keys(files), { absent: [...absent, 'tokenizer.json'] });
  await embed('bert-plain', { hub });
  assert.deepEqual(asked, []);
  await downloadByPython(cache, 'org/fast', ['config.json', 'tokenizer.json']);
  assert.deepEqual((await embed('org/fast', { hub })).vector, (await embed(tiny())).vector);
  assert.ok(asked.includes('/org/fast/resolve/main/model.safetensors'));
});

test('an adapter that Python has downloaded', async (t) => {
  const home = await freshMachine(t);
  const [model, adapter] = ['bert', 'lora-text'].map((name) => join(fixtures, 'checkpoints', name));
  const names = await readdir(adapter);
  repositories['org/lora'] = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(adapter, name))])),
  );
  t.after(() => delete repositories['org/lora']);
  await downloadByPython(join(home, 'huggingface/hub'), 'org/lora', names, { absent: ['labels.json'] });
  const copy = join(home, 'model');
  await cp(model, copy, { recursive: true });
  const loaded = await embed(copy, { adapter: 'org/lora', hub: 'http://127.0.0.1:9' });
  assert.deepEqual(loaded.vector, (await embed(model, { adapter })).vector);
});
