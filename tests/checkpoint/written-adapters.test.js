// Heads with adapters, written as PEFT writes them. Oracle: the files that PEFT wrote of the same numbers, and the logits that it computes
// with them (tests/fixtures/make_written_fixtures.py). That PEFT opens ours, tests/python/folders.test.js tries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toTexts } from '../../js/api/texts.js';
import { writeAdapterFolder } from '../../js/checkpoint/adapter-writer.js';
import { families } from '../../js/checkpoint/families/index.js';
import { load } from '../../js/index.js';
import { fixtures } from '../support.js';
import { goldenHead, inFloats, logitsOf, parseFile, randomFloats } from './written.js';

const sizes = { numLayers: 2, hiddenSize: 16 };
const write = (head, type = 'bert') => writeAdapterFolder(head, { family: families.get(type), ...sizes });
const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
const base = (type) => join(fixtures, 'checkpoints', type);

for (const type of ['bert', 'distilbert', 'electra', 'megatron-bert'])
  for (const task of ['text', 'tokens', 'answers']) {
    const folder = join(fixtures, 'written', `${type}-${task}`);
    describe(`${type}, ${task}`, () => {
      const golden = parseFile(readFileSync(join(folder, 'adapter_model.safetensors')));
      const head = goldenHead(type, task);
      const files = write(head, type);

      test('the tensors of PEFT', () => {
        const written = parseFile(files['adapter_model.safetensors']);
        assert.deepEqual([...written.keys()].sort(), [...golden.keys()].sort());
        for (const [name, { shape, values }] of golden) {
          assert.deepEqual(written.get(name).shape, shape, name);
          // A head that reads the mean does not read these layers.
          if (!/pre_classifier|classifier\.dense/.test(name)) assert.deepEqual(written.get(name).values, values, name);
        }
      });

      test('the settings of PEFT', () => {
        const settings = json(files['adapter_config.json']);
        const expected = json(readFileSync(join(folder, 'adapter_config.json')));
        const same = [
          'peft_type',
          'task_type',
          'auto_mapping',
          'r',
          'lora_alpha',
          'modules_to_save',
          'bias',
          'use_rslora',
        ];
        for (const key of same) assert.deepEqual(settings[key], expected[key], key);
        assert.equal(Object.keys(settings.rank_pattern).length, Object.keys(expected.rank_pattern).length);
      });

      test('comes back with the logits of PEFT', async () => {
        const { texts, logits } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
        const bert = await load(base(type), { dtype: 'f32', adapter: files, threads: 1 });
        assert.equal(bert.head.task, head.task);
        assert.deepEqual(bert.head.labels, head.labels);
        const inputs = texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text));
        const results = await logitsOf(bert.head, toTexts(inputs));
        await bert.dispose();
        logits.forEach((rows, i) =>
          rows.flat().forEach((value, k) => {
            const difference = Math.abs(results[i][k] - value);
            assert.ok(difference <= 2e-5 * Math.max(1, Math.abs(value)), `text ${i}: off by ${difference}`);
          }),
        );
      });
    });
  }

test('an adapter of the word embeddings is one of PEFT for tables', () => {
  const delta = { a: randomFloats(2 * 16), b: randomFloats(94 * 2), rank: 2, rows: 94, columns: 16, scale: 1 };
  const head = goldenHead('bert', 'tokens');
  head.network.lora = new Map([['embeddings.word_embeddings.weight', delta]]);
  const written = parseFile(write(head)['adapter_model.safetensors']);
  const module = 'base_model.model.bert.embeddings.word_embeddings';
  const a = written.get(`${module}.lora_embedding_A`);
  const b = written.get(`${module}.lora_embedding_B`);
  assert.deepEqual([a.shape, b.shape], [[2, 94], [16, 2]]); // prettier-ignore
  assert.equal(a.values[94 + 7], delta.b[7 * 2 + 1]);
  assert.equal(b.values[5 * 2 + 1], delta.a[16 + 5]);
});

describe('what PEFT has no file for comes back, too', () => {
  const labels = ['O', 'B-x', 'I-x'];
  const transitions = {
    start: Float64Array.of(0.5, 1, -2),
    next: Float64Array.from({ length: 9 }, (_, i) => i / 4 - 1),
    end: Float64Array.of(0, 0.25, 3),
  };
  const report = { examples: 3, layer: 2, pooling: 'none', scheme: 'IOB1' };
  const reopen = (head) => load(base('bert'), { dtype: 'f32', adapter: write(head), threads: 1 });

  test("a tagger's transitions and report", async () => {
    const bert = await reopen({ ...goldenHead('bert', 'tokens'), labels, transitions, report });
    assert.deepEqual(bert.head.constructor.partsOf(bert.head).data.transitions, inFloats(transitions));
    assert.deepEqual(bert.head.report, report);
    await bert.dispose();
  });

  for (const task of ['multi-label', 'regression', 'text-classification'])
    test(task, async () => {
      const head = { ...goldenHead('bert', 'text'), task, report };
      head.network.normalize = true;
      head.network.pooling = 'max';
      const bert = await reopen(head);
      assert.equal(bert.head.task, task);
      const { network } = bert.head.constructor.partsOf(bert.head).data;
      assert.deepEqual([network.pooling, network.normalize], ['max', true]);
      await bert.dispose();
    });

  test("a head of its class's own layers", async () => {
    const head = goldenHead('bert', 'text');
    const pooler = { weight: randomFloats(256), bias: randomFloats(16), activation: 'tanh' };
    head.network = { ...head.network, pooling: 'cls', dense: [pooler, ...head.network.dense] };
    const files = write(head);
    assert.deepEqual(json(files['adapter_config.json']).modules_to_save, ['classifier', 'score', 'pooler']);
    const bert = await load(base('bert'), { dtype: 'f32', adapter: files, threads: 1 });
    const { network } = bert.head.constructor.partsOf(bert.head).data;
    assert.deepEqual(network.dense, head.network.dense);
    await bert.dispose();
  });

  test('damaged transitions are refused', async () => {
    const files = write({ ...goldenHead('bert', 'tokens'), labels, transitions });
    const fewer = { start: transitions.start.slice(1), next: transitions.next.slice(5), end: transitions.end.slice(1) };
    const other = write({ ...goldenHead('bert', 'tokens'), labels, transitions: fewer });
    const mixed = { ...files, 'crf.safetensors': other['crf.safetensors'] };
    await assert.rejects(load(base('bert'), { adapter: mixed, threads: 1 }), { code: 'SHAPE_MISMATCH' });
    const settings = new TextEncoder().encode('{"pooling": "median"}');
    await assert.rejects(load(base('bert'), { adapter: { ...files, 'head.json': settings }, threads: 1 }), {
      code: 'BAD_ADAPTER',
      message: /"median"/,
    });
  });
});

describe('heads that PEFT has no place for are refused', () => {
  const refused = (change, message) => {
    const head = goldenHead('bert', 'text');
    assert.throws(() => write({ ...head, ...change(head) }), { code: 'BAD_INPUT', message });
  };
  const withNetwork = (change) => (head) => ({ network: { ...head.network, ...change(head.network) } });
  test('without an adapter', () =>
    refused(
      withNetwork(() => ({ lora: undefined })),
      /method: 'lora'/,
    ));
  test('on another layer than the last', () =>
    refused(
      withNetwork(() => ({ layer: 1 })),
      /layer 1 of 2/,
    ));
  test('with hidden units', () =>
    refused(
      withNetwork(({ dense }) => ({ dense: [...dense, ...dense] })),
      /hidden units/,
    ));
  test('on a model with a merged adapter', () => refused(() => ({ adapter: 'other' }), /the adapter other/));
});
