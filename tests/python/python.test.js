// Heads trained here give the same logits in Python: transformers, sentence-transformers, PyTorch. Skipped where these are not
// installed; PYTHON names the interpreter.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeHeadFolder } from '../../js/cli/lib/head-folder.js';
import { load } from '../../js/index.js';
import { fixtures, fromRoot, temporaryFolder, tiny, toyExamples } from '../support.js';

const python = process.env.PYTHON ?? 'python3';
const packages = 'torch, transformers, sentence_transformers, safetensors';
const skip = spawnSync(python, ['-c', `import ${packages}`]).status === 0 ? false : `${python} lacks ${packages}`;

/** What Python makes of heads: of each, flat logits of each text. */
function inPython(requests) {
  const args = [fromRoot('tests/python/open_heads.py')];
  const { status, stdout, stderr } = spawnSync(python, args, { input: JSON.stringify(requests), encoding: 'utf8' });
  assert.equal(status, 0, stderr.split('\n').slice(-8).join('\n'));
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const sentences = [
  { words: ['the', 'good', 'movie'], tags: ['O', 'B-x', 'O'] },
  { words: ['bad', 'great', 'movie'], tags: ['B-y', 'I-y', 'O'] },
];
const question = { question: 'new movie?', context: 'the good movie', answers: [{ text: 'good', start: 4 }] };
const texts = ['the good movie', 'great', 'an awful, old movie!'];
const pairs = texts.map((text) => ['new movie?', text]);

const tagger = { task: 'token-classification' };
const reader = { task: 'question-answering' };

/** By the base model's type: examples, options, texts. The first word of a name says how Python opens the head. */
const cases = {
  bert: {
    dense: [toyExamples(40), {}, texts],
    'dense of a layer': [toyExamples(40, ['pos', 'neg', 'other']), { layer: 1, standardize: true }, texts],
    'dense of the embeddings': [toyExamples(40), { layer: 0 }, texts],
    'dense on [CLS]': [toyExamples(40), { pooling: 'cls' }, texts],
    'dense on maxima of a layer': [toyExamples(40), { layer: 1, pooling: 'max' }, texts],
    'dense for pairs': [toyExamples(40).map((one) => ({ ...one, textPair: 'old' })), { pooling: 'cls' }, pairs],
    'dense of several labels': [
      toyExamples(40).map(({ text, label }) => ({ text, labels: [label] })),
      { task: 'multi-label' },
      texts,
    ],
    hidden: [toyExamples(40), { head: 'mlp', hiddenSize: 8 }, texts],
    'hidden on [CLS]': [toyExamples(40), { head: 'mlp', hiddenSize: 8, pooling: 'cls' }, texts],
    'hidden for tokens': [sentences, { ...tagger, layer: 1, head: 'mlp', hiddenSize: 8 }, texts],
    tokens: [sentences, { ...tagger, layer: 2 }, texts],
    'tokens of a layer': [sentences, { ...tagger, layer: 1 }, texts],
    answers: [[question], reader, pairs],
  },
  ...Object.fromEntries(
    ['distilbert', 'electra', 'ernie'].map((type) => [
      type,
      {
        'dense of a layer': [toyExamples(40), { layer: 1, pooling: 'cls' }, texts],
        tokens: [sentences, { ...tagger, layer: 2 }, texts],
        'tokens of a layer': [sentences, { ...tagger, layer: 1 }, texts],
        answers: [[question], reader, pairs],
        'answers of a layer': [[question], { ...reader, layer: 1 }, pairs],
      },
    ]),
  ),
  // Cut to fewer layers it is no model that transformers' classes for tokens and answers can open.
  'megatron-bert': {
    'dense of a layer': [toyExamples(40), { layer: 1, pooling: 'cls' }, texts],
    'hidden for tokens of a layer': [sentences, { ...tagger, layer: 1, head: 'mlp', hiddenSize: 8 }, texts],
    tokens: [sentences, { ...tagger, layer: 2 }, texts],
    answers: [[question], reader, pairs],
  },
};

/** Where the base model is; an ERNIE is a BERT by another name. */
async function baseOf(type, folder) {
  if (type === 'bert') return tiny();
  if (type !== 'ernie') return join(fixtures, 'checkpoints', type);
  await cp(tiny(), folder, { recursive: true });
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), model_type: type }));
  return folder;
}

test('heads in Python', { skip }, async (t) => {
  const root = await temporaryFolder(t);
  const trained = [];
  for (const [type, heads] of Object.entries(cases)) {
    const bert = await load(await baseOf(type, join(root, type)), { dtype: 'f32', threads: 1 });
    for (const [name, [examples, options, inputs]] of Object.entries(heads)) {
      const head = await bert.fit(examples, options);
      const folder = join(root, `${type} ${name}`);
      await writeHeadFolder(folder, await head.save(), bert.info.config);
      const own = [];
      const wire = inputs.map((input) => (Array.isArray(input) ? input : [input]));
      await head.logits(wire, {}, (index, logits) => (own[index] = [...logits]));
      trained.push({ name: `${type}: ${name}`, own, folder, kind: name.split(' ', 1)[0], texts: inputs });
    }
    await bert.dispose();
  }
  const rewritten = { ...trained[0], kind: 'rewrite' };
  const before = await readFile(join(rewritten.folder, 'model.safetensors'));
  const requests = [...trained, rewritten].map(({ folder, kind, texts }) => ({ folder, kind, texts }));
  const results = inPython(requests);

  for (const [i, { name, own }] of trained.entries()) {
    await t.test(name, () => {
      own.forEach((logits, text) => {
        const theirs = results[i][text];
        assert.equal(logits.length, theirs.length);
        const largest = Math.max(...logits.map((value, k) => Math.abs(value - theirs[k])));
        assert.ok(largest <= 1e-4 * Math.max(1, ...logits.map(Math.abs)), `text ${text} is off by ${largest}`);
      });
    });
  }
  await t.test('a head that Python has written again', async () => {
    const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
    const back = await bert.loadHead(await readFile(join(rewritten.folder, 'model.safetensors')));
    assert.deepEqual(await back.classify(texts), await (await bert.loadHead(before)).classify(texts));
    await bert.dispose();
  });
});
