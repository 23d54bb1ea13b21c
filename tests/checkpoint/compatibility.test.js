// Adapters and heads as other programs save them, against what PEFT, transformers and sentence-transformers compute from them
// (tests/fixtures/make_compatibility_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { toTexts } from '../../js/api/texts.js';
import { fixtures, safetensors, splitAdapterTensors, temporaryFolder, tinyFiles } from '../support.js';

const TOLERANCE = 1e-4;

const base = join(fixtures, 'checkpoints/bert');
const folder = (name) => join(fixtures, 'compatibility', name);
const expectedOf = (name) => JSON.parse(readFileSync(join(folder(name), 'expected.json'), 'utf8'));

function assertClose(actual, expected, message) {
  assert.equal(actual.length, expected.length, message);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(value - actual[i]) <= TOLERANCE, `${message}: ${actual}, not ${expected}`),
  );
}

async function assertLogits(name) {
  const { texts, logits } = expectedOf(name);
  const bert = await load(base, {
    dtype: 'f32',
    adapter: folder(name),
    threads: 1,
    cache: false,
    onWarning: assert.fail,
  });
  const inputs = texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text));
  const results = [];
  await bert.head.logits(toTexts(inputs), {}, (index, row) => (results[index] = [...row]));
  await bert.dispose();
  logits.forEach((row, i) => assertClose(results[i], row, String(texts[i])));
}

test('an adapter whose pooler training did not touch: its classifier reads pooler and [CLS], as in PEFT', () =>
  assertLogits('lora-untouched-pooler'));

for (const name of ['lora-new-tokens', 'lora-token-indices', 'lora-saved-embeddings'])
  test(`${name}: logits as in PEFT`, () => assertLogits(name));

test('rows that an adapter replaces: any that there are, from 0 on', async () => {
  const names = ['adapter_config.json', 'adapter_model.safetensors'];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder('lora-token-indices'), name))]));
  const config = JSON.parse(files['adapter_config.json']);
  const open = (rows) => {
    const changed = { ...config, trainable_token_indices: { word_embeddings: rows } };
    const adapter = { ...files, 'adapter_config.json': Buffer.from(JSON.stringify(changed)) };
    return load(base, { dtype: 'f32', adapter, threads: 1, cache: false });
  };
  const [first, other] = [await open([0, 21, 40, 93]), await open([20, 21, 40, 93])];
  assert.notEqual(first.info.fingerprint, other.info.fingerprint);
  await Promise.all([first.dispose(), other.dispose()]);
  for (const rows of [
    [-1, 21, 40, 93],
    [0.5, 21, 40, 93],
    ['0', 21, 40, 93],
    [20, 21, 40],
    [20, 21, 40, 93, 1],
  ])
    // prettier-ignore
    await assert.rejects(open(rows), { code: 'BAD_ADAPTER', message: /does not fit adapter_config\.json/ });
});

test('an adapter that adds tokens: found in texts, kept by the cache', async (t) => {
  const home = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => (process.env.BERTLET_HOME = home));
  const results = [];
  for (const fromCache of [false, true]) {
    const bert = await load(base, {
      adapter: folder('lora-new-tokens'),
      dtype: 'int8',
      threads: 1,
      onWarning: assert.fail,
    });
    assert.equal(bert.info.fromCache, fromCache);
    assert.equal(bert.info.vocabSize, 96);
    assert.deepEqual((await bert.tokenize('a <film> [ENT]')).tokens.slice(2, 4), ['<film>', '[ENT]']);
    results.push(await bert.head.classify('the <film> was [ENT]'));
    await bert.dispose();
  }
  assert.deepEqual(results[1], results[0]);
});

test('an adapter saved by sentence-transformers: its own pooling, layers, normalization and length', async () => {
  const { texts, vectors } = expectedOf('lora-sentence');
  const warnings = [];
  const onWarning = (message) => warnings.push(message);
  const bert = await load(base, {
    dtype: 'f32',
    adapter: folder('lora-sentence'),
    threads: 1,
    cache: false,
    onWarning,
  });
  assert.deepEqual(warnings, []);
  const results = await bert.embed(texts, { onWarning });
  assert.match(String(warnings), /longer than the model's 12 tokens/);
  vectors.forEach((vector, i) => assertClose([...results[i]], vector, texts[i]));
  await bert.dispose();
});

const single = (name) => load(folder(name), { dtype: 'f32', threads: 1, cache: false, onWarning: assert.fail });

test('a head for regression: the numbers of the pipeline, saved and loaded too', async () => {
  const { inputs, scores } = expectedOf('bert-regression');
  const bert = await single('bert-regression');
  const texts = inputs.map((input) =>
    typeof input === 'string' ? input : { text: input.text, textPair: input.text_pair },
  );
  assertClose(await bert.head.score(texts), scores, 'score');
  const loaded = await bert.loadHead(await bert.head.save());
  assertClose([await loaded.score(texts[0])], [scores[0]], 'loaded');
  await bert.dispose();
});

for (const name of ['cross-encoder', 'cross-encoder-logits'])
  test(`${name}: rerank() as CrossEncoder.rank`, async () => {
    const { query, documents, ranked } = expectedOf(name);
    const bert = await single(name);
    const results = await bert.rerank(query, documents);
    const best = await bert.rerank(query, documents, { topK: 1 });
    await bert.dispose();
    assert.deepEqual(
      results.map(({ index }) => index),
      ranked.map(({ index }) => index),
    );
    assertClose(
      results.map(({ score }) => score),
      ranked.map(({ score }) => score),
      name,
    );
    assert.deepEqual(best, results.slice(0, 1));
  });

test('architectures of a config.json that are no names: a model without a head', async () => {
  const names = ['config.json', 'tokenizer.json', 'model.safetensors'];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder('bert-regression'), name))]));
  const config = { ...JSON.parse(String(files['config.json'])), architectures: [1] };
  const bert = await load(
    { ...files, 'config.json': Buffer.from(JSON.stringify(config)) },
    { dtype: 'f32', threads: 1 },
  );
  assert.equal(bert.head, undefined);
  await assert.rejects(bert.rerank('a', ['b']), { code: 'UNSUPPORTED_MODEL' });
  await bert.dispose();
});

test('a vector may be stored as a matrix of one row, and as nothing else', async () => {
  const files = await tinyFiles();
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  const name = Object.keys(header).find((key) => key.endsWith('embeddings.LayerNorm.bias'));
  const stored = (shape) => {
    const changed = { ...header, [name]: { ...header[name], shape } };
    return load(
      { ...files, 'model.safetensors': safetensors(changed, data) },
      { dtype: 'f32', threads: 1, cache: false },
    );
  };
  const [plain, row] = [await stored([32]), await stored([1, 32])];
  assert.equal(row.info.fingerprint, plain.info.fingerprint);
  await Promise.all([plain.dispose(), row.dispose()]);
  for (const shape of [
    [1, 1, 32],
    [2, 16],
    [32, 1],
  ])
    // prettier-ignore
    await assert.rejects(stored(shape), { code: 'SHAPE_MISMATCH', message: new RegExp(`has shape \\[${shape}\\]`) });
});

test('tensors that a checkpoint lacks: the first, and how many more', async () => {
  const files = await tinyFiles();
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  const names = Object.keys(header).filter((key) => key.includes('layer.1.attention.self'));
  for (const [count, message] of [
    [1, /lacks the tensor \S+self\S+[^a]/],
    [3, / and 2 more/],
  ]) {
    const changed = { ...header };
    // Under another name the bytes are still there.
    for (const name of names.slice(0, count)) {
      changed[`x.${name}`] = changed[name];
      delete changed[name];
    }
    const spec = { ...files, 'model.safetensors': safetensors(changed, data) };
    await assert.rejects(load(spec, { threads: 1, cache: false }), (error) => {
      assert.equal(error.code, 'MISSING_TENSOR');
      assert.match(error.message, message);
      assert.equal(/ more/.test(error.message), count > 1, error.message);
      return true;
    });
  }
});
