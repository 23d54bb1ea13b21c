// Models written as folders. Oracle: the files that transformers and sentence-transformers wrote of the same models, and what PyTorch
// computes with them (tests/fixtures/make_checkpoint_fixtures.py). That Python opens ours, tests/python/folders.test.js tries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toTexts } from '../../js/api/texts.js';
import { writeAdapterFolder } from '../../js/checkpoint/adapter-writer.js';
import { families } from '../../js/checkpoint/families/index.js';
import { load } from '../../js/index.js';
import { fixtures, serve, serveFiles, tiny, tinyFiles, toyExamples } from '../support.js';
import { goldenHead, inFloats, logitsOf, parseFile, randomFloats, saveWith } from './written.js';

const checkpoint = (name) => join(fixtures, 'checkpoints', name);
const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
const expectedOf = (name) => JSON.parse(readFileSync(join(checkpoint(name), 'expected.json'), 'utf8'));
const weightsOf = async (files) => parseFile(new Uint8Array(await files['model.safetensors'].arrayBuffer()));
const open = (files) => load(files, { dtype: 'f32', threads: 1 });

const near = (actual, expected, message) =>
  expected.forEach((value, i) => {
    const difference = Math.abs(actual[i] - value);
    assert.ok(difference <= 2e-5 * Math.max(1, Math.abs(value)), `${message}: off by ${difference}`);
  });

/** Those of transformers, in F32. */
const CHECKPOINTS = [
  'bert',
  'bert-relu',
  'bert-text',
  'bert-multi-label',
  'bert-single',
  'bert-masked',
  'bert-untied',
  'distilbert',
  'distilbert-text',
  'distilbert-tokens',
  'distilbert-answers',
  'distilbert-masked',
  'electra',
  'electra-same-size',
  'electra-text',
  'electra-tokens',
  'electra-answers',
  'electra-masked',
  'megatron-bert',
  'megatron-bert-text',
  'megatron-bert-masked',
];

describe('the tensors and settings of transformers', () => {
  for (const name of CHECKPOINTS)
    test(name, async () => {
      const files = await saveWith(checkpoint(name));
      const expected = parseFile(readFileSync(join(checkpoint(name), 'model.safetensors')));
      const written = await weightsOf(files);
      assert.deepEqual([...written.keys()].sort(), [...expected.keys()].sort());
      for (const [key, tensor] of expected) {
        // Where the decoder is not the word embeddings, transformers computes with its own bias.
        if (name === 'bert-untied' && key === 'cls.predictions.bias') continue;
        assert.deepEqual(written.get(key), tensor, key);
      }
      const { problem_type: task, ...config } = json(files['config.json']);
      const { problem_type: given, ...original } = json(readFileSync(join(checkpoint(name), 'config.json')));
      assert.deepEqual(config, original);
      assert.equal(task, given);
    });
});

describe('a folder comes back', () => {
  const names = [
    'bert-shards',
    'bert-tokens',
    'bert-answers',
    'bert-pretraining',
    'sentence-mean',
    'sentence-dense',
    'sentence-max',
  ];
  for (const name of names)
    test(name, async () => {
      const original = await load(checkpoint(name), { dtype: 'f32', threads: 1 });
      const files = await original.save();
      await original.dispose(); // what was saved outlives the worker
      const bert = await open(files);
      assert.equal(bert.info.fingerprint, original.info.fingerprint);
      assert.equal(bert.info.hasMaskedLMHead, original.info.hasMaskedLMHead);
      assert.deepEqual([bert.head?.task, bert.head?.labels], [original.head?.task, original.head?.labels]);
      const { texts, logits, vectors } = expectedOf(name);
      if (vectors) (await bert.embed(texts)).forEach((vector, i) => near(vector, vectors[i], texts[i]));
      if (logits && bert.head) {
        const results = await logitsOf(bert.head, wire(texts));
        logits.forEach((rows, i) => near(results[i], rows.flat(), texts[i]));
      }
      await bert.dispose();
    });

  test('with its prompts, and its comparison', async () => {
    const files = await saveWith({
      ...Object.fromEntries(
        ['config.json', 'model.safetensors', 'tokenizer.json', 'modules.json', '1_Pooling/config.json'].map((name) => [
          name,
          readFileSync(join(checkpoint('sentence-mean'), name)),
        ]),
      ),
      'config_sentence_transformers.json': new TextEncoder().encode(
        '{"prompts": {"query": "very ", "other": "a "}, "default_prompt_name": "other", "similarity_fn_name": "dot"}',
      ),
    });
    assert.deepEqual(json(files['config_sentence_transformers.json']), {
      prompts: { query: 'very ', document: '', other: 'a ' },
      default_prompt_name: 'other',
      similarity_fn_name: 'dot',
    });
  });

  test('the ranking of a cross-encoder', async () => {
    for (const [name, ranking] of [
      ['cross-encoder', 'sigmoid'],
      ['cross-encoder-logits', 'none'],
    ]) {
      // prettier-ignore
      const bert = await open(await saveWith(join(fixtures, 'compatibility', name)));
      assert.equal(bert.head.ranking, ranking);
      await bert.dispose();
    }
  });
});

const wire = (texts) =>
  toTexts(texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text)));

describe('a model with a head and its adapter', () => {
  for (const type of ['bert', 'distilbert', 'electra', 'megatron-bert'])
    for (const task of ['text', 'tokens', 'answers'])
      test(`${type}, ${task}: the weights of the merged adapter, and the logits of PEFT`, async () => {
        const head = goldenHead(type, task);
        const adapter = writeAdapterFolder(head, { family: families.get(type), numLayers: 2, hiddenSize: 16 });
        const merged = await load(checkpoint(type), { dtype: 'f32', adapter, threads: 1 });
        const bert = await open(await saveWith(checkpoint(type), { head }));
        assert.equal(bert.info.fingerprint, merged.info.fingerprint);
        const { texts, logits } = JSON.parse(
          readFileSync(join(fixtures, 'written', `${type}-${task}`, 'expected.json'), 'utf8'),
        );
        assert.deepEqual([bert.head.task, bert.head.labels], [head.task, head.labels]);
        const results = await logitsOf(bert.head, wire(texts));
        logits.forEach((rows, i) => near(results[i], rows.flat(), texts[i]));
        await Promise.all([merged.dispose(), bert.dispose()]);
      });

  test('what no class of transformers has comes back', async () => {
    const head = {
      ...goldenHead('bert', 'text'),
      task: 'multi-label',
      report: { examples: 2, layer: 2, pooling: 'max' },
    };
    const hidden = { weight: randomFloats(16 * 8), bias: randomFloats(8), activation: 'relu' };
    const last = { weight: randomFloats(8 * 3), bias: randomFloats(3), activation: 'none' };
    head.network = { layer: 2, pooling: 'max', normalize: true, dense: [hidden, last] };
    const files = await saveWith(checkpoint('bert-masked'), { head });
    assert.deepEqual(json(files['config.json']).architectures, ['BertForMaskedLM']);
    const bert = await open(files);
    const { task, labels, network, report } = bert.head.constructor.partsOf(bert.head).data;
    assert.deepEqual([task, labels, report, network], ['multi-label', head.labels, head.report, head.network]);
    assert.ok(bert.info.hasMaskedLMHead);
    // Its vectors are those that the head reads.
    const [vector] = await bert.embed(['the movie was great']);
    assert.equal(vector.length, 16);
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
    await bert.dispose();
  });

  test("a tagger's transitions", async () => {
    const transitions = {
      start: Float64Array.of(1, 2, 3),
      next: new Float64Array(9).fill(0.5),
      end: Float64Array.of(4, 5, 6),
    };
    const files = await saveWith(checkpoint('bert'), { head: { ...goldenHead('bert', 'tokens'), transitions } });
    const bert = await open(files);
    assert.deepEqual(bert.head.constructor.partsOf(bert.head).data.transitions, inFloats(transitions));
    await bert.dispose();
    const without = { ...files, 'crf.safetensors': undefined };
    delete without['crf.safetensors'];
    const warnings = [];
    const broken = await load(without, { dtype: 'f32', threads: 1, onWarning: (message) => warnings.push(message) });
    assert.match(warnings.join(), /crf\.safetensors.*no `head`/s);
    await broken.dispose();
  });

  test('an adapter may replace the head of such a folder', async () => {
    const files = await saveWith(checkpoint('bert'), { head: goldenHead('bert', 'text') });
    const head = { ...goldenHead('bert', 'tokens'), labels: ['x', 'y', 'z'] };
    const adapter = writeAdapterFolder(head, { family: families.get('bert'), numLayers: 2, hiddenSize: 16 });
    const bert = await load(files, { dtype: 'f32', adapter, threads: 1 });
    assert.deepEqual([bert.head.task, bert.head.labels], [head.task, head.labels]);
    await bert.dispose();
  });
});

test('a merged adapter that ignores token types: the same numbers without them', async () => {
  const adapter = checkpoint('lora-answers');
  const bert = await open(await saveWith(checkpoint('electra'), { adapter }));
  const { texts, logits } = expectedOf('lora-answers');
  const results = await logitsOf(bert.head, wire(texts));
  logits.forEach((rows, i) => near(results[i], rows.flat(), texts[i]));
  await bert.dispose();
});

describe('the tokenizer', () => {
  const text = 'The Movie was [MASK], naïve 電影 <new> unknownzebra\u0007!';
  const cases = {
    'as a vocab.txt gives it': {},
    'with case': { 'tokenizer_config.json': { do_lower_case: false } },
    'with accents': { 'tokenizer_config.json': { strip_accents: false, tokenize_chinese_chars: false } },
    'with added tokens': { 'added_tokens.json': { '<new>': 96, unknown: 94 } },
  };
  for (const [name, extra] of Object.entries(cases))
    test(name, async () => {
      const files = await tinyFiles();
      for (const [file, content] of Object.entries(extra))
        files[file] = new TextEncoder().encode(JSON.stringify(content));
      if (extra['added_tokens.json']) {
        // The model needs as many embeddings as there are ids.
        const adapted = await withRows(files, 97);
        Object.assign(files, adapted);
      }
      const original = await load(files, { dtype: 'f32', threads: 1, onWarning() {} });
      const expected = await original.tokenize([text, { text, textPair: text }]);
      const bert = await load(await original.save(), { dtype: 'f32', threads: 1, onWarning() {} });
      const results = await bert.tokenize([text, { text, textPair: text }]);
      results.forEach(({ ids, offsets }, i) => {
        assert.deepEqual(ids, expected[i].ids);
        assert.deepEqual(offsets, expected[i].offsets);
      });
      await Promise.all([original.dispose(), bert.dispose()]);
    });
});

/** The files with that many word embeddings. */
async function withRows(files, rows) {
  const { writeSafetensors } = await import('../../js/checkpoint/safetensors-writer.js');
  const tensors = [...parseFile(files['model.safetensors'])].map(([name, { shape, values }]) =>
    name.endsWith('word_embeddings.weight')
      ? {
          name,
          shape: [rows, shape[1]],
          values: Float32Array.from({ length: rows * shape[1] }, (_, i) => values[i] ?? 0),
        }
      : { name, shape, values },
  );
  const config = new TextEncoder().encode(JSON.stringify({ ...json(files['config.json']), vocab_size: rows }));
  return { 'config.json': config, 'model.safetensors': writeSafetensors(tensors, {}) };
}

describe('save', () => {
  test('a head of fit', async () => {
    const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
    const head = await bert.fit(toyExamples(20));
    const again = await open(await bert.save({ head }));
    const texts = ['a good movie', 'the worst'];
    assert.deepEqual(await again.head.classify(texts), await head.classify(texts));
    await Promise.all([bert.dispose(), again.dispose()]);
  });

  test('refuses int8, other models’ heads, and what is no head', async () => {
    const int8 = await load(tiny(), { threads: 1, dtype: 'int8' });
    await assert.rejects(int8.save(), { code: 'UNSUPPORTED_DTYPE', message: /dtype 'f32'/ });
    const other = await int8.fit(toyExamples(20));
    const bert = await load(checkpoint('bert-text'), { dtype: 'f32', threads: 1 });
    await assert.rejects(bert.save({ head: other }), { code: 'HEAD_MODEL_MISMATCH' });
    await assert.rejects(bert.save({ head: {} }), { code: 'BAD_INPUT', message: /not a head/ });
    await assert.rejects(bert.save({ other: 1 }), { code: 'BAD_INPUT', message: /other/ });
    await assert.rejects(bert.head.saveAdapter(), { code: 'BAD_INPUT', message: /no adapter/ });
    const early = await bert.fit(toyExamples(20), { layer: 1 });
    await assert.rejects(bert.save({ head: early }), { code: 'BAD_INPUT', message: /layer 1 of 2/ });
    await Promise.all([int8.dispose(), bert.dispose()]);
  });

  test('a model from the cache, as from its files', async (t) => {
    const transitions = {
      start: Float64Array.of(1, 2, 3),
      next: new Float64Array(9).fill(0.5),
      end: new Float64Array(3),
    };
    const files = await saveWith(checkpoint('bert'), { head: { ...goldenHead('bert', 'tokens'), transitions } });
    const weights = new Uint8Array(await files['model.safetensors'].arrayBuffer());
    const handle = serveFiles({ ...files, 'model.safetensors': weights });
    const address = await serve(t, (req, res) => {
      res.setHeader('ETag', '"1"');
      handle(req, res);
    });
    const saved = [];
    for (const fromCache of [false, true]) {
      const bert = await load(address, { dtype: 'f32', threads: 1 });
      assert.equal(bert.info.fromCache, fromCache);
      saved.push(await bert.save());
      await bert.dispose();
    }
    const [first, second] = await Promise.all(
      saved.map(async (one) => ({
        ...one,
        'model.safetensors': new Uint8Array(await one['model.safetensors'].arrayBuffer()),
      })),
    );
    assert.deepEqual(second, first);
    assert.deepEqual(first['model.safetensors'], weights);
  });

  test('says what it leaves out', async () => {
    const files = await tinyFiles();
    const config = { ...json(files['config.json']), architectures: ['BertForMultipleChoice'] };
    files['config.json'] = new TextEncoder().encode(JSON.stringify(config));
    const bert = await load(files, { dtype: 'f32', threads: 1 });
    const warnings = [];
    await bert.save({ onWarning: (message) => warnings.push(message) });
    assert.match(warnings.join(), /MultipleChoice/);
    await bert.dispose();
  });
});
