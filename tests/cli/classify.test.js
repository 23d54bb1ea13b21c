// bertlet train, predict and evaluate. Oracle: scikit-learn on PyTorch's features (tests/fixtures/cli/make_reviews.py).
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '../../js/node/model-folder.js';
import { bertlet, ended, jsonLines, start, temporaryFolder } from './cli.js';

const minilm = 'sentence-transformers/all-MiniLM-L6-v2';
const missing = existsSync(join(modelFolder(minilm), 'model.safetensors')) ? false : `${minilm} is not here`;
const fixture = (path) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
const tiny = fixture('model/tiny-f32');
const trainFile = fixture('cli/reviews-train.tsv');
const testFile = fixture('cli/reviews-test.tsv');
const folder = temporaryFolder();

/** Trains the tiny model's head, which learns little but fast. */
const trainTiny = (output, model = tiny) =>
  bertlet(['train', '--model', model, '--train', trainFile, '--output', output, '--c', '1']);

/** The header of a safetensors file. */
function safetensorsHeader(path) {
  const file = readFileSync(path);
  return JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0))));
}

test('train, predict and evaluate give what scikit-learn gives', { skip: missing }, async (t) => {
  const expected = JSON.parse(readFileSync(fixture('cli/reviews.json'), 'utf8'));
  const head = join(folder, 'new', 'reviews');

  await t.test('train', async () => {
    const args = [
      '--model',
      minilm,
      '--dtype',
      'f32',
      '--task',
      'text-classification',
      '--train',
      trainFile,
      '--dev',
      testFile,
    ];
    const { code, stdout, stderr } = await bertlet([
      'train',
      ...args,
      '--output',
      head,
      '--c',
      String(expected.c),
      '--seed',
      '3',
    ]);
    assert.equal(code, 0, stderr);
    const summary = jsonLines(stdout).at(-1);
    assert.equal(summary.output, head);
    assert.equal(summary.task, 'text-classification');
    assert.deepEqual([...summary.labels].sort(), expected.labels);
    assert.equal(summary.examples, 32);
    assert.equal(summary.c, expected.c);
    assert.equal(summary.train_accuracy, expected.train_accuracy);
    assert.equal(summary.dev.accuracy, expected.accuracy);
    assert.ok(Math.abs(summary.dev.macro_f1 - expected.macro_f1) < 1e-12);
    assert.equal(summary.dev.n, 16);
    assert.match(stderr, /^bertlet: .*: done in /m, 'progress goes to standard error');
  });

  await t.test('the folder is a Dense module of sentence-transformers', () => {
    assert.deepEqual(readdirSync(head).sort(), ['config.json', 'model.safetensors']);
    assert.deepEqual(JSON.parse(readFileSync(join(head, 'config.json'), 'utf8')), {
      in_features: 384,
      out_features: 3,
      bias: true,
      activation_function: 'torch.nn.modules.linear.Identity',
    });
    const header = safetensorsHeader(join(head, 'model.safetensors'));
    assert.deepEqual(header['linear.weight'].shape, [3, 384]);
    assert.deepEqual(header['linear.bias'].shape, [3]);
  });

  await t.test('predict, with the base model that the head names', async () => {
    const texts = readFileSync(testFile, 'utf8').replaceAll(/\t.*/g, '');
    const { code, stdout } = await bertlet(['predict', '--head', head, '--dtype', 'f32'], texts);
    assert.equal(code, 0);
    const predictions = jsonLines(stdout);
    assert.equal(predictions.length, expected.scores.length);
    predictions.forEach((labels, i) => {
      assert.deepEqual(
        labels.map(({ score }) => score),
        labels.map(({ score }) => score).sort((a, b) => b - a),
      );
      assert.deepEqual(labels.map(({ label }) => label).sort(), expected.labels);
      for (const { label, score } of labels) {
        const difference = Math.abs(score - expected.scores[i][expected.labels.indexOf(label)]);
        assert.ok(difference < 1e-3, `text ${i + 1}, ${label}: off by ${difference}`);
      }
    });
  });

  await t.test('evaluate', async () => {
    const { code, stdout } = await bertlet(['evaluate', '--head', head, '--test', testFile, '--dtype', 'f32']);
    assert.equal(code, 0);
    const [metrics] = jsonLines(stdout);
    assert.equal(metrics.accuracy, expected.accuracy);
    assert.ok(Math.abs(metrics.macro_f1 - expected.macro_f1) < 1e-12);
    assert.equal(metrics.n, 16);
    const order = metrics.labels.map((label) => expected.labels.indexOf(label));
    assert.deepEqual(
      metrics.confusion_matrix,
      order.map((row) => order.map((column) => expected.confusion_matrix[row][column])),
    );
  });
});

test('the strength is chosen when it is not given, the same each time', async () => {
  const runs = [join(folder, 'a'), join(folder, 'b')];
  for (const output of runs) {
    const { code, stderr } = await bertlet([
      'train',
      '--model',
      tiny,
      '--train',
      trainFile,
      '--output',
      output,
      '--seed',
      '7',
    ]);
    assert.equal(code, 0, stderr);
  }
  const [a, b] = runs.map((output) => readFileSync(join(output, 'model.safetensors')));
  assert.ok(a.equals(b));
});

test('a head can be a file, and its model be moved', async () => {
  const output = join(folder, 'moved');
  const model = join(folder, 'model');
  cpSync(tiny, model, { recursive: true });
  await trainTiny(output, model);
  const predict = (...args) => bertlet(['predict', ...args], 'good film\n');
  const expected = await predict('--head', output);
  assert.equal(expected.code, 0, expected.stderr);
  renameSync(model, `${model}-2`);
  const { code, stderr } = await predict('--head', output);
  assert.equal(code, 1);
  assert.match(stderr, /model, the model on which .*moved was trained, is no longer there/);
  const moved = await predict('--head', join(output, 'model.safetensors'), '--model', `${model}-2`);
  assert.deepEqual([moved.code, moved.stdout], [0, expected.stdout]);
});

test('a head and a model that do not belong together', async () => {
  const output = join(folder, 'mismatch');
  await trainTiny(output);
  const { code, stderr } = await bertlet(['predict', '--head', output, '--model', fixture('model/tiny-bf16')], 'x\n');
  assert.equal(code, 1);
  assert.match(stderr, /\(HEAD_MODEL_MISMATCH\)/);
});

test('an older head is replaced, through a link too; nothing else is left', async () => {
  const parent = join(folder, 'replaced');
  mkdirSync(join(parent, 'empty'), { recursive: true });
  symlinkSync('empty', join(parent, 'link'));
  for (const labels of [3, 2]) {
    const file = join(folder, 'some.tsv');
    const lines = readFileSync(trainFile, 'utf8').split('\n');
    writeFileSync(file, lines.filter((line) => labels === 3 || !line.endsWith('neutral')).join('\n'));
    const args = ['train', '--model', tiny, '--train', file, '--output', join(parent, 'link'), '--c', '1'];
    assert.equal((await bertlet(args)).code, 0);
    assert.equal(safetensorsHeader(join(parent, 'empty', 'model.safetensors'))['linear.bias'].shape[0], labels);
    assert.deepEqual(readdirSync(parent).sort(), ['empty', 'link']);
    assert.deepEqual(readdirSync(join(parent, 'empty')).sort(), ['config.json', 'model.safetensors']);
  }
});

test('test data with labels that the head does not know', async () => {
  const output = join(folder, 'unknown');
  await trainTiny(output);
  const file = join(folder, 'unknown.tsv');
  writeFileSync(file, 'good film\t1\n');
  const { code, stderr } = await bertlet(['evaluate', '--head', output, '--test', file]);
  assert.equal(code, 1);
  assert.match(stderr, /unknown\.tsv, line 1: the label "1" did not occur in training.*\(BAD_LABELS\)/);
});

test('a truncated head', async () => {
  const output = join(folder, 'truncated');
  await trainTiny(output);
  const file = join(output, 'model.safetensors');
  writeFileSync(file, readFileSync(file).subarray(0, -10));
  const { code, stderr } = await bertlet(['predict', '--head', output], 'x\n');
  assert.equal(code, 1);
  assert.match(stderr, /^bertlet: .* \((BAD_HEAD|TRUNCATED_FILE|BAD_SAFETENSORS)\)\n$/);
});

test('an interrupt while training ends with 130 and writes nothing', { skip: missing }, async () => {
  const file = join(folder, 'long.tsv');
  const output = join(folder, 'interrupted', 'head');
  const lines = readFileSync(trainFile, 'utf8');
  writeFileSync(file, lines.repeat(200));
  const child = start(['train', '--model', minilm, '--train', file, '--output', output]);
  child.stderr.once('data', () => child.kill('SIGINT')); // the model is loaded, the texts are being read
  const { code, stdout } = await ended(child);
  assert.deepEqual({ code, stdout }, { code: 130, stdout: '' });
  assert.ok(!existsSync(join(folder, 'interrupted')));
});
