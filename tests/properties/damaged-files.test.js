// Whatever bytes a file has, reading it gives a right result, or an error that names the file's fault and is not bertlet's own.
// BERTLET_SEED=n repeats a run; `npm run soak -- --only files` tries more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinSafetensors, splitSafetensors } from './damage.js';
import { modelFiles } from './models.js';
import { outcomeOf } from './outcome.js';
import { readers } from './readers.js';
import { tokenizerFiles } from './tokenizers.js';

const seed = Number(process.env.BERTLET_SEED ?? Date.now() % 2 ** 31);

/** One of the subjects, and bytes for it. */
const anyOf = (subjects) =>
  fc.constantFrom(...subjects).chain(({ name, input, read }) => input.map((bytes) => ({ name, bytes, read })));

for (const [what, subjects, numRuns] of [
  ['files of models and adapters', modelFiles, 150],
  ['files of tokenizers', tokenizerFiles, 100],
  ['heads, examples, labels', readers, 2000],
])
  test(`${what}, damaged at random`, async (t) => {
    t.diagnostic(`BERTLET_SEED=${seed}`);
    const outcomes = new Map();
    await fc.assert(
      fc.asyncProperty(anyOf(subjects), async ({ read, bytes }) => {
        const outcome = await outcomeOf(() => read(bytes));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns, seed },
    );
    t.diagnostic([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', '));
    assert.ok(outcomes.size > 2, 'some files are refused, in several ways, and some are not');
  });

test('each file as it is', async () => {
  for (const { name, whole, read } of [...modelFiles, ...tokenizerFiles])
    assert.equal(await outcomeOf(() => read(whole)), 'right', name);
});

const NO_STRING = { toString: 1 };
/** Stands for a list in a list in a list, 20,000 of them. */
const DEEP = 'deep';

/** What was once taken for something else, or came back as INTERNAL: [subject, change of its JSON, outcome]. */
const CASES = [
  ['a tagger: config.json', (json) => (json.model_type = NO_STRING), 'UNSUPPORTED_MODEL'],
  ['a tagger: config.json', (json) => (json.hidden_act = NO_STRING), 'UNSUPPORTED_MODEL'],
  ['a tagger: config.json', (json) => (json.position_embedding_type = [NO_STRING]), 'UNSUPPORTED_MODEL'],
  ['a tagger: config.json', (json) => (json.layer_norm_eps = NO_STRING), 'BAD_CONFIG'],
  ['a tagger: config.json', (json) => (json.layer_norm_eps = 1e-60), 'BAD_CONFIG'],
  ['a tagger: config.json', (json) => (json.hidden_act = DEEP), 'BAD_CONFIG'],
  ['a tagger: config.json', (json) => (json.architectures = [NO_STRING]), 'right'],
  ['a tagger: config.json', (json) => (json.id2label = Object.values(json.id2label).map(() => NO_STRING)), 'right'],
  ['shards: model.safetensors.index.json', (json) => (json.weight_map.a = NO_STRING), 'BAD_CONFIG'],
  ['shards: model.safetensors.index.json', (json) => (json.weight_map = { a: NO_STRING, b: {} }), 'BAD_CONFIG'],
  ['shards: model.safetensors.index.json', (json) => (json.metadata.total_size = '5'), 'BAD_CONFIG'],
  ['a sentence-transformers folder: modules.json', (json) => (json[1].path = NO_STRING), 'BAD_CONFIG'],
  ['a sentence-transformers folder: modules.json', (json) => (json[0].type = NO_STRING), 'right'],
  ['a sentence-transformers folder: modules.json', (json) => (json[0].path = NO_STRING), 'right'],
  ['a sentence-transformers folder: 1_Pooling/config.json', (json) => (json.pooling_mode = [NO_STRING]), 'right'],
  ['a sentence-transformers folder: 2_Dense/config.json', (json) => (json.activation_function = NO_STRING), 'right'],
  ['a sentence-transformers folder: 2_Dense/config.json', (json) => (json.module_input_name = NO_STRING), 'right'],
  [
    'a sentence-transformers folder: config_sentence_transformers.json',
    (json) => Object.assign(json, { default_prompt_name: NO_STRING, prompts: { x: 'y' } }),
    'BAD_CONFIG',
  ],
  ['a sentence-transformers folder: sentence_bert_config.json', (json) => (json.transformer_task = NO_STRING), 'right'],
  ['a classifier: tokenizer_config.json', (json) => (json.word_tokenizer_type = NO_STRING), 'BAD_VOCABULARY'],
  ['a classifier: added_tokens.json', (json) => (json.new = NO_STRING), 'BAD_VOCABULARY'],
  [
    'a classifier: special_tokens_map.json',
    (json) => (json.additional_special_tokens[1].id = NO_STRING),
    'BAD_VOCABULARY',
  ],
  [
    'a classifier: special_tokens_map.json',
    (json) => (json.additional_special_tokens[1].normalized = 'no'),
    'BAD_VOCABULARY',
  ],
  ['an adapter with tokens: tokenizer.json', (json) => (json.post_processor.single = { 0: 'A' }), 'BAD_VOCABULARY'],
  ['an adapter with tokens: tokenizer.json', (json) => (json.post_processor.single[0] = null), 'BAD_VOCABULARY'],
  ['an adapter with tokens: tokenizer.json', (json) => (json.normalizer.type = NO_STRING), 'BAD_VOCABULARY'],
  ['an adapter with tokens: tokenizer.json', (json) => (json.model.vocab.a = NO_STRING), 'BAD_VOCABULARY'],
  ['an adapter with tokens: tokenizer.json', (json) => (json.added_tokens[6].normalized = null), 'BAD_VOCABULARY'],
  ['an adapter with tokens: tokenizer.json', (json) => (json.added_tokens[6] = DEEP), 'BAD_CONFIG'],
];
for (const [subject, change, expected] of CASES)
  test(`${subject}: ${String(change).replace(/^.*?=> /, '')} is ${expected}`, async () => {
    const { whole, read } = [...modelFiles, ...tokenizerFiles].find(({ name }) => name === subject);
    const json = JSON.parse(String(whole));
    change(json);
    assert.equal(
      await outcomeOf(() => read(JSON.stringify(json).replace('"deep"', '['.repeat(20_000) + ']'.repeat(20_000)))),
      expected,
    );
  });

/** Likewise: [subject, change of its header's JSON, outcome]. */
const HEADERS = [
  [
    'a classifier: model.safetensors',
    'classifier.weight',
    { shape: [2 ** 40], data_offsets: [0, 2 ** 42] },
    'OUT_OF_MEMORY',
  ],
  [
    'a sentence-transformers folder: 2_Dense/model.safetensors',
    'linear.weight',
    { dtype: 'F8_E4M3', shape: [2 ** 40] },
    'UNSUPPORTED_DTYPE',
  ],
  [
    'a sentence-transformers folder: 2_Dense/model.safetensors',
    'linear.weight',
    { dtype: 'X', shape: [2 ** 52, 2 ** 52] },
    'UNSUPPORTED_DTYPE',
  ],
];
for (const [subject, tensor, change, expected] of HEADERS)
  test(`${subject} with ${tensor} ${JSON.stringify(change)} is ${expected}`, async () => {
    const { whole, read } = modelFiles.find(({ name }) => name === subject);
    const { header, data } = splitSafetensors(whole);
    const last = change.data_offsets && Math.max(...Object.values(header).map((entry) => entry.data_offsets?.[1] ?? 0));
    const offsets = change.data_offsets && { data_offsets: change.data_offsets.map((offset) => offset + last) };
    const changed = { ...header, [tensor]: { ...header[tensor], ...change, ...offsets } };
    if (offsets) {
      // In its old place stands another tensor, so that there is no gap.
      changed.other = header[tensor];
    }
    const bytes = joinSafetensors(new TextEncoder().encode(JSON.stringify(changed)), data);
    assert.equal(await outcomeOf(() => read(bytes)), expected);
  });

test('a head with the model’s fingerprint that reads what the model does not have', async () => {
  const { openHead } = await import('../../js/api/open-head.js');
  const { writeHead } = await import('../../js/checkpoint/head-file.js');
  const info = { fingerprint: 'f', model: 'org/name', hiddenSize: 8, numLayers: 2 };
  const open = (layer, inputs) =>
    openHead(
      writeHead({
        task: 'text-classification',
        labels: ['a', 'b'],
        network: {
          layer,
          pooling: 'mean',
          normalize: false,
          dense: [{ weight: new Float32Array(2 * inputs), bias: new Float32Array(2), activation: 'none' }],
        },
        baseModel: 'org/name',
        fingerprint: 'f',
      }),
      info,
      { async call() {} },
      {},
    );
  assert.equal((await open(2, 8)).network.layer, 2);
  await assert.rejects(open(3, 8), { code: 'BAD_HEAD', message: /layer 3, but the model has/ });
  await assert.rejects(open(2, 16), { code: 'BAD_HEAD', message: /reads 16 values/ });
});

test('labels by the ten thousand are compared once each, and a file longer than any string is refused', async () => {
  const { readMultiLabel } = await import('../../js/cli/data/classification.js');
  const { readLabels } = await import('../../js/cli/data/labels.js');
  const { decode } = await import('../../js/cli/lib/files.js');
  // Quadratic, 300,000 would be minutes.
  const labels = Array.from({ length: 300_000 }, (_, i) => `l${i}`);
  const [example] = readMultiLabel('tsv', `text\t${labels}`, 'x.tsv', assert.fail);
  assert.equal(example.labels.length, labels.length);
  assert.equal(readLabels(labels.join('\n'), 'labels.txt').length, labels.length);
  assert.throws(() => readLabels([...labels, 'l0'].join('\n'), 'labels.txt'), {
    message: /line 300001.*"l0" occurs twice/,
  });
  assert.throws(() => decode({ length: 2 ** 30 }, 'x.csv'), { code: 'BAD_INPUT', message: /split it/ });
});

test('a header of a million tensors is refused before it is parsed', async () => {
  const { parseSafetensors } = await import('../../js/checkpoint/safetensors.js');
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, 60_000_000n, true); // without the header itself: it isn't asked for
  assert.throws(() => parseSafetensors(start, 'x'), {
    code: 'BAD_SAFETENSORS',
    message: /header would be 60000000 bytes/,
  });
});

test('a message quotes a file, but not all of it', async () => {
  const { BertletError } = await import('../../js/errors.js');
  assert.equal(new BertletError('BAD_CONFIG', 'x'.repeat(2000)).message.length, 2000);
  assert.match(new BertletError('BAD_CONFIG', 'x'.repeat(1e6)).message, /^x{2000}…$/);
});
