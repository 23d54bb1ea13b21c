// Folders that bertlet has written give the same numbers in Python: adapters in peft, models in transformers and sentence-transformers, by the
// lines of their README.md. Skipped where these are not installed; PYTHON names the interpreter.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { toTexts } from '../../js/api/texts.js';
import { writeAdapterFolder } from '../../js/checkpoint/adapter-writer.js';
import { families } from '../../js/checkpoint/families/index.js';
import { createModel, load } from '../../js/index.js';
import { goldenHead, logitsOf, randomFloats, saveWith } from '../checkpoint/written.js';
import { bertlet } from '../cli/cli.js';
import { fixtures, fromRoot, temporaryFolder, toyExamples } from '../support.js';

const python = process.env.PYTHON ?? 'python3';
/** Why what needs these packages is skipped; false if they are there. */
const lacking = (packages) =>
  spawnSync(python, ['-c', `import ${packages}`]).status === 0 ? false : `${python} lacks ${packages}`;
const skipAdapters = lacking('torch, transformers, peft, safetensors');
const skip = skipAdapters || lacking('sentence_transformers');

/** What Python makes of folders. */
function inPython(requests) {
  const args = [fromRoot('tests/python/open_folders.py')];
  const options = { input: JSON.stringify(requests), encoding: 'utf8', maxBuffer: 2 ** 28 };
  const { status, stdout, stderr } = spawnSync(python, args, options);
  assert.equal(status, 0, stderr.split('\n').slice(-8).join('\n'));
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

async function writeFolder(folder, files) {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content);
  }
}

const texts = ['the movie was great', 'a dull, slow plot; the acting is not bad!', 'unknown zebra'];
const pairs = [
  ['good movie?', 'the movie was great'],
  ['', 'one two three'],
];
const textsOf = (task) => (task === 'question-answering' ? pairs : texts);
const wire = (list) => toTexts(list.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text)));
const checkpoint = (name) => join(fixtures, 'checkpoints', name);

/** Asserts that numbers are the same, and gives the largest difference. */
function compare(own, theirs) {
  let largest = 0;
  own.forEach((row, text) => {
    assert.equal(row.length, theirs[text].length);
    row.forEach((value, i) => {
      const difference = Math.abs(value - theirs[text][i]);
      largest = Math.max(largest, difference);
      assert.ok(difference <= 2e-5 * Math.max(1, Math.abs(value)), `text ${text} is off by ${difference}`);
    });
  });
  return largest;
}

test('adapters in peft', { skip: skipAdapters }, async (t) => {
  const root = await temporaryFolder(t);
  const written = [];
  const add = async (name, type, head) => {
    const folder = join(root, name);
    const files = writeAdapterFolder(head, { family: families.get(type), numLayers: 2, hiddenSize: 16 });
    await writeFolder(folder, files);
    const bert = await load(checkpoint(type), { dtype: 'f32', adapter: folder, threads: 1 });
    const own = await logitsOf(bert.head, wire(textsOf(head.task)));
    await bert.dispose();
    written.push({ name, own, request: { folder, texts: textsOf(head.task) } });
  };
  for (const type of ['bert', 'distilbert', 'electra', 'megatron-bert'])
    for (const task of ['text', 'tokens', 'answers']) await add(`${type}-${task}`, type, goldenHead(type, task));
  for (const pooling of ['cls', 'max']) {
    const head = goldenHead('electra', 'text');
    Object.assign(head.network, { pooling, normalize: true });
    await add(`electra on ${pooling}`, 'electra', head);
  }
  const tagger = goldenHead('bert', 'tokens');
  const onlyOutput = [...tagger.network.lora].filter(([name]) => /\.\d\.output\.dense/.test(name));
  tagger.network.lora = new Map(onlyOutput);
  tagger.transitions = { start: randomFloats(3), next: randomFloats(9), end: randomFloats(3) };
  await add('of one module, with transitions', 'bert', tagger);
  const ofOneLayer = goldenHead('distilbert', 'tokens');
  ofOneLayer.network.lora = new Map([...ofOneLayer.network.lora].filter(([name]) => name.includes('layer.1.')));
  const table = { a: randomFloats(2 * 16), b: randomFloats(94 * 2), rank: 2, rows: 94, columns: 16, scale: 0.5 };
  ofOneLayer.network.lora.set('embeddings.word_embeddings.weight', table);
  await add('of one layer and the embeddings', 'distilbert', ofOneLayer);
  const plain = goldenHead('bert', 'text');
  const pooler = { weight: randomFloats(256), bias: randomFloats(16), activation: 'tanh' };
  plain.network = { ...plain.network, pooling: 'cls', dense: [pooler, ...plain.network.dense] };
  await add("of its class's own layers", 'bert', plain);

  // Trained, with modules that are saved as a whole: PEFT's base model is the one before the training.
  const tagsOf = (text) => text.split(' ').map((word) => (word < 'n' ? 'O' : 'B-x'));
  const examplesOf = {
    'text-classification': texts.map((text, i) => ({ text, label: 'ab'[i % 2] })),
    'token-classification': texts.map((text) => ({ words: text.split(' '), tags: tagsOf(text) })),
    regression: texts.map((text, score) => ({ text, score })),
  };
  for (const [type, task, modulesToSave] of [
    ['bert', 'text-classification', ['LayerNorm', 'word_embeddings']],
    ['bert', 'token-classification', ['embeddings', 'layer.1.attention']],
    ['distilbert', 'regression', ['position_embeddings', 'layer.0.ffn', 'output_layer_norm']],
  ]) {
    const name = `${type}, ${task}, with ${modulesToSave.join(' and ')}`;
    const folder = join(root, `saved-${written.length}`);
    const bert = await load(checkpoint(type), { dtype: 'f32', threads: 1 });
    const fitting = { task, method: 'lora', modulesToSave, epochs: 4, learningRate: 0.02, batchSize: 2, rank: 2 };
    const head = await bert.fit(examplesOf[task], fitting);
    await writeFolder(folder, await head.saveAdapter());
    const own = await logitsOf(head, wire(texts));
    await bert.dispose();
    const again = await load(checkpoint(type), { dtype: 'f32', adapter: folder, threads: 1 });
    compare(await logitsOf(again.head, wire(texts)), own);
    await again.dispose();
    written.push({ name, own, request: { folder, texts } });
  }

  const results = inPython(written.map(({ request }) => request));
  for (const [i, { name, own }] of written.entries())
    await t.test(name, (sub) => {
      const { results: theirs, missing, unexpected } = results[i];
      assert.deepEqual({ missing, unexpected }, { missing: [], unexpected: [] });
      assert.equal(theirs.length, 1);
      sub.diagnostic(`largest difference ${compare(own, theirs[0])}`);
    });
});

test('models in transformers and sentence-transformers', { skip }, async (t) => {
  const root = await temporaryFolder(t);
  const written = [];
  const add = async (name, base, { head, adapter } = {}) => {
    const files = await saveWith(checkpoint(base), { head, adapter: adapter && join(fixtures, adapter) });
    const again = await load(files, { dtype: 'f32', threads: 1 });
    const folder = join(root, name);
    await writeFolder(folder, files);
    const list = textsOf(again.head?.task);
    const own = {
      logits: again.head && (await logitsOf(again.head, wire(list))),
      hidden: (
        await again.embed(
          list.map((text) => (Array.isArray(text) ? text[0] : text)),
          { pooling: 'none' },
        )
      ).map((rows) => rows.flatMap((row) => [...row])),
      vectors: (await again.embed(list.map(String))).map((row) => [...row]),
      ids: (
        await again.tokenize(list.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text)))
      ).map(({ ids }) => [...ids]),
    };
    await again.dispose();
    written.push({ name, own, request: { folder, texts: list } });
  };
  const plain = [
    'bert',
    'distilbert',
    'electra',
    'megatron-bert',
    'bert-relu',
    'bert-masked',
    'bert-untied',
    'distilbert-masked',
  ];
  const withHead = ['text', 'tokens', 'answers'].flatMap((task) =>
    ['bert', 'distilbert', 'electra', 'megatron-bert'].map((type) => `${type}-${task}`),
  );
  const sentences = ['sentence-mean', 'sentence-dense', 'sentence-max'];
  for (const base of [...plain, ...withHead, ...sentences, 'bert-multi-label', 'bert-single']) await add(base, base);
  for (const type of ['bert', 'distilbert', 'electra', 'megatron-bert'])
    for (const task of ['text', 'tokens', 'answers'])
      await add(`${type} with an adapter for ${task}`, type, { head: goldenHead(type, task) });
  const head = { ...goldenHead('bert', 'text'), task: 'multi-label' };
  const hidden = { weight: randomFloats(16 * 8), bias: randomFloats(8), activation: 'relu' };
  const last = { weight: randomFloats(8 * 3), bias: randomFloats(3), activation: 'none' };
  head.network = { ...head.network, pooling: 'max', normalize: true, dense: [hidden, last] };
  await add('a head of two layers on normalized maxima', 'bert', { head });
  await add('a merged adapter', 'bert', { adapter: 'checkpoints/lora-text' });
  await add('a merged adapter that ignores token types', 'electra', { adapter: 'checkpoints/lora-answers' });
  await add('an adapter with more tokens', 'bert', { adapter: 'compatibility/lora-new-tokens' });

  const results = inPython(written.map(({ request }) => request));
  for (const [i, { name, own }] of written.entries())
    await t.test(name, (sub) => {
      const { results: theirs, missing, unexpected, ids } = results[i];
      // A checkpoint without a pooler is written without one.
      assert.deepEqual(missing, name === 'bert-relu' ? ['pooler.dense.bias', 'pooler.dense.weight'] : []);
      // Classes without a pooler leave that of the checkpoint aside.
      assert.deepEqual(
        unexpected.filter((key) => !key.startsWith('bert.pooler.')),
        [],
      );
      assert.deepEqual(ids, own.ids);
      for (const block of theirs) {
        if (block[0].length === own.ids[0].length * 94) continue; // of all words for each token: see the test of pre-trained models
        const expected = own.logits ?? (block[0].length === own.vectors[0].length ? own.vectors : own.hidden);
        sub.diagnostic(`largest difference ${compare(expected, block)}`);
      }
    });
});

test('what bertlet train writes', { skip }, async (t) => {
  const root = await temporaryFolder(t);
  const toy = toyExamples(24);
  await writeFile(join(root, 'texts.tsv'), toy.map(({ text, label }) => `${text}\t${label}\n`).join(''));
  await writeFile(join(root, 'tags.conll'), 'good B-x\nbad O\n\nthe O\nmovie B-x\n\n');
  const written = [];
  for (const [task, file] of [
    ['text-classification', 'texts.tsv'],
    ['token-classification', 'tags.conll'],
  ])
    for (const method of ['lora', 'full']) {
      const folder = join(root, `${task}-${method}`);
      const args = ['train', '--model', checkpoint('bert'), '--task', task, '--train', join(root, file)];
      const { code, stderr } = await bertlet([...args, '--method', method, '--epochs', '1', '--output', folder]);
      assert.equal(code, 0, stderr);
      const bert = await load(method === 'lora' ? checkpoint('bert') : folder, {
        dtype: 'f32',
        threads: 1,
        cache: false,
      });
      const head =
        method === 'lora' ? await bert.loadHead(await readFile(join(folder, 'model.safetensors'))) : bert.head;
      written.push({ own: await logitsOf(head, wire(texts)), request: { folder, texts } });
      await bert.dispose();
    }
  const results = inPython(written.map(({ request }) => request));
  for (const [i, { own, request }] of written.entries())
    await t.test(basename(request.folder), () => {
      const { results: theirs, missing, unexpected } = results[i];
      assert.deepEqual(missing, []);
      assert.deepEqual(
        unexpected.filter((key) => !key.startsWith('bert.pooler.')),
        [],
      );
      compare(own, theirs[0]);
    });
});

test('pre-trained models in transformers: the same probabilities of all words', { skip }, async (t) => {
  const root = await temporaryFolder(t);
  const sentences = toyExamples(40).map(({ text }) => text);
  const masked = ['the [MASK] movie', 'a very good [MASK] !'];
  const pieces = (await readFile(join(checkpoint('bert'), 'vocab.txt'), 'utf8')).trimEnd().split('\n');
  const small = { vocabulary: pieces, layers: 2, hiddenSize: 32, heads: 2, maxTokens: 40, threads: 1 };
  const models = {
    'from nothing': await createModel(small),
    'from nothing, cased': await createModel({ ...small, lowercase: false }),
    continued: await load(checkpoint('bert-masked'), { dtype: 'f32', threads: 1 }),
    'of another family': await load(checkpoint('electra'), { dtype: 'f32', threads: 1 }),
    'without a head before, by adapters': await load(checkpoint('distilbert'), { dtype: 'f32', threads: 1 }),
    'of sentences': await load(checkpoint('sentence-mean'), { dtype: 'f32', threads: 1 }),
  };
  const written = [];
  for (const [name, bert] of Object.entries(models)) {
    const method = name.endsWith('adapters') ? 'lora' : 'full';
    await bert.pretrain(sentences, { method, steps: 4, maxTokens: 20, learningRate: 1e-2 });
    const folder = join(root, name);
    await writeFolder(folder, await bert.save());
    const fills = await bert.fillMask(masked, { topK: bert.info.vocabSize });
    const ids = (await bert.tokenize(masked)).map((encoding) => [...encoding.ids]);
    const own = fills.map((of) => [...of].sort((a, b) => a.token - b.token).map(({ score }) => score));
    written.push({ name, own, ids, request: { folder, texts: masked } });
    await bert.dispose();
  }
  const results = inPython(written.map(({ request }) => request));
  for (const [i, { name, own, ids }] of written.entries())
    await t.test(name, (sub) => {
      const { results: theirs, missing, unexpected, ids: theirIds } = results[i];
      assert.deepEqual({ missing, unexpected }, { missing: [], unexpected: [] });
      assert.deepEqual(theirIds, ids);
      const logits = theirs.find((block) => block[0].length === ids[0].length * own[0].length);
      const probabilities = ids.map((tokens, text) => {
        const place = tokens.indexOf(4);
        const row = logits[text].slice(place * own[text].length, (place + 1) * own[text].length);
        const sum = row.reduce((all, logit) => all + Math.exp(logit), 0);
        return row.map((logit) => Math.exp(logit) / sum);
      });
      sub.diagnostic(`largest difference ${compare(own, probabilities)}`);
    });
});
