// Checkpoints of every architecture and head, and adapters: their logits, or hidden states, are those of PyTorch.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { loadEngine } from '../../js/worker/load.js';
import { readHead } from '../../js/checkpoint/head-file.js';
import { describe } from '../../js/io/describe.js';
import { toTexts } from '../../js/api/texts.js';
import {
  fixtures,
  fromRoot,
  safetensors,
  serve,
  splitAdapterTensors,
  temporaryFolder,
  toyExamples,
} from '../support.js';

const checkpoints = join(fixtures, 'checkpoints');
const TOLERANCE = 1e-4;

const readJson = (...path) => JSON.parse(readFileSync(join(checkpoints, ...path), 'utf8'));

/** The files of a folder, by name. */
async function filesOf(name, names) {
  const contents = await Promise.all(names.map((file) => readFile(join(checkpoints, name, file))));
  return Object.fromEntries(names.map((file, i) => [file, contents[i]]));
}

/** The engine itself, as the worker has it. */
async function open(model, adapter) {
  const warnings = [];
  const emit = (event) => event.warning && warnings.push(event.warning);
  const specs = await Promise.all([model, adapter].map((spec) => spec && describe(spec)));
  const [description, added] = specs.map((spec) => spec?.description);
  const params = { description, adapter: added, dtype: 'f32', threads: 1 };
  try {
    return { engine: await loadEngine(params, { signal: new AbortController().signal, emit }), warnings };
  } finally {
    specs.forEach((spec) => spec?.close());
  }
}

/** Rows of logits, or of hidden states where there is no head, for each text. */
async function logitsOf(bert, texts) {
  const inputs = texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text));
  const onWarning = () => {}; // of what is cut
  if (!bert.head)
    return (await bert.embed(inputs, { pooling: 'none', onWarning })).map((rows) => rows.flatMap((row) => [...row]));
  const results = [];
  await bert.head.logits(toTexts(inputs), { onWarning }, (index, logits) => (results[index] = logits));
  return results;
}

/** Loads a checkpoint, with an adapter or without, and holds it against the numbers that were computed for `name`. */
async function isAsInPyTorch(name, task, model, options) {
  const warnings = [];
  const bert = await load(model, {
    dtype: 'f32',
    threads: 1,
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  assert.deepEqual(warnings, []);
  assert.equal(bert.head?.task, task);
  const { texts, logits } = readJson(name, 'expected.json');
  const results = await logitsOf(bert, texts);
  await bert.dispose();
  let largest = 0;
  texts.forEach((text, i) => {
    const expected = logits[i].flat();
    assert.equal(results[i].length, expected.length, JSON.stringify(text));
    expected.forEach((value, k) => (largest = Math.max(largest, Math.abs(value - results[i][k]))));
  });
  assert.ok(largest <= TOLERANCE, `differs by ${largest}`);
}

const models = {
  bert: undefined,
  'bert-relu': undefined,
  distilbert: undefined,
  electra: undefined,
  'electra-same-size': undefined,
  'bert-text': 'text-classification',
  'bert-multi-label': 'multi-label',
  'bert-single': 'multi-label',
  'bert-tokens': 'token-classification',
  'bert-answers': 'question-answering',
  'bert-shards': 'text-classification',
  'distilbert-text': 'text-classification',
  'distilbert-tokens': 'token-classification',
  'distilbert-answers': 'question-answering',
  'electra-text': 'text-classification',
  'electra-tokens': 'token-classification',
  'electra-answers': 'question-answering',
  'megatron-bert': undefined,
  'megatron-bert-text': 'text-classification',
  'megatron-bert-tokens': 'token-classification',
  'megatron-bert-answers': 'question-answering',
};
for (const [name, task] of Object.entries(models)) {
  test(`${name}: as in PyTorch`, () => isAsInPyTorch(name, task, join(checkpoints, name)));
}

test('megatron-bert: hidden states after each layer as in PyTorch, the last ones normalized', async () => {
  const bert = await load(join(checkpoints, 'megatron-bert'), { dtype: 'f32', threads: 1 });
  const { texts, hidden_states: states } = readJson('megatron-bert', 'expected.json');
  assert.equal(states.length, bert.info.numLayers + 1);
  for (const [layer, rows] of states.entries()) {
    const own = await bert.embed(texts[0], { layer, pooling: 'none' });
    assert.equal(own.length, rows.length);
    rows.forEach((row, token) =>
      row.forEach((value, k) => assert.ok(Math.abs(value - own[token][k]) <= TOLERANCE, `${layer}: ${token}, ${k}`)),
    );
  }
  await bert.dispose();
});

const adapters = {
  'lora-text': 'text-classification',
  'lora-tokens': 'token-classification',
  'lora-answers': 'question-answering',
  'lora-features': undefined,
  'lora-own-head': 'text-classification',
};
for (const [name, task] of Object.entries(adapters)) {
  test(`${name}: as in PyTorch with PEFT`, async () => {
    const base = readJson(name, 'adapter_config.json').base_model_name_or_path;
    await isAsInPyTorch(name, task, join(checkpoints, name, base), { adapter: join(checkpoints, name) });
  });
}

test('labels: of config.json, of labels.json, or by number', async () => {
  const names = ['joy', 'anger', 'fear'];
  const labelsOf = async (...spec) => (await open(...spec)).engine.extras.head.labels;
  assert.deepEqual(await labelsOf(join(checkpoints, 'bert-text')), names);
  assert.deepEqual(await labelsOf(join(checkpoints, 'bert-answers')), []);
  const adapter = await filesOf('lora-text', ['adapter_config.json', 'adapter_model.safetensors']);
  const base = join(checkpoints, 'bert');
  assert.deepEqual(await labelsOf(base, adapter), ['LABEL_0', 'LABEL_1', 'LABEL_2']);
  // Names in the base's config.json may be of another head, but as many as there are outputs are taken for this one's.
  const files = await filesOf('bert', ['config.json', 'vocab.txt', 'model.safetensors']);
  const config = JSON.parse(String(files['config.json']));
  const named = (id2label) => ({ ...files, 'config.json': Buffer.from(JSON.stringify({ ...config, id2label })) });
  assert.deepEqual(await labelsOf(named({ 0: 'a', 1: 'b', 2: 'c' }), adapter), ['a', 'b', 'c']);
  assert.deepEqual(await labelsOf(named({ 0: 'a', 1: 'b' }), adapter), ['LABEL_0', 'LABEL_1', 'LABEL_2']);
  adapter['labels.json'] = Buffer.from(JSON.stringify(names));
  assert.deepEqual(await labelsOf(base, adapter), names);
  adapter['labels.json'] = Buffer.from('["one", "two"]');
  await assert.rejects(open(base, adapter), { code: 'SHAPE_MISMATCH', message: /2 labels.*3 outputs/ });
});

test('an adapter through load(): other vectors, another fingerprint, told in info', async () => {
  const [base, adapter] = ['bert', 'lora-text'].map((name) => join(checkpoints, name));
  const [plain, adapted, int8] = await Promise.all([
    load(base, { dtype: 'f32', threads: 1 }),
    load(base, { dtype: 'f32', threads: 1, adapter }),
    load(base, { threads: 1, adapter, dtype: 'int8' }),
  ]);
  assert.equal(plain.info.adapter, undefined);
  assert.equal(adapted.info.adapter, adapter);
  assert.notEqual(adapted.info.fingerprint, plain.info.fingerprint);
  assert.equal(adapted.info.fingerprint, int8.info.fingerprint);
  assert.notDeepEqual(await adapted.embed('good'), await plain.embed('good'));

  const head = await adapted.fit(toyExamples(20), { c: 1 });
  for (const bytes of [await head.save(), await adapted.head.save()]) {
    assert.equal(readHead(bytes).adapter, adapter);
    assert.ok(await int8.loadHead(bytes));
    await assert.rejects(plain.loadHead(bytes), {
      code: 'HEAD_MODEL_MISMATCH',
      message: /bert with the adapter \S+lora-text \(/,
    });
  }
  await Promise.all([plain, adapted, int8].map((bert) => bert.dispose()));
});

test('head.json: the classifier of an adapter reads the mean or another vector, without the pooler', async () => {
  const files = await filesOf('lora-text', ['adapter_config.json', 'adapter_model.safetensors']);
  const withHead = (head) =>
    open(join(checkpoints, 'bert'), { ...files, 'head.json': Buffer.from(JSON.stringify(head)) });
  for (const pooling of ['mean', 'cls', 'max']) {
    const { network } = (await withHead({ pooling })).engine.extras.head;
    assert.equal(network.pooling, pooling);
    assert.equal(network.dense.length, 1);
  }
  for (const pooling of ['median', 'constructor', null])
    await assert.rejects(withHead({ pooling }), { code: 'BAD_ADAPTER', message: /head\.json has the pooling/ });
});

/** An adapter for `bert` with changes. */
async function changedAdapter(changeConfig, changeHeader = () => {}) {
  const files = await filesOf('lora-text', ['adapter_config.json', 'adapter_model.safetensors']);
  const config = { ...JSON.parse(String(files['adapter_config.json'])), ...changeConfig };
  const { header, data } = splitAdapterTensors(files['adapter_model.safetensors']);
  changeHeader(header);
  return {
    'adapter_config.json': Buffer.from(JSON.stringify(config)),
    'adapter_model.safetensors': Buffer.from(safetensors(header, data)),
  };
}

const query = 'base_model.model.bert.encoder.layer.0.attention.self.query';
const rename = (from, to) => (header) => {
  header[to] = header[from];
  delete header[from];
};
/** Gives a tensor of the layer `query` another shape with as many elements: A is [4][16], B [16][4]. */
const reshape = (matrix, shape) => (header) => (header[`${query}.lora_${matrix}.weight`].shape = shape);
const refused = [
  [{}, reshape('A', [8, 8]), /query have shape \[16,4,8,8\], which does not fit/],
  [{}, reshape('B', [8, 8]), /query have shape \[8,8,4,16\], which does not fit/],
  [{}, reshape('A', [4, 4, 4]), /query have shape \[16,4,4,4,4\], which does not fit/],
  [{}, reshape('B', [4, 4, 4]), /query have shape \[4,4,4,4,16\], which does not fit/],
  [{ use_dora: true }, undefined, /use_dora: true.*merge_and_unload/],
  [{ init_lora_weights: 'pissa_niter_16' }, undefined, /init_lora_weights: "pissa_niter_16".*merge_and_unload/],
  [{ fan_in_fan_out: true }, undefined, /fan_in_fan_out/],
  [{ peft_type: 'IA3' }, undefined, /peft_type "IA3"/],
  [{ r: 5 }, undefined, /does not fit adapter_config\.json/],
  [{ rank_pattern: {} }, undefined, /attention\.self\.value.*does not fit/],
  [{ lora_alpha: null }, undefined, /lora_alpha null/],
  [{}, rename(`${query}.lora_A.weight`, `${query}.lora_magnitude_vector`), /lora_magnitude_vector.*can't merge/],
  [{}, rename(`${query}.lora_A.weight`, `${query}x.lora_A.weight`), /no lora_B for .*queryx/],
  [{}, rename('base_model.model.classifier.bias', 'base_model.model.score.bias'), /score\.bias.*no such tensor/],
];
for (const [config, header, message] of refused) {
  test(`an adapter that can't be merged: ${message}`, async () => {
    await assert.rejects(open(join(checkpoints, 'bert'), await changedAdapter(config, header)), {
      code: 'BAD_ADAPTER',
      message,
    });
  });
}

test('patterns for modules: matched as by Python, in time, or refused', async () => {
  const ranks = { '((.+)+)+!': 9, '(?:val|nothing)u[d-f]': 2, '.*\\.1\\.output\\.\\w+e': 3 };
  const { engine } = await open(join(checkpoints, 'bert'), await changedAdapter({ rank_pattern: ranks }));
  assert.equal(engine.extras.head.labels.length, 3);
  for (const pattern of ['(', 'a{2}', '(?=a)', '[a', '\\b', 'a**']) {
    await assert.rejects(open(join(checkpoints, 'bert'), await changedAdapter({ rank_pattern: { [pattern]: 3 } })), {
      code: 'BAD_ADAPTER',
      message: /the pattern .* doesn't understand/,
    });
  }
});

test('an adapter for another model', async () => {
  await assert.rejects(open(join(fixtures, 'model/tiny-f32'), join(checkpoints, 'lora-text')), {
    code: 'BAD_ADAPTER',
    message: /shape \[94,16\].*\[94,32\].*Load the model that the adapter was trained on/,
  });
});

test('a folder without an adapter', async () => {
  await assert.rejects(open(join(checkpoints, 'bert'), join(checkpoints, 'bert')), {
    code: 'FILE_NOT_FOUND',
    message: /adapter_config\.json/,
  });
});

test('int8, on two threads, of models with a projection, without types, pre-layer-norm: close to f32', async () => {
  for (const name of ['electra', 'distilbert', 'megatron-bert']) {
    const texts = readJson(name, 'expected.json').texts.filter((text) => typeof text === 'string');
    const [f32, int8] = await Promise.all(
      ['f32', 'int8'].map((dtype) => load(join(checkpoints, name), { dtype, threads: 2, cache: false })),
    );
    const [exact, close] = await Promise.all([f32, int8].map((bert) => bert.embed(texts, { onWarning() {} })));
    exact.forEach((vector, i) => {
      const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
      const cosine = dot(vector, close[i]) / Math.sqrt(dot(vector, vector) * dot(close[i], close[i]));
      assert.ok(cosine > 0.995 && cosine < 1, `${name}: ${cosine}`);
    });
    assert.equal(f32.info.fingerprint, int8.info.fingerprint);
    await Promise.all([f32.dispose(), int8.dispose()]);
  }
});

test('a pair given to a model without token types', async () => {
  const bert = await load(join(checkpoints, 'distilbert'), { dtype: 'f32', threads: 1 });
  assert.equal((await bert.embed({ text: 'good acting', textPair: 'bad story' })).length, 16);
  await bert.dispose();
});

test('what an index of shards can lack', async () => {
  const names = ['config.json', 'vocab.txt', 'model.safetensors.index.json'];
  const shards = [1, 2, 3].map((n) => `model-0000${n}-of-00003.safetensors`);
  const files = await filesOf('bert-shards', [...names, ...shards]);
  const { engine } = await open(files);
  assert.equal(engine.extras.head.labels.length, 3);
  const { [shards[1]]: second, ...two } = files;
  assert.ok(second.length > 0);
  await assert.rejects(open(two), { code: 'FILE_NOT_FOUND', message: /00002-of-00003/ });
  const index = JSON.parse(String(files[names[2]]));
  const withIndex = (changed) => ({ ...files, [names[2]]: Buffer.from(JSON.stringify({ ...index, ...changed })) });
  const map = { ...index.weight_map };
  delete map['bert.embeddings.LayerNorm.bias'];
  await assert.rejects(open(withIndex({ weight_map: map })), { code: 'MISSING_TENSOR', message: /index\.json lacks/ });
  await assert.rejects(open(withIndex({ weight_map: { a: '../x.safetensors' } })), { code: 'BAD_CONFIG' });
  // What the index names and no shard has.
  const shard = shards.find((one) => one === index.weight_map['bert.embeddings.LayerNorm.bias']);
  const { header, data } = splitAdapterTensors(files[shard]);
  rename('bert.embeddings.LayerNorm.bias', 'x.bias')(header);
  const lacking = { ...files, [shard]: Buffer.from(safetensors(header, data)) };
  await assert.rejects(open(lacking), { code: 'MISSING_TENSOR', message: /embeddings\.LayerNorm\.bias/ });
});

test('shards from a server: progress to the end, never beyond', async (t) => {
  const folder = join(checkpoints, 'bert-shards');
  const base = await serve(t, (req, res) => {
    const path = join(folder, req.url.split('/').pop());
    if (existsSync(path)) res.end(readFileSync(path));
    else res.writeHead(404).end();
  });
  const events = [];
  const bert = await load(base, { dtype: 'f32', threads: 1, onProgress: (event) => events.push(event) });
  await bert.dispose();
  assert.ok(events.every(({ loaded, total }) => loaded <= total));
  assert.equal(events.at(-1).loaded, events.at(-1).total);
});

const rampart = fromRoot('../shared/models/rampart-ner');
test(
  'rampart-ner, a real BertForTokenClassification: the labels and logits of transformers',
  { skip: existsSync(rampart) ? false : '../shared/models is absent' },
  async () => {
    const bert = await load(rampart, { dtype: 'f32', threads: 1, onWarning: assert.fail });
    const { labels } = bert.head;
    assert.equal(labels.length, 35);
    const expected = readJson('rampart-ner.json');
    const results = await logitsOf(
      bert,
      expected.map(({ text }) => text),
    );
    await bert.dispose();
    expected.forEach((one, i) => {
      const rows = one.labels.map((_, token) => results[i].subarray(token * 35, (token + 1) * 35));
      assert.deepEqual(
        rows.map((row) => labels[row.indexOf(Math.max(...row))]),
        one.labels,
      );
      rows.forEach((row, token) => assert.ok(Math.abs(Math.max(...row) - one.largest[token]) <= TOLERANCE));
    });
  },
);

for (const name of [
  'bert-masked',
  'bert-pretraining',
  'bert-untied',
  'distilbert-masked',
  'electra-masked',
  'megatron-bert-masked',
]) {
  test(`${name}: fillMask() as the pipeline of transformers`, async () => {
    const bert = await load(join(checkpoints, name), { dtype: 'f32', threads: 2 });
    assert.equal(bert.info.hasMaskedLMHead, true);
    for (const { text, topK, targets, results } of readJson(name, 'fill-mask.json')) {
      const fills = await bert.fillMask(text, { topK, targets });
      const [actual, expected] = [fills, results].map((masks) => (Array.isArray(masks[0]) ? masks : [masks]));
      expected.forEach((fillsOfMask, mask) => {
        const withoutScores = (list) => list.map(({ score, ...rest }) => (assert.ok(score > 0), rest));
        assert.deepEqual(withoutScores(actual[mask]), withoutScores(fillsOfMask), text);
        fillsOfMask.forEach(({ score }, i) => assert.ok(Math.abs(score - actual[mask][i].score) <= TOLERANCE));
      });
    }
    await bert.dispose();
  });
}

test('tied weights under the name of the decoder only', async () => {
  const files = await filesOf('bert-masked', ['config.json', 'vocab.txt', 'model.safetensors']);
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  rename('bert.embeddings.word_embeddings.weight', 'cls.predictions.decoder.weight')(header);
  const renamed = { ...files, 'model.safetensors': Buffer.from(safetensors(header, data)) };
  const [bert, moved] = await Promise.all([files, renamed].map((spec) => load(spec, { dtype: 'f32', threads: 1 })));
  assert.equal(moved.info.fingerprint, bert.info.fingerprint);
  const mask = 'the movie was [MASK]';
  assert.deepEqual(await moved.fillMask(mask), await bert.fillMask(mask));
  const untied = JSON.stringify({ ...JSON.parse(String(files['config.json'])), tie_word_embeddings: false });
  await assert.rejects(load({ ...renamed, 'config.json': Buffer.from(untied) }), { code: 'MISSING_TENSOR' });
  await Promise.all([bert.dispose(), moved.dispose()]);
});

test('weights that arrive in small pieces are the same', async () => {
  const files = await filesOf('bert-text', ['config.json', 'vocab.txt', 'model.safetensors']);
  const bytes = files['model.safetensors'];
  const pieces = new ReadableStream({
    start(sink) {
      for (let at = 0; at < bytes.length; at += 1000) sink.enqueue(new Uint8Array(bytes.subarray(at, at + 1000)));
      sink.close();
    },
  });
  const bert = await load(files, { dtype: 'f32', threads: 1 });
  const cut = await load({ ...files, 'model.safetensors': pieces }, { dtype: 'f32', threads: 1 });
  assert.equal(cut.info.fingerprint, bert.info.fingerprint);
  await Promise.all([bert.dispose(), cut.dispose()]);
});

test('tied weights in a shard of their own are not taken for the embeddings of another shard', async () => {
  const files = await filesOf('bert-masked', ['config.json', 'vocab.txt', 'model.safetensors']);
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  delete header.__metadata__;
  const embeddings = header['bert.embeddings.word_embeddings.weight'];
  const size = embeddings.data_offsets[1] - embeddings.data_offsets[0];
  const decoder = { ...embeddings, data_offsets: [0, size] };
  const name = 'cls.predictions.decoder.weight';
  const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const map = { ...Object.fromEntries(Object.keys(header).map((tensor) => [tensor, first])), [name]: second };
  const bert = await load(files, { dtype: 'f32', threads: 1 });
  const sharded = await load(
    {
      'config.json': files['config.json'],
      'vocab.txt': files['vocab.txt'],
      'model.safetensors.index.json': Buffer.from(
        JSON.stringify({ metadata: { total_size: data.length + size }, weight_map: map }),
      ),
      [first]: files['model.safetensors'],
      [second]: Buffer.from(safetensors({ [name]: decoder }, new Uint8Array(size))),
    },
    { dtype: 'f32', threads: 1 },
  );
  assert.equal(sharded.info.fingerprint, bert.info.fingerprint);
  await Promise.all([bert.dispose(), sharded.dispose()]);
});

test('a masked-LM head whose tensors do not fit the model: which one, and the model without it', async () => {
  const files = await filesOf('bert-masked', ['config.json', 'vocab.txt', 'model.safetensors']);
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  for (const tensor of ['transform.dense.weight', 'transform.LayerNorm.bias']) {
    const name = `cls.predictions.${tensor}`;
    const shape = [2, header[name].shape.reduce((product, n) => product * n, 0.5)];
    const changed = { ...header, [name]: { ...header[name], shape } };
    const warnings = [];
    const spec = { ...files, 'model.safetensors': Buffer.from(safetensors(changed, data)) };
    const bert = await load(spec, { dtype: 'f32', threads: 1, onWarning: (warning) => warnings.push(warning) });
    assert.equal(bert.info.hasMaskedLMHead, false);
    assert.match(warnings.join(), new RegExp(`tensor ${name} has shape \\[2,\\d+\\], .* no fillMask`));
    await bert.dispose();
  }
});

test('a head whose tensors are not there: which one, and the model without it', async () => {
  const files = await filesOf('bert-text', ['config.json', 'vocab.txt', 'model.safetensors']);
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  for (const part of ['weight', 'bias']) {
    const changed = { ...header };
    rename(`classifier.${part}`, `x.${part}`)(changed);
    const warnings = [];
    const spec = { ...files, 'model.safetensors': Buffer.from(safetensors(changed, data)) };
    const bert = await load(spec, { dtype: 'f32', threads: 1, onWarning: (warning) => warnings.push(warning) });
    assert.equal(bert.head, undefined);
    assert.match(warnings.join(), new RegExp(`there is no tensor classifier\\.${part}\\. .* no \`head\``));
    await bert.dispose();
  }
});

test('a pair for a model with one token type is refused (in PyTorch it is an IndexError); single texts are read', async () => {
  const files = await filesOf('bert-text', ['config.json', 'vocab.txt', 'model.safetensors']);
  const { header, data } = splitAdapterTensors(files['model.safetensors']);
  const name = Object.keys(header).find((key) => key.endsWith('token_type_embeddings.weight'));
  const { shape, data_offsets: offsets, dtype } = header[name];
  const middle = offsets[0] + (offsets[1] - offsets[0]) / shape[0];
  header[name] = { dtype, shape: [1, shape[1]], data_offsets: [offsets[0], middle] };
  header['unused'] = { dtype, shape: [shape[0] - 1, shape[1]], data_offsets: [middle, offsets[1]] };
  const config = JSON.stringify({ ...JSON.parse(String(files['config.json'])), type_vocab_size: 1 });
  const spec = {
    ...files,
    'config.json': Buffer.from(config),
    'model.safetensors': Buffer.from(safetensors(header, data)),
  };
  const [bert, whole] = await Promise.all([spec, files].map((one) => load(one, { dtype: 'f32', threads: 1 })));
  await assert.rejects(bert.embed({ text: 'the', textPair: 'movie' }), {
    code: 'BAD_INPUT',
    message: /one token type/,
  });
  assert.deepEqual(await bert.embed('the movie'), await whole.embed('the movie'));
  await Promise.all([bert.dispose(), whole.dispose()]);
});

test('weights of the encoder that no trained model has: the same judgement in f32 and in int8', async () => {
  const files = await filesOf('bert-text', ['config.json', 'vocab.txt', 'model.safetensors']);
  const tensors = ['embeddings.word_embeddings.weight', 'encoder.layer.0.attention.self.key.weight'];
  for (const tensor of [...tensors, 'encoder.layer.1.output.LayerNorm.bias'])
    for (const [value, fine] of [
      [3e38, false],
      [-2e6, false],
      [1e6, true],
    ]) {
      const { header, data } = splitAdapterTensors(files['model.safetensors']);
      const name = Object.keys(header).find((key) => key.endsWith(tensor));
      data.set(new Uint8Array(Float32Array.of(value).buffer), header[name].data_offsets[0]);
      const spec = { ...files, 'model.safetensors': Buffer.from(safetensors(header, data)) };
      for (const dtype of ['f32', 'int8']) {
        const loading = load(spec, { threads: 1, dtype }).then((bert) => bert.dispose());
        if (fine) await loading;
        else await assert.rejects(loading, { code: 'BAD_WEIGHTS', message: new RegExp(`${tensor} holds`) });
      }
    }
});

test('layers after the encoder that overflow: refused, no empty list of labels', async () => {
  const overflowing = async (name, tensor) => {
    const files = await filesOf(name, ['config.json', 'vocab.txt', 'model.safetensors']);
    const { header, data } = splitAdapterTensors(files['model.safetensors']);
    const values = new Float32Array(data.slice(...header[tensor].data_offsets).buffer).fill(3e38);
    data.set(new Uint8Array(values.buffer), header[tensor].data_offsets[0]);
    return load(
      { ...files, 'model.safetensors': Buffer.from(safetensors(header, data)) },
      { dtype: 'f32', threads: 1 },
    );
  };
  const damaged = { code: 'BAD_WEIGHTS', message: /computed NaN or infinity/ };
  const classifier = await overflowing('bert-text', 'classifier.weight');
  await assert.rejects(classifier.head.classify('the movie was great', { threshold: 0.5 }), damaged);
  const masked = await overflowing('bert-untied', 'cls.predictions.decoder.weight');
  await assert.rejects(masked.fillMask('the movie was [MASK]'), damaged);
  await Promise.all([classifier.dispose(), masked.dispose()]);
});

test('fillMask(): int8, several texts, and what it can refuse', async () => {
  const warnings = [];
  const bert = await load(join(checkpoints, 'bert-masked'), { dtype: 'int8', threads: 1, cache: false });
  const many = await bert.fillMask(['the [MASK] was good', '[MASK] and [MASK]'], { topK: 3 });
  assert.deepEqual([many[0].length, many[1].length, many[1][0].length], [3, 2, 3]);
  const all = await bert.fillMask('the [MASK] was good', { topK: 1000 });
  assert.equal(all.length, 94);
  assert.ok(Math.abs(all.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-4);
  const fills = await bert.fillMask('a [MASK] film', {
    targets: ['goodly', '', 'bad', 'bad'],
    onWarning: (message) => warnings.push(message),
  });
  assert.deepEqual(fills.map(({ token_str: piece }) => piece).sort(), ['bad', 'good']);
  assert.deepEqual(warnings, [
    'The target "goodly" is not in the model\'s vocabulary; its first piece "good" is used instead.',
    'The target "" is not in the model\'s vocabulary and is left out.',
  ]);
  await assert.rejects(bert.fillMask('no mask'), { code: 'BAD_INPUT', message: /Text 0 has no \[MASK\]/ });
  await assert.rejects(bert.fillMask(`[MASK] ${'a '.repeat(40)}`), {
    code: 'TEXT_TOO_LONG',
    message: /Shorten it\.$/, // there is no truncation to allow
  });
  await assert.rejects(bert.fillMask('[MASK]', { topK: 0 }), { code: 'BAD_INPUT' });
  await assert.rejects(bert.fillMask('[MASK]', { targets: 'good' }), { code: 'BAD_INPUT' });
  await assert.rejects(bert.fillMask('[MASK]', { targets: [''], onWarning() {} }), { message: /None of the targets/ });
  await bert.dispose();
  const plain = await load(join(checkpoints, 'bert'), { dtype: 'f32', threads: 1 });
  assert.equal(plain.info.hasMaskedLMHead, false);
  await assert.rejects(plain.fillMask('[MASK]'), { code: 'UNSUPPORTED_MODEL', message: /no masked-LM head/ });
  await plain.dispose();
});

/** A folder that the caller picked in a browser. */
async function picked(name) {
  const names = readdirSync(join(checkpoints, name), { recursive: true, withFileTypes: true });
  const paths = names.filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name));
  return Promise.all(
    paths.map(async (path) => {
      const webkitRelativePath = path.slice(checkpoints.length + 1);
      return Object.defineProperty(new File([await readFile(path)], basename(path)), 'webkitRelativePath', {
        value: webkitRelativePath,
      });
    }),
  );
}

for (const name of ['sentence-mean', 'sentence-max', 'sentence-dense']) {
  test(`${name}: embed() as sentence-transformers`, async () => {
    const { texts, vectors } = readJson(name, 'expected.json');
    for (const spec of [join(checkpoints, name), await picked(name)]) {
      const warnings = [];
      const bert = await load(spec, { dtype: 'f32', threads: 1, onWarning: (message) => warnings.push(message) });
      assert.deepEqual(warnings, []);
      const results = await bert.embed(texts, { onWarning: (message) => warnings.push(message) });
      assert.match(warnings.join(), /longer than the model's 16 tokens/);
      vectors.forEach((vector, i) => {
        assert.equal(results[i].length, vector.length);
        vector.forEach((value, k) => assert.ok(Math.abs(value - results[i][k]) <= TOLERANCE, `${texts[i]}: ${k}`));
      });
      const options = { pooling: 'mean', onWarning() {} };
      const mean = await bert.embed('the movie was great', options);
      const relu = await load(join(checkpoints, 'bert-relu'), { dtype: 'f32', threads: 1 });
      assert.deepEqual(mean, await relu.embed('the movie was great', options), 'pooling given: only that');
      await Promise.all([bert.dispose(), relu.dispose()]);
    }
  });
}

test("a sentence-transformers folder that can't be followed: a warning, and the mean", async () => {
  const inRoot = ['config.json', 'modules.json', 'model.safetensors', 'tokenizer.json'];
  const files = await filesOf('sentence-mean', [...inRoot, '1_Pooling/config.json']);
  const cases = [
    ['1_Pooling/config.json', { pooling_mode: 'lasttoken' }, /pools by lasttoken, which bertlet can't do.*the mean/],
    ['1_Pooling/config.json', { pooling_mode_cls_token: true, pooling_mode_max_tokens: true }, /cls_token and .*max/],
    [
      'modules.json',
      [
        { type: 'a.Transformer', path: '' },
        { type: 'a.LSTM', path: '1_LSTM' },
      ],
      /Transformer, LSTM/,
    ],
    ['1_Pooling/config.json', { pooling_mode: 'constructor' }, /pools by constructor/],
    ['sentence_bert_config.json', { transformer_task: 'fill-mask' }, /encoder is for "fill-mask"/],
    [
      'sentence_bert_config.json',
      { modality_config: { text: { method_output_name: 'pooler_output' } }, module_output_name: 'sentence_embedding' },
      /gives "pooler_output" as "sentence_embedding"/,
    ],
    ['sentence_bert_config.json', { config_args: { hidden_act: 'relu' } }, /config_args with hidden_act/],
    ['sentence_bert_config.json', { processing_kwargs: { text: { max_length: 4 } } }, /text with max_length/],
  ];
  for (const [name, content, message] of cases) {
    const warnings = [];
    const spec = { ...files, [name]: Buffer.from(JSON.stringify(content)) };
    const bert = await load(spec, { dtype: 'f32', threads: 1, onWarning: (text) => warnings.push(text) });
    assert.equal(warnings.length, 1, name);
    assert.match(warnings[0], message);
    assert.equal((await bert.embed('good')).length, 16);
    await bert.dispose();
  }
  const warnings = [];
  const onWarning = (text) => warnings.push(text);
  const cased = JSON.parse(String(files['tokenizer.json']));
  cased.normalizer.lowercase = false;
  const lowercasing = {
    'tokenizer.json': Buffer.from(JSON.stringify(cased)),
    'sentence_bert_config.json': Buffer.from(JSON.stringify({ do_lower_case: true, max_seq_length: 3 })),
  };
  await (await load({ ...files, ...lowercasing }, { dtype: 'f32', threads: 1, onWarning })).dispose();
  assert.match(warnings.pop(), /puts every text into lower case/);
  assert.equal(warnings.length, 0);
  const limited = { 'sentence_distilbert_config.json': Buffer.from(JSON.stringify({ max_seq_length: 3 })) };
  const short = await load({ ...files, ...limited }, { dtype: 'f32', threads: 1, onWarning });
  await short.embed('one two three', { onWarning });
  assert.match(warnings.pop(), /longer than the model's 3 tokens/);
  await short.dispose();
  const shortest = { 'sentence_distilbert_config.json': Buffer.from(JSON.stringify({ max_seq_length: 2 })) };
  const ends = await load({ ...files, ...shortest }, { dtype: 'f32', threads: 1, onWarning });
  await ends.embed('one', { onWarning });
  assert.match(warnings.pop(), /longer than the model's 2 tokens/);
  await ends.dispose();

  const older = { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false, word_embedding_dimension: 16 };
  const bert = await load(
    { ...files, '1_Pooling/config.json': Buffer.from(JSON.stringify(older)) },
    { dtype: 'f32', threads: 1, onWarning: assert.fail },
  );
  const [own, cls] = [await bert.embed('good'), await bert.embed('good', { pooling: 'cls', normalize: true })];
  assert.deepEqual(own, cls);
  await bert.dispose();
});

test('from the hub: shards, modules and adapters are downloaded once and kept', async (t) => {
  const before = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => {
    if (before === undefined) delete process.env.BERTLET_HOME;
    else process.env.BERTLET_HOME = before;
  });
  const asked = [];
  const hub = await serve(t, (req, res) => {
    asked.push(req.url);
    const path = join(checkpoints, req.url.replace('/org/', '/').replace('/resolve/main/', '/'));
    if (existsSync(path)) res.end(readFileSync(path));
    else res.writeHead(404).end();
  });
  const specs = [['org/bert-shards'], ['org/sentence-dense'], ['org/bert', 'org/lora-text']];
  const results = async () => {
    const all = [];
    for (const [model, adapter] of specs) {
      const bert = await load(model, { dtype: 'f32', hub, threads: 1, ...(adapter && { adapter }) });
      all.push(bert.info.fingerprint, await bert.embed('good'), await bert.head?.classify('good'));
      await bert.dispose();
    }
    return all;
  };
  const first = await results();
  assert.ok(asked.includes('/org/sentence-dense/resolve/main/2_Dense/model.safetensors'), asked.join());
  assert.ok(asked.includes('/org/lora-text/resolve/main/adapter_model.safetensors'));
  asked.length = 0;
  assert.deepEqual(await results(), first);
  assert.deepEqual(asked, []);
});

test('a tensor of a head that nobody reads may be damaged; one that is read may not', async () => {
  const files = (name) => {
    const folder = join(fixtures, 'checkpoints', name);
    const read = (file) => [file, readFileSync(join(folder, file))];
    return Object.fromEntries(['config.json', 'vocab.txt', 'model.safetensors'].map(read));
  };
  /** The files with NaN in a tensor. */
  const damage = (name, tensor) => {
    const given = files(name);
    const bytes = Uint8Array.from(given['model.safetensors']);
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const found = Object.keys(header).find((key) => key.endsWith(tensor));
    const [begin] = header[found].data_offsets;
    new DataView(bytes.buffer).setFloat32(8 + length + begin, NaN, true);
    return { ...given, 'model.safetensors': bytes };
  };
  const options = { threads: 1, cache: false };
  const [whole, spoilt] = [
    await load(files('bert'), options),
    await load(damage('bert', 'pooler.dense.weight'), options),
  ];
  assert.deepEqual(await spoilt.embed('the good film'), await whole.embed('the good film'));
  await Promise.all([whole.dispose(), spoilt.dispose()]);
  await assert.rejects(load(damage('bert-text', 'pooler.dense.weight'), options), { code: 'BAD_WEIGHTS' });
});
