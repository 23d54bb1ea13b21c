// Heads trained here give the same logits in Python: transformers, sentence-transformers, PyTorch. Skipped where these are not
// installed; PYTHON names the interpreter.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeHeadFolder } from '../../js/cli/head-folder.js';
import { load } from '../../js/index.js';
import { fromRoot, temporaryFolder, tiny, toyExamples } from './support.js';

const python = process.env.PYTHON ?? 'python3';
const packages = 'torch, transformers, sentence_transformers, safetensors';
const skip = spawnSync(python, ['-c', `import ${packages}`]).status === 0 ? false : `${python} lacks ${packages}`;

/** What Python makes of heads: of each, flat logits of each text. */
function inPython(requests) {
  const args = [fromRoot('tests/python/open_heads.py'), tiny()];
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

const cases = {
  dense: [toyExamples(40), {}, texts],
  'dense of a layer': [toyExamples(40, ['pos', 'neg', 'other']), { layer: 1, standardize: true }, texts],
  'dense of several labels': [
    toyExamples(40).map(({ text, label }) => ({ text, labels: [label] })),
    { task: 'multi-label' },
    texts,
  ],
  hidden: [toyExamples(40), { head: 'mlp', hiddenSize: 8 }, texts],
  tokens: [sentences, { task: 'token-classification', layer: 2 }, texts],
  'tokens of a layer': [sentences, { task: 'token-classification', layer: 1 }, texts],
  answers: [[question], { task: 'question-answering' }, pairs],
};

test('heads in Python', { skip }, async (t) => {
  const bert = await load(tiny(), { threads: 1 });
  const root = await temporaryFolder(t);
  const trained = [];
  for (const [name, [examples, options, inputs]] of Object.entries(cases)) {
    const head = await bert.fit(examples, options);
    const folder = join(root, name);
    await writeHeadFolder(folder, await head.save(), bert.info.config);
    const own = [];
    const wire = inputs.map((input) => (Array.isArray(input) ? input : [input]));
    await head.logits(wire, {}, (index, logits) => (own[index] = [...logits]));
    trained.push({ name, own, folder, kind: name.split(' ', 1)[0], texts: inputs, layers: head.report.layer });
  }
  const rewritten = { ...trained[0], kind: 'rewrite' };
  const before = await readFile(join(rewritten.folder, 'model.safetensors'));
  const requests = [...trained, rewritten].map(({ folder, kind, texts, layers }) => ({ folder, kind, texts, layers }));
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
    const back = await bert.loadHead(await readFile(join(rewritten.folder, 'model.safetensors')));
    assert.deepEqual(await back.classify(texts), await (await bert.loadHead(before)).classify(texts));
  });
  await bert.dispose();
});
