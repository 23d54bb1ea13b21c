// bertlet train --task sentence-similarity, and evaluate, embed and search with what it writes. That losses are PyTorch's is shown in
// tests/train/contrastive.test.js.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { findPairSuspicions } from '../../js/cli/data/suspicions.js';
import { readExamples } from '../../js/cli/data/examples.js';
import { cosineSimilarity, load } from '../../js/index.js';
import { tiny } from '../support.js';
import { bertlet, succeed, temporaryFolder, writerIn } from './cli.js';

const folder = temporaryFolder();
const file = writerIn(folder);

const lined = (rows, delimiter = '\t') => rows.map((cells) => `${cells.join(delimiter)}\n`).join('');

/** What a file is read as, [text, textPair, score or negative], and what is said about it. */
async function read(content, { name = 'x.tsv', maxScore, ...table } = {}) {
  const notes = [];
  const path = file(name, content);
  const warn = (message) => notes.push(message.replace(`${path}, line 1: `, ''));
  const found = await readExamples(path, 'sentence-similarity', { table, maxScore, warn });
  return {
    rows: found.map(({ text, textPair, score, negative }) => [text, textPair, score ?? negative]),
    notes,
  };
}

const couples = [
  ['how do I pay', 'by card or in cash'],
  ['who is it', 'it is me'],
];
const bare = couples.map((cells) => [...cells, undefined]);
const graded = [
  ['a plane', 'an air plane', 5],
  ['a man, a plan', 'a canal', 0.25],
];
const triplets = [
  ['who', 'me', 'here'],
  ['where', 'there', 'now'],
];

test('tables without names: two columns, or three', async () => {
  assert.deepEqual(await read(lined(couples)), { rows: bare, notes: [] });
  assert.deepEqual(await read(lined(graded)), { rows: graded, notes: [] });
  assert.deepEqual(await read(lined(couples, ';'), { name: 'x.csv' }), { rows: bare, notes: [] });
  assert.deepEqual(await read(lined(triplets)), {
    rows: triplets,
    notes: ['the column 3 is taken for texts that do not belong to those of the column 1.'],
  });
  assert.deepEqual((await read(lined([...graded, ...graded].map((cells, i) => [i + 1, ...cells])))).rows.length, 4);
  const stsb = graded.map((cells, i) => [...cells, 'main', `file-${i}`]);
  assert.deepEqual(await read(lined(stsb), { textColumn: '1', textPairColumn: '2', labelColumn: '3' }), {
    rows: graded,
    notes: [],
  });
  const { rows, notes } = await read(lined(stsb), { textColumn: '1', textPairColumn: '2' });
  assert.deepEqual(
    rows,
    graded.map(([a, b]) => [a, b, undefined]),
  );
  assert.match(
    notes.join(),
    /column 1 is taken to belong to that of the column 2; the columns 3, 4, 5 are not read \(/,
  );
});

test('tables with names that are known', async () => {
  const silent = async (names, cells, rows = cells) =>
    assert.deepEqual(await read(lined([names, ...cells])), { rows, notes: [] }, names.join());
  await silent(['text', 'text_pair'], couples, bare);
  await silent(['Query', 'Answer'], couples, bare);
  await silent(['anchor', 'positive'], couples, bare);
  await silent(['anchor', 'positive', 'negative'], triplets);
  await silent(['sentence1', 'sentence2', 'score'], graded);
  await silent(['sentence_A', 'sentence_B', 'label'], graded);
  await silent(
    ['id', 'positive', 'anchor'],
    couples.map(([a, b], i) => [`q${i}`, b, a]),
    bare,
  );
  const some = [['who', 'me', ''], triplets[1]];
  await silent(['anchor', 'positive', 'negative'], some, [['who', 'me', undefined], triplets[1]]);
});

test('tables with other names', async () => {
  const wide = [['left', 'right', 'how alike', 'source'], ...graded.map((cells) => [...cells, 'web'])];
  const given = { textColumn: 'left', textPairColumn: 'right', labelColumn: 'how alike' };
  assert.deepEqual(await read(lined(wide), given), { rows: graded, notes: [] });
  assert.deepEqual((await read(lined(wide), { ...given, header: true })).rows, graded);
  const swapped = await read(lined(wide), { ...given, textColumn: 'right', textPairColumn: 'left' });
  assert.deepEqual(swapped.rows[0], ['an air plane', 'a plane', 5]);
  // What is found by looks is told.
  const three = [['left', 'right', 'how alike'], ...graded];
  const looked = await read(lined(three));
  assert.deepEqual(looked.rows, graded);
  assert.deepEqual(looked.notes, [
    'the first row ("left", "right", "how alike") is taken for the names of the columns; --header false makes it an example.',
    'the column "how alike" is taken for the scores; --label-column names another one.',
  ]);
  const duplicates = [['question1', 'question2', 'is_duplicate'], ...graded.map(([a, b], i) => [a, b, i])];
  const quora = await read(lined(duplicates));
  assert.deepEqual(quora.rows, [
    ['a plane', 'an air plane', 0],
    ['a man, a plan', 'a canal', 1],
  ]);
  assert.match(quora.notes.join(), /^the column "is_duplicate" is taken for the scores; /);
  const topics = [['question', 'answer', 'topic'], ...couples.map((cells) => [...cells, 'shop'])];
  const unread = await read(lined(topics));
  assert.deepEqual(unread.rows, bare);
  assert.match(unread.notes.join(), /^each text of the column "question" .* "answer"; the column "topic" is not read /);
  const titled = [['title', 'text'], ...couples];
  assert.deepEqual((await read(lined(titled), { header: true })).rows, bare, 'in their order');
  const doubtful = await read(lined(titled));
  assert.equal(doubtful.rows.length, 3);
  assert.match(doubtful.notes.join(), /\("title", "text"\) is taken for an example; --header true makes it/);
});

test('JSON Lines, under several names', async () => {
  const lines = (values) => read(values.map((one) => `${JSON.stringify(one)}\n`).join(''), { name: 'x.jsonl' });
  const rows = async (...values) => (await lines(values)).rows;
  assert.deepEqual(await rows({ text: 'a', text_pair: 'b' }, { text: 'c', textPair: 'd' }), [
    ['a', 'b', undefined],
    ['c', 'd', undefined],
  ]);
  assert.deepEqual(await rows({ sentence1: 'a', sentence2: 'b', score: 4.75 }), [['a', 'b', 4.75]]);
  assert.deepEqual(await rows({ anchor: 'a', positive: 'b', negative: 'c' }, { query: 'd', answer: 'e' }), [
    ['a', 'b', 'c'],
    ['d', 'e', undefined],
  ]);
});

test('--max-score: what is a score of 1', async () => {
  const { rows } = await read(lined(graded), { maxScore: 5 });
  assert.deepEqual(rows, [
    ['a plane', 'an air plane', 1],
    ['a man, a plan', 'a canal', 0.05],
  ]);
  const fails = (content, maxScore, message) =>
    assert.rejects(read(content, { maxScore }), { code: 'BAD_DATA', message });
  await fails(lined(graded), 1, /line 1: the score 5 is above 1, .*; --max-score says which score is, such as 5\.$/);
  await fails(lined(graded), 4, /line 1: the score 5 is above 4/);
  await fails(lined([['a', 'b', -0.5]]), 1, /line 1: the score -0\.5 is below 0/);
  await fails(lined(couples), 5, /there are no scores, for which --max-score is/);
  assert.deepEqual((await read(lined(couples), { maxScore: 1 })).rows, bare);
});

for (const [what, content, options, message] of [
  ['one column', 'a\nb\n', {}, /there is 1 column where pairs have two; --format/],
  [
    'five columns',
    lined([['a', 'b', 1, 'c', 'd']]),
    {},
    /there are 5 columns where pairs have two, or three .*; --text-column/,
  ],
  ['a row that is short', lined([...graded, ['a', 'b']]), {}, /line 3: 2 columns, but the first row has 3/],
  [
    'a score that is none',
    lined([...graded, ['a', 'b', 'c']]),
    {},
    /line 3: "c" is no number such as 0\.5; --label-column/,
  ],
  ['a score that is missing', lined([...graded, ['a', 'b', '']]), {}, /line 3: "" is no number/],
  [
    'classes in place of scores',
    lined([['premise', 'hypothesis', 'label'], ...couples.map((cells) => [...cells, 'neutral'])]),
    {},
    /line 2: "neutral" is no number/,
  ],
  [
    'scores and negatives',
    lined([
      ['anchor', 'positive', 'negative', 'score'],
      ['a', 'b', 'c', 1],
    ]),
    {},
    /scores and negatives/,
  ],
  [
    'names that say nothing',
    lined([
      ['a', 'b', 'c', 'score'],
      ['x', 'y', 'z', 1],
    ]),
    {},
    /columns "a", "b", "c", "score" none tells/,
  ],
  [
    'a pair that nothing names',
    lined([
      ['a', 'b', 'c'],
      ['x', 'y', 'z'],
    ]),
    { textColumn: 'a' },
    /none tells where/,
  ],
  ['the same column twice', lined(graded), { textColumn: '1', textPairColumn: '1' }, /are the same column/],
  ['a column that is not there', lined(graded), { textPairColumn: 'right' }, /there is no column "right"/],
  ['all columns but the texts', lined(couples), { textColumn: '1', labelColumn: '2' }, /none tells where/],
  ['a line without a pair', '{"text":"a"}\n', { name: 'x.jsonl' }, /line 1: there is no "text_pair" with a string/],
  ['a line without a text', '{"text_pair":"a"}\n', { name: 'x.jsonl' }, /line 1: there is no "text" with a string/],
  [
    'a score in words',
    '{"text":"a","text_pair":"b","score":"5"}\n',
    { name: 'x.jsonl' },
    /the "score" is not a number/,
  ],
  [
    'a negative that is a list',
    '{"text":"a","text_pair":"b","negative":["c"]}\n',
    { name: 'x.jsonl' },
    /"negative" is not a string/,
  ],
  [
    'both in a line',
    '{"text":"a","text_pair":"b","score":1,"negative":"c"}\n',
    { name: 'x.jsonl' },
    /a "score" and a "negative"/,
  ],
  [
    'some lines with a score',
    '{"text":"a","text_pair":"b"}\n{"text":"a","text_pair":"b","score":1}\n',
    { name: 'x.jsonl' },
    /line 2: line 2 has a score and line 1 has none/,
  ],
  ['a file that is no table', 'a b\nc d\n', { name: 'x.txt' }, /doesn't look like pairs\. .* text<TAB>text_pair, or/],
])
  test(`refused: ${what}`, () => assert.rejects(read(content, options), { code: 'BAD_DATA', message }));

test('pairs that look wrong', () => {
  const told = (pairs) =>
    findPairSuspicions(
      pairs.map((pair, i) => ({ ...pair, line: i + 1 })),
      'x.tsv',
    ).join();
  const one = { text: 'a', textPair: 'b' };
  assert.equal(
    told([
      { ...one, score: 1 },
      { ...one, score: 0 },
    ]),
    '',
  );
  assert.equal(told([one, one]), '');
  assert.match(
    told([
      { ...one, score: 1 },
      { ...one, score: 1 },
    ]),
    /x\.tsv: all pairs have the score 1/,
  );
  assert.match(told([one, { text: 'a', textPair: ' ' }]), /1 of the texts is empty \(line 2\)/);
});

const words = ['film', 'story', 'cast', 'plot'];
/** Texts about one thing, score 5, and about two, score 0. */
const examples = Array.from({ length: 64 }, (_, i) => {
  const left = i % 4;
  const right = i % 2 === 0 ? left : (left + 1 + (i % 3)) % 4;
  const score = left === right ? 5 : 0;
  return { text: `the ${words[left]} was good`, textPair: `a ${words[right]} ${'very '.repeat(i % 3)}bad`, score };
});
const scored = file(
  'scored.csv',
  lined(
    examples.map(({ text, textPair, score }) => [text, textPair, score]),
    ',',
  ),
);
const together = examples.filter(({ score }) => score === 5).map(({ text, textPair }) => ({ text, textPair }));
const unscored = file(
  'unscored.jsonl',
  together.map(({ text, textPair }) => `${JSON.stringify({ text, text_pair: textPair })}\n`).join(''),
);
const base = ['--model', tiny(), '--threads', '1', '--task', 'sentence-similarity'];
const steps = ['--epochs', '4', '--learning-rate', '0.01', '--rank', '4', '--batch-size', '8'];
const options = { task: 'sentence-similarity', epochs: 4, learningRate: 0.01, rank: 4, batchSize: 8 };

/** What `bertlet ARGS` prints, which succeeds. */
const run = async (args, input) => (await succeed(args, input)).results;

test('graded pairs: trained as fit() does, measured, and used by embed and search', async () => {
  const output = join(folder, 'graded');
  const files = ['--train', scored, '--max-score', '5', '--dev', scored, '--dtype', 'f32', '--output', output];
  const [summary] = await run(['train', ...base, ...files, ...steps, '--validation', '0.25']);
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const ofOne = examples.map((pair) => ({ ...pair, score: pair.score / 5 }));
  const head = await bert.fit(ofOne, { ...options, validation: 0.25 });
  const metrics = await head.evaluate(examples);
  const list = ['the film', 'a cast'];
  const vectors = await bert.embed(list, { head });
  const frozen = await bert.embed(list);
  await bert.dispose();

  const { comparison, trainLoss } = head.report;
  assert.equal(summary.method, 'contrastive');
  assert.equal(summary.train_loss, trainLoss);
  assert.equal(summary.epochs, 4);
  const { measuredOn, ...scores } = comparison;
  assert.deepEqual(summary.comparison, { measured_on: measuredOn, ...scores });
  assert.equal(summary.comparison.kept, 'tuned');
  assert.deepEqual(Object.keys(summary.comparison.tuned), ['spearman', 'pearson', 'n']);
  assert.ok(metrics.spearman > comparison.frozen.spearman);
  assert.deepEqual(summary.dev, metrics);

  const given = ['--head', output, '--dtype', 'f32', '--threads', '1'];
  assert.deepEqual(await run(['evaluate', ...given, '--test', scored]), [metrics], 'scores of any scale');
  const [retrieval] = await run(['evaluate', ...given, '--test', unscored]);
  assert.deepEqual(Object.keys(retrieval), ['mean_reciprocal_rank', 'recall_at_1', 'n']);
  assert.equal(retrieval.n, together.length);

  const embedded = await run(['embed', ...given], lined(list.map((text) => [text])));
  embedded.forEach(({ embedding }, i) => {
    assert.ok(cosineSimilarity(embedding, vectors[i]) > 1 - 1e-6);
    assert.ok(cosineSimilarity(embedding, frozen[i]) < 1 - 1e-4);
  });
  const candidates = file('texts.txt', lined(list.map((text) => [text])));
  const expected = cosineSimilarity(vectors[0], vectors[1]);
  for (const way of [given, ['--model', tiny(), '--adapter', output, '--dtype', 'f32', '--threads', '1']]) {
    const [[first, second]] = await run(['search', ...way, '--texts', candidates], 'the film\n');
    assert.deepEqual([first.text, second.text], list);
    assert.ok(Math.abs(second.score - expected) < 1e-5, `${second.score}, not ${expected}`);
  }
});

test('all weights: a model for embed and search, as fit() tunes it', async () => {
  const output = join(folder, 'whole');
  const files = ['--train', scored, '--max-score', '5', '--output', output, '--validation', '0.25'];
  const how = ['--tune', 'full', '--epochs', '4', '--learning-rate', '0.005', '--batch-size', '8'];
  const [summary] = await run(['train', ...base, ...files, ...how]);
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const ofOne = examples.map((pair) => ({ ...pair, score: pair.score / 5 }));
  const head = await bert.fit(ofOne, {
    ...{ task: 'sentence-similarity', tune: 'full', epochs: 4, learningRate: 0.005, batchSize: 8, validation: 0.25 },
  });
  const vector = await bert.embed('the film');
  assert.equal(summary.comparison.kept, 'tuned', JSON.stringify(summary.comparison));
  assert.equal(summary.train_loss, head.report.trainLoss);
  assert.deepEqual(
    JSON.parse(readFileSync(join(output, 'tuning.json'), 'utf8')),
    JSON.parse(JSON.stringify(head.report)),
  );
  const embed = ['embed', '--dtype', 'f32', '--threads', '1', '--model'];
  const [{ embedding }] = await run([...embed, output], 'the film\n');
  assert.ok(cosineSimilarity(Float32Array.from(embedding), vector) > 1 - 1e-6);
  await bert.dispose();
});

test('pairs that belong together: trained in int8, measured, and replaced by another training', async () => {
  const output = join(folder, 'together');
  const files = ['--train', unscored, '--dev', unscored, '--dtype', 'int8', '--output', output];
  const train = (...more) => run(['train', ...base, ...files, ...steps, ...more]);
  const [summary] = await train('--method', 'contrastive');
  assert.equal(summary.comparison, undefined);
  assert.deepEqual(Object.keys(summary.dev), ['mean_reciprocal_rank', 'recall_at_1', 'n']);
  assert.ok(existsSync(join(output, 'adapter_model.safetensors')) && existsSync(join(output, 'modules.json')));
  const given = ['--head', output, '--dtype', 'int8', '--threads', '1'];
  assert.deepEqual(await run(['evaluate', ...given, '--test', unscored]), [summary.dev]);
  const [again] = await train();
  assert.deepEqual({ ...again, seconds: 0 }, { ...summary, seconds: 0 });
});

test('an adapter, or a tuned model, that is no better than the model is left out, and that is told', async () => {
  const output = join(folder, 'worse');
  // Scores that the model gives itself can't be met better.
  const bert = await load(tiny(), { threads: 1 });
  const [lefts, rights] = await Promise.all(
    ['text', 'textPair'].map((key) => bert.embed(examples.map((pair) => pair[key]))),
  );
  await bert.dispose();
  const rows = examples.map(({ text, textPair }, i) => [text, textPair, cosineSimilarity(lefts[i], rights[i])]);
  const files = ['--train', file('own.tsv', lined(rows)), '--output', output, '--validation', '0.5'];
  const { results, stderr } = await succeed(['train', ...base, ...files, ...steps]);
  assert.equal(results[0].comparison.kept, 'frozen', JSON.stringify(results[0].comparison));
  assert.match(
    stderr,
    /warning: On held-out pairs the adapter is no better .*worse has none: its vectors are the model's/,
  );
  assert.deepEqual(readdirSync(output).sort(), ['config.json', 'model.safetensors']);
  const [own] = await run(['embed', '--model', tiny(), '--threads', '1'], 'the film\n');
  assert.deepEqual(await run(['embed', '--head', output, '--threads', '1'], 'the film\n'), [own]);

  const model = join(folder, 'as-it-was');
  const how = ['--tune', 'full', '--learning-rate', '0.01', '--epochs', '4', '--train', join(folder, 'own.tsv')];
  const whole = await succeed(['train', ...base, ...how, '--validation', '0.5', '--output', model]);
  assert.equal(whole.results[0].comparison.kept, 'frozen', JSON.stringify(whole.results[0].comparison));
  assert.match(whole.stderr, /warning: On held-out pairs the tuned model is no better .*as-it-was is as it was/);
  const embed = ['embed', '--dtype', 'f32', '--threads', '1', '--model'];
  assert.deepEqual(await run([...embed, model], 'the film\n'), await run([...embed, tiny()], 'the film\n'));
});

test('options that are not for pairs', async () => {
  const files = ['--train', scored, '--max-score', '5', '--output', join(folder, 'never')];
  for (const [wrong, message] of [
    [['--method', 'lora'], /--task sentence-similarity has --method contrastive only, .*; here it is lora/],
    [['--method', 'head'], /--method contrastive only, .*; here it is head/],
    [['--rounds', '3'], /--rounds is for text-classification, multi-label; here the task is sentence-similarity/],
    [['--early-stopping', 'true'], /--early-stopping is for --method lora, layers, full; here it is contrastive/],
    [['--c', '1'], /--c is for .*; here the task is sentence-similarity/],
    [['--labels', scored], /--labels is for .*; here the task is sentence-similarity/],
    [['--pooling', 'cls'], /--pooling is for .*; here the task is sentence-similarity/],
    [['--layers', '1'], /--layers is for --tune layers with --method contrastive; here it is lora/],
    [['--resume'], /--resume needs --checkpoint DIR/],
  ]) {
    const { code, stderr } = await bertlet(['train', ...base, ...files, ...wrong]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  const labelled = ['--train', scored, '--output', join(folder, 'never'), '--max-score', '5'];
  const { code, stderr } = await bertlet(['train', '--model', tiny(), ...labelled]);
  assert.equal(code, 2);
  assert.match(stderr, /--max-score is for sentence-similarity; here the task is text-classification/);
});
