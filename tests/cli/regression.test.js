// bertlet train --task regression, and predict and evaluate with what it writes. That the head's numbers are scikit-learn's is shown in
// tests/api/regression.test.js.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { readExamples } from '../../js/cli/data/examples.js';
import { load } from '../../js/index.js';
import { fixtures, tiny } from '../support.js';
import { bertlet, succeed, temporaryFolder, writerIn } from './cli.js';

const folder = temporaryFolder();
const file = writerIn(folder);

/** What `bertlet ARGS` prints, which succeeds. */
/** In f32, in which PyTorch and the API below compute. */
const run = async (args, input) => (await succeed([...args, '--dtype', 'f32'], input)).results;

const words = ['great', 'good', 'bad', 'awful'];
const examples = Array.from({ length: 40 }, (_, i) => ({
  text: `the ${words[i % 4]} movie`,
  textPair: `a film ${'very '.repeat(i % 3)}`.trim(),
  score: 5 - 1.25 * (i % 4) + (i % 3) / 10,
}));
const table = (rows, columns, delimiter = '\t') =>
  [columns, ...rows.map((row) => columns.map((name) => row[name]))]
    .map((cells) => `${cells.join(delimiter)}\n`)
    .join('');
const pairs = file('pairs.tsv', table(examples, ['text', 'textPair', 'score']));
const single = file('single.csv', table(examples, ['text', 'score'], ','));
const lines = examples.map(({ text, textPair, score }) => `${JSON.stringify({ text, text_pair: textPair, score })}\n`);
const jsonl = file('pairs.jsonl', lines.join(''));

test('a head: from each format the same; predict and evaluate', async () => {
  const train = (input, name, ...more) =>
    run([
      'train',
      '--model',
      tiny(),
      '--task',
      'regression',
      '--train',
      input,
      '--output',
      join(folder, name),
      ...more,
    ]);
  const [summary] = await train(pairs, 'head', '--dev', jsonl, '--validation', '0.2', '--pooling', 'mean');
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const head = await bert.fit(examples, { task: 'regression', validation: 0.2 });
  const texts = examples.slice(0, 5).map(({ text, textPair }) => ({ text, textPair }));
  const scores = await head.score(texts);
  const { pearson, spearman, r2, mse, n } = await head.evaluate(examples);
  await bert.dispose();

  const { report } = head;
  assert.equal(summary.task, 'regression');
  assert.deepEqual(summary.labels, ['score']);
  assert.equal(summary.c, report.c);
  assert.equal(summary.cv_r2, report.search.find(({ c }) => c === report.c).r2);
  assert.deepEqual(summary.validation, report.validation);
  assert.equal(summary.validation.n, 8);
  assert.deepEqual(summary.dev, { pearson, spearman, r2, mse, n });

  const input = texts.map(({ text, textPair }) => `${JSON.stringify({ text, text_pair: textPair })}\n`).join('');
  const given = ['--head', join(folder, 'head')];
  const predicted = await run(['predict', ...given, '--json'], input);
  predicted.forEach((row, i) => {
    assert.deepEqual(
      row.map(({ label }) => label),
      ['score'],
    );
    assert.ok(Math.abs(row[0].score - scores[i]) < 1e-5 * Math.abs(scores[i]));
  });
  assert.deepEqual(await run(['evaluate', ...given, '--test', pairs]), [{ pearson, spearman, r2, mse, n }]);

  await train(jsonl, 'from-json', '--validation', '0.2');
  assert.deepEqual(await run(['predict', '--head', join(folder, 'from-json'), '--json'], input), predicted);
  const [alone] = await train(single, 'single', '--c', '2');
  assert.equal(alone.c, 2);
  assert.equal(alone.cv_r2, undefined);
  assert.equal((await run(['predict', '--head', join(folder, 'single')], 'the great movie\n')).length, 1);
});

for (const [method, ...own] of [['lora', '--rank', '2'], ['layers', '--layers', '1'], ['full']]) {
  test(`--method ${method}`, async () => {
    const output = join(folder, method);
    const command = ['train', '--model', tiny(), '--threads', '1', '--task', 'regression', '--method', method, ...own];
    const steps = ['--epochs', '3', '--batch-size', '8', '--learning-rate', '0.003', '--validation', '0.2'];
    const [summary] = await run([...command, ...steps, '--train', pairs, '--dev', pairs, '--output', output]);
    assert.equal(summary.method, method);
    assert.ok(Number.isFinite(summary.held_out.r2) && summary.validation.n === 8);
    const given = method === 'lora' ? '--head' : '--model';
    const [evaluated] = await run(['evaluate', given, output, '--threads', '1', '--test', jsonl]);
    assert.equal(evaluated.n, 40);
    for (const [name, value] of Object.entries(summary.dev))
      assert.ok(Math.abs(evaluated[name] - value) < 1e-4, `${name}: ${evaluated[name]}, not ${value}`);
    const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
    const options = { epochs: 3, batchSize: 8, learningRate: 0.003, validation: 0.2 };
    const head = await bert.fit(examples, {
      ...{ task: 'regression', method, ...options },
      ...(method === 'lora' && { rank: 2 }),
      ...(method === 'layers' && { layers: 1 }),
    });
    const { text, textPair } = examples[0];
    const expected = await head.score({ text, textPair });
    await bert.dispose();
    const input = `${JSON.stringify({ text, text_pair: textPair })}\n`;
    const [[{ score }]] = await run(['predict', given, output, '--threads', '1', '--json'], input);
    assert.ok(Math.abs(score - expected) < 1e-4, `${score}, not ${expected}`);
  });
}

test("a checkpoint's own head is measured, too", async () => {
  const model = join(fixtures, 'compatibility/bert-regression');
  const { inputs, scores } = JSON.parse(readFileSync(join(model, 'expected.json'), 'utf8'));
  const rows = inputs.map((input, i) => {
    const { text, text_pair: pair } = typeof input === 'string' ? { text: input } : input;
    return `${JSON.stringify({ text, ...(pair !== undefined && { text_pair: pair }), score: scores[i] + (i % 2 ? 0.5 : -0.5) })}\n`;
  });
  const [{ mse, n }] = await run(['evaluate', '--model', model, '--test', file('own.jsonl', rows.join(''))]);
  assert.equal(n, inputs.length);
  assert.ok(Math.abs(mse - 0.25) < 1e-3, `${mse}`);
});

test('tables: where texts, pairs and numbers are', async () => {
  const warnings = [];
  const read = async (content, columns, name = 'x.tsv') => {
    warnings.length = 0;
    const warn = (message) => warnings.push(message);
    const found = await readExamples(file(name, content), 'regression', { table: columns, warn });
    return found.map(({ text, textPair, score }) => [text, textPair, score]);
  };
  const rows = [
    ['a plane', 'an air plane', 5],
    ['a man, a plan', 'a canal', 0.25],
  ];
  const stsb = rows.map(([a, b, score], i) => [a, b, score.toFixed(3), 'main', `file-${i}`]);
  const lined = (lists, delimiter = '\t') => lists.map((cells) => `${cells.join(delimiter)}\n`).join('');
  const numbered = { textColumn: '1', textPairColumn: '2', labelColumn: '3' };
  assert.deepEqual(await read(lined(stsb), numbered), rows, 'without a header');
  const named = [['sentence1', 'sentence2', 'score', 'genre', 'file'], ...stsb];
  assert.deepEqual(await read(lined(named)), rows, 'by names that are known');
  const others = [['left', 'right', 'how alike', 'genre', 'file'], ...stsb];
  const byName = { textColumn: 'left', textPairColumn: 'right', labelColumn: 'how alike' };
  assert.deepEqual(await read(lined(others), byName), rows, 'by names that are given');
  assert.deepEqual(await read(lined(others), numbered), rows, 'a first row without a number is a header');
  assert.deepEqual(warnings, []);
  const two = [
    ['good', undefined, -1.5],
    ['bad', undefined, 200],
  ];
  const short = [
    ['good', ' -1.5 '],
    ['bad', '2e2'],
  ];
  assert.deepEqual(await read(lined(short)), two);
  assert.deepEqual(await read(lined([['review', 'stars'], ...short], ';'), {}, 'x.csv'), two);
  assert.deepEqual(warnings, []);
  assert.deepEqual(await read(lined([['what', 'how much'], ...short])), two);
  assert.match(warnings.join(), /line 1: the first row \("what", "how much"\) is taken for the names of the columns/);
  const labelled = { textColumn: '1', textPairColumn: '2', labelColumn: '3' };
  const [first] = await readExamples(file('l.tsv', lined(stsb)), 'text-classification', { table: labelled });
  assert.equal(first.textPair, 'an air plane', 'pairs with labels, too');

  for (const [content, columns, message, name] of [
    [lined(stsb), {}, /5 columns where TSV has two, text<TAB>score/],
    [lined([...short, ['so', 'so']]), {}, /x\.tsv, line 3: "so" is no number such as 3\.5/],
    [lined([...short, ['so', '3,5']]), {}, /line 3: "3,5" is no number/],
    [lined([...short, ['so', '']]), {}, /line 3: "" is no number/],
    [lined(stsb), { ...numbered, textPairColumn: '1' }, /text, pair and score are the same column/],
    [lined(stsb), { ...numbered, textPairColumn: '9' }, /there is no column "9"/],
    ['{"text":"a","score":"5"}\n', undefined, /no "score" with a number/, 'x.jsonl'],
    ['{"text":"a","label":5}\n', undefined, /no "score" with a number/, 'x.jsonl'],
  ])
    await assert.rejects(read(content, columns, name), { code: 'BAD_DATA', message });
});

test('options that are not for numbers', async () => {
  const command = [
    'train',
    '--model',
    tiny(),
    '--task',
    'regression',
    '--train',
    pairs,
    '--output',
    join(folder, 'no'),
  ];
  for (const [wrong, message] of [
    [['--epochs', '3'], /--epochs is for --method lora, layers, full; a head for numbers is computed exactly/],
    [['--hidden-size', '8'], /--hidden-size is for .*; here the task is regression/],
    [['--class-weight', 'balanced'], /--class-weight is for .*; here the task is regression/],
    [['--labels', 'x.txt'], /--labels is for .*; here the task is regression/],
    [['--standardize', 'true'], /--standardize is for .*; here the task is regression/],
    [['--pooling', 'auto'], /--pooling auto is for .*; for regression give mean, max or cls/],
    [['--layer', 'auto'], /--layer auto is for .*; for regression give a number/],
  ]) {
    const { code, stderr } = await bertlet([...command, ...wrong]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});
