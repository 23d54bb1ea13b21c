// Adapters that lie beside a model: any number of heads with adapters of their own on one encoder, in f32 and int8. Oracle: PyTorch with
// PEFT (tests/fixtures/make_beside_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { readHead } from '../../js/checkpoint/head-file.js';
import { toTexts } from '../../js/api/texts.js';
import { compare, fixtures, safetensors, serve, splitAdapterTensors, toyExamples } from '../support.js';

const TOLERANCE = 1e-5;

const folderOf = (name) => join(fixtures, 'beside', name);
const checkpoint = (name) => join(fixtures, 'checkpoints', name);
const expectedOf = (name) => JSON.parse(readFileSync(join(folderOf(name), 'expected.json'), 'utf8'));
const bases = {
  text: 'bert',
  tokens: 'bert',
  answers: 'bert',
  distilbert: 'distilbert',
  projection: 'electra',
  megatron: 'megatron-bert',
};
const tasks = {
  text: 'text-classification',
  tokens: 'token-classification',
  answers: 'question-answering',
  distilbert: 'token-classification',
  projection: 'question-answering',
  megatron: 'text-classification',
};

const open = (name, options) => load(checkpoint(name), { dtype: 'f32', threads: 1, cache: false, ...options });
const inputsOf = (texts) => texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text));

/** Logits of a head for texts, as one array of numbers for each. */
async function logitsOf(head, texts) {
  const results = [];
  const onWarning = () => {}; // of what is cut
  await head.logits(toTexts(inputsOf(texts)), { onWarning }, (index, logits) => (results[index] = [...logits]));
  return results;
}

/** Holds a head's logits against PEFT's. */
async function isAsInPeft(head, name) {
  const { texts, logits } = expectedOf(name);
  const results = await logitsOf(head, texts);
  let largest = 0;
  texts.forEach((text, i) => {
    const expected = logits[i].flat();
    assert.equal(results[i].length, expected.length, JSON.stringify(text));
    expected.forEach((value, k) => (largest = Math.max(largest, Math.abs(value - results[i][k]))));
  });
  assert.ok(largest <= TOLERANCE, `${name} differs by ${largest}`);
}

for (const [name, base] of Object.entries(bases)) {
  test(`${name}: logits as in PEFT, also of the file that the head is saved as`, async () => {
    const bert = await open(base);
    const before = await bert.embed('a good movie');
    const head = await bert.loadHead(folderOf(name));
    assert.equal(head.task, tasks[name]);
    await isAsInPeft(head, name);
    const bytes = await head.save();
    const again = await bert.loadHead(bytes);
    await isAsInPeft(again, name);
    assert.deepEqual(again.labels, head.labels);
    assert.deepEqual(await again.save(), bytes);
    assert.deepEqual(await bert.embed('a good movie'), before, 'the model itself stays as it is');
    await bert.dispose();
  });

  test(`${name}: int8, close to PEFT`, async () => {
    const bert = await open(base, { dtype: 'int8' });
    const { texts, logits } = expectedOf(name);
    const results = await logitsOf(await bert.loadHead(folderOf(name)), texts);
    const { meanCosine } = compare(results.flat(), logits.flat(2), logits[0][0].length);
    assert.ok(meanCosine >= 0.995, `mean cosine ${meanCosine}`);
    await bert.dispose();
  });
}

describe('several heads on one encoder', () => {
  const names = ['text', 'tokens', 'answers'];
  /** @type {import('../../js/api/model.js').Model} */
  let bert;
  before(async () => (bert = await open('bert', { threads: 2 })));
  after(() => bert.dispose());

  test('at once, beside a head without an adapter and embeddings: the numbers of each alone', async () => {
    const heads = await Promise.all(names.map((name) => bert.loadHead(folderOf(name))));
    const plain = await bert.fit(toyExamples(40), { c: 1 });
    // Several batches each, and so turns for the others between their layers.
    const texts = Array.from({ length: 300 }, (_, i) => `the ${'very '.repeat(i % 17)}good movie ${i % 7}`);
    const calls = [
      ...heads.flatMap((head) => [() => logitsOf(head, texts), () => bert.embed(texts, { head })]),
      () => logitsOf(plain, texts),
      () => bert.embed(texts),
    ];
    const alone = [];
    for (const call of calls) alone.push(await call());
    const together = await Promise.all(calls.map((call) => call()));
    together.forEach((result, i) => assert.deepEqual(result, alone[i], `call ${i}`));
    const [, withText, , withTokens] = alone;
    assert.notDeepEqual(withText, alone.at(-1));
    assert.notDeepEqual(withText, withTokens);
    assert.deepEqual(await bert.embed(texts, { head: plain }), alone.at(-1), 'it has no adapter');
    for (const [i, name] of names.entries()) await isAsInPeft(heads[i], name);
  });

  test('embed with a head: the hidden states that its classifier reads', async () => {
    const head = await bert.loadHead(folderOf('tokens'));
    const { network } = readHead(await head.save());
    const [{ weight, bias }] = network.dense;
    const { texts, logits } = expectedOf('tokens');
    const vectors = await bert.embed(inputsOf(texts), { head, pooling: 'none', onWarning() {} });
    vectors.forEach((rows, i) =>
      rows.forEach((row, token) =>
        bias.forEach((offset, label) => {
          const sum = row.reduce((total, value, k) => total + value * weight[label * row.length + k], offset);
          assert.ok(Math.abs(sum - logits[i][token][label]) <= TOLERANCE, `${texts[i]}: ${token}`);
        }),
      ),
    );
  });

  test('entities, tags, answers and evaluate() go through the adapter', async () => {
    const [, tokens, answers] = await Promise.all(names.map((name) => bert.loadHead(folderOf(name))));
    const merged = await Promise.all(['tokens', 'answers'].map((name) => open('bert', { adapter: folderOf(name) })));
    const text = 'the movie was great and the acting is not bad';
    const same = (a, b) => assert.deepEqual(roundedScores(a), roundedScores(b));
    same(await tokens.entities(text), await merged[0].head.entities(text));
    same(
      await tokens.entities('good '.repeat(40), { stride: 4 }),
      await merged[0].head.entities('good '.repeat(40), { stride: 4 }),
    );
    same(await tokens.tag([text.split(' ')]), await merged[0].head.tag([text.split(' ')]));
    const question = { question: 'good acting?', context: `${text}. `.repeat(4) };
    same(await answers.answer(question), await merged[1].head.answer(question));
    const example = { words: ['the', 'movie'], tags: ['O', 'B-a'] };
    same(await tokens.evaluate([example]), await merged[0].head.evaluate([example]));
    await Promise.all(merged.map((model) => model.dispose()));
  });

  test('embed: a head of another model, or what is no head', async () => {
    const other = await open('bert');
    const head = await other.loadHead(folderOf('text'));
    for (const wrong of [head, {}, null, 1, 'text'])
      await assert.rejects(bert.embed('good', { head: wrong }), {
        code: 'BAD_INPUT',
        message: /not a head of this model/,
      });
    await other.dispose();
  });
});

/** Probabilities of two ways to compute the same differ in their last digits. */
const roundedScores = (value) =>
  JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'number' ? Number(part.toFixed(4)) : part)));

/** The files of one of the adapters, with changes. */
async function filesOf(name, { config = {}, header: change = () => {}, ...more } = {}) {
  const [configFile, weights] = await Promise.all(
    ['adapter_config.json', 'adapter_model.safetensors'].map((file) => readFile(join(folderOf(name), file))),
  );
  const { header, data } = splitAdapterTensors(weights);
  change(header);
  return {
    'adapter_config.json': Buffer.from(JSON.stringify({ ...JSON.parse(configFile), ...config })),
    'adapter_model.safetensors': Buffer.from(safetensors(header, data)),
    ...more,
  };
}

test('from files and from a URL that ends in a slash', async (t) => {
  const bert = await open('bert');
  await isAsInPeft(await bert.loadHead(await filesOf('text')), 'text');
  const url = await serve(t, async (req, res) => {
    const file = req.url.replace('/some/folder/', '');
    const bytes = await readFile(join(folderOf('text'), file)).catch(() => undefined);
    res.writeHead(bytes ? 200 : 404).end(bytes);
  });
  const head = await bert.loadHead(`${url}some/folder/`);
  await isAsInPeft(head, 'text');
  assert.deepEqual(head.labels, ['joy', 'anger', 'fear']);
  await assert.rejects(bert.loadHead(join(fixtures, 'nowhere')), { code: 'FILE_NOT_FOUND' });
  await bert.dispose();
});

test('what can’t lie beside a model is refused, with the way that is left', async () => {
  const merge = /Merge it while the model is loaded: load\(model, \{ adapter \}\)/;
  const refused = async (base, adapter, message) => {
    const bert = await open(base);
    await assert.rejects(bert.loadHead(adapter), ({ code, message: given }) => {
      assert.equal(code, 'BAD_ADAPTER');
      assert.match(given, message);
      assert.match(given, merge);
      return true;
    });
    await bert.dispose();
  };
  await refused('bert', checkpoint('lora-text'), /changes embeddings\.word_embeddings\.weight/);
  await refused('electra', checkpoint('lora-answers'), /replaces embeddings\.LayerNorm\.bias|replaces .*\.bias/);
  await refused('bert', checkpoint('lora-features'), /replaces encoder\.layer\.0\.intermediate\.dense\.bias/);
  const config = JSON.parse(readFileSync(join(checkpoint('lora-features'), 'adapter_config.json'), 'utf8'));
  const ofOther = Buffer.from(JSON.stringify({ ...config, task_type: 'CAUSAL_LM' }));
  const weights = readFileSync(join(checkpoint('lora-features'), 'adapter_model.safetensors'));
  const files = { 'adapter_config.json': ofOther, 'adapter_model.safetensors': weights };
  await refused('bert', files, /of a task \(CAUSAL_LM\) that gives no head/);
  await refused('bert', join(fixtures, 'compatibility/lora-new-tokens'), /another tokenizer/);
  await refused('bert', join(fixtures, 'compatibility/lora-token-indices'), /some of its rows/);
});

test('an adapter of another model', async () => {
  const bert = await open('bert');
  const head = (fields) => ({ 'head.json': Buffer.from(JSON.stringify({ pooling: 'mean', ...fields })) });
  const fingerprint = bert.info.fingerprint;
  assert.ok(await bert.loadHead(await filesOf('text', head({ fingerprint }))));
  await assert.rejects(bert.loadHead(await filesOf('text', head({ fingerprint: '0123456789abcdef' }))), {
    code: 'HEAD_MODEL_MISMATCH',
    message: /0123456789abcdef/,
  });
  const bytes = await (await bert.loadHead(folderOf('text'))).save();
  await bert.dispose();

  const other = await open('bert-relu');
  await assert.rejects(other.loadHead(bytes), { code: 'HEAD_MODEL_MISMATCH', message: /fingerprint/ });
  await other.dispose();
  const electra = await open('electra');
  await assert.rejects(electra.loadHead(folderOf('distilbert')), { code: 'BAD_ADAPTER' });
  await electra.dispose();
});

test('a file with an adapter: a version of its own; damaged ones are refused', async () => {
  const bert = await open('bert');
  const head = await bert.loadHead(folderOf('text'));
  const { header, data } = splitAdapterTensors(await head.save());
  const metadata = JSON.parse(header.__metadata__.bertlet);
  assert.equal(metadata.version, 3, 'which earlier versions refuse');
  const query = 'base_model.model.encoder.layer.0.attention.self.query';
  assert.deepEqual(header[`${query}.lora_A.weight`].shape, [4, 16]);
  assert.deepEqual(header[`${query}.lora_B.weight`].shape, [16, 4]);
  assert.equal(metadata.lora['encoder.layer.0.attention.self.query.weight'], 6); // 12 / sqrt(4)
  const changed = (fields, entries) =>
    safetensors({ ...header, ...entries, __metadata__: { bertlet: JSON.stringify({ ...metadata, ...fields }) } }, data);
  const { lora } = metadata;
  for (const bytes of [
    changed({ lora: {} }),
    changed({ lora: 1 }),
    changed({ lora: { ...lora, 'encoder.layer.7.intermediate.dense.weight': 1 } }),
    changed({ lora: { ...lora, [Object.keys(lora)[0]]: null } }),
    changed({}, { [`${query}.lora_A.weight`]: { ...header[`${query}.lora_A.weight`], shape: [8, 8] } }),
  ])
    await assert.rejects(bert.loadHead(bytes), { code: 'BAD_HEAD' });
  // Whole, but not for a layer of this model.
  const from = JSON.stringify(header).replaceAll('layer.1', 'layer.2');
  const elsewhere = safetensors(from, data);
  await assert.rejects(bert.loadHead(elsewhere), { code: 'BAD_ADAPTER', message: /layer\.2.*no such tensor/ });
  await bert.dispose();
});
