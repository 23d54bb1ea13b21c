// bertlet train --method lora, layers and full, and the other commands with what it writes.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { load } from '../../js/index.js';
import { fixtures, tiny, toyExamples } from '../support.js';
import { bertlet, interrupt, succeed, temporaryFolder, writerIn } from './cli.js';

const folder = temporaryFolder();
const file = writerIn(folder);

/** What `bertlet ARGS` prints, which succeeds. */
const run = async (args, input) => (await succeed(args, input)).results;

/** What trains the model's own weights computes in f32 by itself; to be measured against that, everything else is told to. */
const runInF32 = (args, input) => run([...args, '--dtype', 'f32'], input);

/** All files below a folder, by their paths. */
const contents = (path) =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, path: older, name }) => join(parentPath ?? older, name))
      .sort()
      .map((name) => [name.slice(path.length), readFileSync(name, 'hex')]),
  );

const texts = file(
  'texts.tsv',
  toyExamples(40)
    .map(({ text, label }) => `${text}\t${label}\n`)
    .join(''),
);
/** Texts with any number of labels. */
const labelled = (name, labelsOf) =>
  file(
    name,
    toyExamples(40)
      .map(({ text, label }, i) => `${text}\t${labelsOf(label === 'pos', i)}\n`)
      .join(''),
  );
const several = labelled('several.tsv', (isPos, i) => [...(isPos ? ['praise'] : []), ...(i % 3 ? [] : ['odd'])].join());
const single = labelled('single.tsv', (isPos) => (isPos ? 'praise' : ''));
const words = ['good', 'great', 'love', 'best'];
const tags = file(
  'tags.conll',
  words.flatMap((a) => ['bad', 'awful'].map((b) => `the O\n${a} B-x\n${a} I-x\n${b} B-y\n\n`.repeat(2))).join(''),
);
const squad = file(
  'squad.json',
  JSON.stringify({
    data: [
      {
        paragraphs: [...words, ...words].map((text, i) => ({
          context: `the ${text} movie`,
          qas: [{ id: String(i), question: 'new movie?', answers: [{ text, answer_start: 4 }] }],
        })),
      },
    ],
  }),
);

const quick = ['--epochs', '2', '--batch-size', '8', '--learning-rate', '0.003', '--validation', '0.25'];
const cases = [
  ['text-classification', texts, 'the good movie', 'accuracy', ['lora', 'layers', 'full']],
  ['multi-label', several, 'the good movie', 'micro_f1', ['lora', 'layers']],
  ['multi-label', single, 'the good movie', 'micro_f1', ['full']],
  ['token-classification', tags, 'the good good bad', 'f1', ['lora', 'layers']],
  [
    'question-answering',
    squad,
    '{"question":"new movie?","context":"the great movie"}',
    'exact_windows',
    ['lora', 'full'],
  ],
];
for (const [task, examples, input, score, methods] of cases) {
  for (const method of methods) {
    test(`${task} by ${method}: measured and used again, the same`, async () => {
      const output = join(folder, `${task}-${method}`);
      const base = ['--model', tiny(), '--task', task, '--train', examples, '--dev', examples, '--output', output];
      const args = ['train', ...base, '--method', method, ...quick, ...(method === 'layers' ? ['--layers', '1'] : [])];
      const [summary] = await (method === 'lora' ? runInF32 : run)([
        ...args,
        ...(task === 'token-classification' ? ['--crf'] : []),
      ]);
      assert.equal(summary.method, method);
      assert.ok(summary.epochs >= 1 && summary.epochs <= 2);
      assert.equal(summary.steps, { 40: 8, 16: 4, 8: 2 }[summary.examples]);
      assert.ok(summary.train_loss > 0 && summary.seconds > 0);
      assert.deepEqual(Object.keys(summary.held_out), ['loss', score]);
      if (score === 'accuracy') assert.equal(summary.held_out.accuracy, summary.validation.accuracy);

      const how = method === 'lora' ? ['--head', output] : ['--model', output];
      assert.deepEqual(await runInF32(['evaluate', ...how, '--test', examples]), [summary.dev]);
      const [predicted] = await runInF32(['predict', ...how], `${input}\n`);
      if (method !== 'lora') return;
      // The adapter of PEFT's files, merged into the model, is the same head.
      const merged = ['--model', tiny(), '--adapter', output];
      const [again] = await runInF32(['predict', ...merged], `${input}\n`);
      const withoutScores = (list) => list.map((one) => ({ ...one, score: undefined }));
      assert.deepEqual(withoutScores(again), withoutScores(predicted));
      again.forEach((one, i) => assert.ok(Math.abs(one.score - predicted[i].score) < 1e-5, JSON.stringify(one)));
    });
  }
}

for (const [task, examples, score] of [
  ['text-classification', texts, 'accuracy'],
  ['multi-label', several, 'micro_f1'],
]) {
  test(`${task} by contrastive: compared with the frozen model, and used again, the same`, async () => {
    const output = join(folder, `${task}-contrastive`);
    const base = ['--model', tiny(), '--task', task, '--train', examples, '--dev', examples, '--output', output];
    const how = [
      '--method',
      'contrastive',
      '--rounds',
      '3',
      '--learning-rate',
      '0.003',
      '--rank',
      '4',
      '--validation',
      '0.25',
    ];
    const [summary] = await run(['train', ...base, ...how]);
    assert.equal(summary.method, 'contrastive');
    assert.equal(summary.rounds, 3);
    assert.ok(summary.steps > 0 && summary.train_loss > 0 && summary.epochs === undefined);
    const { comparison } = summary;
    assert.deepEqual(Object.keys(comparison), ['measured_on', 'frozen', 'tuned', 'kept']);
    assert.equal(comparison.measured_on, 'validation');
    assert.equal(comparison[comparison.kept][score], summary.validation[score]);
    assert.equal(existsSync(join(output, 'adapter_model.safetensors')), comparison.kept === 'tuned');
    assert.deepEqual(await run(['evaluate', '--head', output, '--test', examples]), [summary.dev]);
  });
}

for (const tune of ['layers', 'full'])
  test(`text-classification by contrastive, ${tune}: a model with a head, which is used again, the same`, async () => {
    const output = join(folder, `contrastive-${tune}`);
    const base = ['--model', tiny(), '--train', texts, '--dev', texts, '--output', output, '--method', 'contrastive'];
    const how = ['--tune', tune, '--rounds', '3', '--learning-rate', '0.003', '--validation', '0.25'];
    const [summary] = await run(['train', ...base, ...how]);
    assert.equal(summary.tune, tune);
    assert.ok(summary.steps > 0 && summary.train_loss > 0);
    const { comparison } = summary;
    assert.equal(comparison[comparison.kept].accuracy, summary.validation.accuracy);
    assert.deepEqual(await runInF32(['evaluate', '--model', output, '--test', texts]), [summary.dev]);
  });

test('options that contrastive tuning does not have, and tasks', async () => {
  const output = join(folder, 'never');
  const refused = async (more, message) => {
    const args = ['train', '--model', tiny(), '--train', texts, '--output', output, '--method', 'contrastive', ...more];
    const { code, stderr } = await bertlet(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  };
  await refused(['--epochs', '2'], /--epochs is for --method lora, layers, full; contrastive has --rounds/);
  await refused(['--layers', '1'], /--layers is for --tune layers with --method contrastive; here it is lora/);
  await refused(['--rounds', '0'], /--rounds/);
  await refused(['--task', 'question-answering'], /--method contrastive is for text-classification, multi-label/);
  const { stderr } = await bertlet(['train', '--model', tiny(), '--train', texts, '--output', output, '--rounds', '2']);
  assert.match(stderr, /--rounds is for --method contrastive; here it is head/);
});

test('embed and fill-mask with what train has written', async () => {
  const model = join(fixtures, 'checkpoints/bert-masked');
  const outputs = Object.fromEntries(['lora', 'full'].map((method) => [method, join(folder, `masked-${method}`)]));
  for (const [method, output] of Object.entries(outputs))
    await run(['train', '--model', model, '--train', texts, '--method', method, ...quick, '--output', output]);
  const { lora, full } = outputs;
  const ways = {
    base: ['--model', model],
    beside: ['--head', lora],
    merged: ['--model', model, '--adapter', lora],
    full: ['--model', full],
  };
  const vectors = {};
  const fills = {};
  for (const [way, args] of Object.entries(ways)) {
    [vectors[way]] = (await runInF32(['embed', ...args], 'good movie\n')).map(({ embedding }) => embedding);
    [fills[way]] = (await runInF32(['fill-mask', ...args, '--targets', 'good,bad,great'], 'the [MASK] movie\n')).map(
      (list) => list.sort((a, b) => a.token - b.token).map(({ score }) => score),
    );
  }
  const distance = (a, b) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  for (const numbers of [vectors, fills]) {
    assert.ok(distance(numbers.beside, numbers.merged) < 1e-5);
    assert.ok(distance(numbers.beside, numbers.base) > 1e-4);
    assert.ok(distance(numbers.full, numbers.base) > 1e-4);
  }
  // The API gives the same.
  const bert = await load(full, { dtype: 'f32', threads: 1, cache: false });
  assert.ok(distance(vectors.full, await bert.embed('good movie')) < 1e-6);
  await bert.dispose();
});

test('a folder is replaced by another training only if an earlier one has written it', async () => {
  const train = (method, output, ...more) =>
    bertlet(['train', '--model', tiny(), '--train', texts, '--method', method, ...quick, '--output', output, ...more]);
  const output = join(folder, 'replaced');
  const first = await train('lora', output);
  assert.equal(first.code, 0, first.stderr);
  const before = contents(output);
  assert.equal((await train('lora', output, '--seed', '5')).code, 0);
  assert.notDeepEqual(contents(output), before);
  assert.equal((await train('lora', output)).code, 0);
  assert.deepEqual(contents(output), before, 'the same options, the same files');
  // No kind replaces the other, and no model that was not trained here.
  for (const [method, place, message] of [
    ['full', output, /replaced holds other files \(adapter_config\.json\)/],
    ['full', tiny(), /holds other files \(expected\.safetensors\)/],
    ['lora', tiny(), /holds other files/],
  ]) {
    const { code, stderr } = await train(method, place);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.match(stderr, /it is left as it is.*\(OUTPUT_EXISTS\)/);
  }
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'config.json'), '{}');
  assert.match((await train('full', foreign)).stderr, /holds a model that bertlet has not tuned.*\(OUTPUT_EXISTS\)/);
  const model = join(folder, 'again');
  for (const seed of ['1', '2']) assert.equal((await train('full', model, '--seed', seed)).code, 0);
  assert.match((await train('lora', model)).stderr, /holds other files .*\(OUTPUT_EXISTS\)/);
});

test('over a merged adapter there are no files for PEFT, and a warning says so', async () => {
  const output = join(folder, 'over');
  const [base, adapter] = ['bert', 'lora-text'].map((name) => join(fixtures, 'checkpoints', name));
  const args = ['--model', base, '--adapter', adapter, '--train', texts, '--method', 'lora', ...quick];
  const { code, stderr } = await bertlet(['train', ...args, '--output', output]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /over is without files for PEFT\. .* merged/);
  assert.deepEqual(readdirSync(output).sort(), ['config.json', 'model.safetensors']);
  const [[best]] = await run(['predict', '--head', output], 'the good movie\n');
  assert.ok(best.score > 0);
});

/** Pairs of texts, alike where both have the same label. */
const pairs = file(
  'pairs.tsv',
  toyExamples(40)
    .map(({ text, label }, i, all) => [text, all[(i + 5) % 40].text, Number(label === all[(i + 5) % 40].label)])
    .map((cells) => `${cells.join('\t')}\n`)
    .join(''),
);
for (const [method, ...how] of [
  ['lora', '--method', 'lora', '--train', texts, '--early-stopping', 'false'],
  ['full', '--method', 'full', '--train', texts, '--early-stopping', 'false'],
  ['pairs', '--task', 'sentence-similarity', '--train', pairs],
  ['pairs-full', '--task', 'sentence-similarity', '--tune', 'full', '--train', pairs],
]) {
  test(`${method}: Ctrl-C keeps a checkpoint, from which --resume gives the very same files`, async () => {
    const checkpoint = join(folder, 'checkpoints', method);
    const output = join(folder, `interrupted-${method}`);
    const steps = ['--validation', '0.25', '--batch-size', '2', '--epochs', '60'];
    const train = ['train', '--model', tiny(), ...how, ...steps, '--output'];
    const whole = join(folder, `whole-${method}`);
    const [expected] = await run([...train, whole]);

    const withCheckpoint = [...train, output, '--checkpoint', checkpoint];
    const { code, stdout, stderr } = await interrupt(withCheckpoint);
    assert.equal(code, 130, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /step \d+ of 900 {2}\d+ tokens\/s {2}\d+ MB/);
    assert.match(stderr, /checkpoint\.safetensors has the last good state of training\. .* with --resume\.\n$/);
    assert.deepEqual(readdirSync(checkpoint), ['checkpoint.safetensors']);
    assert.ok(!existsSync(output));

    const anew = await bertlet(withCheckpoint);
    assert.equal(anew.code, 1);
    assert.match(anew.stderr, /holds the checkpoint of an interrupted training.*--resume goes on.*\(OUTPUT_EXISTS\)/);
    const other = await bertlet([...withCheckpoint, '--resume', '--seed', '4']);
    assert.equal(other.code, 1);
    assert.match(
      other.stderr,
      /checkpoint\.safetensors: .* another training \(its seed is 0, not 4\).*\(BAD_CHECKPOINT\)/,
    );

    const [summary] = await run([...withCheckpoint, '--resume']);
    assert.deepEqual({ ...summary, seconds: 0 }, { ...expected, output, seconds: 0 });
    assert.deepEqual(contents(output), contents(whole));
    assert.deepEqual(readdirSync(checkpoint), [], 'it is not needed any more');
    const done = await bertlet([...withCheckpoint, '--resume']);
    assert.equal(done.code, 1);
    assert.match(done.stderr, /there is no checkpoint here\. Leave out --resume.*\(FILE_NOT_FOUND\)/);
  });
}

test('a checkpoint folder that holds other things is left alone', async () => {
  const foreign = join(folder, 'notes');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'notes.txt'), 'precious');
  const train = (checkpoint) =>
    bertlet([
      ...['train', '--model', './none', '--train', texts, '--method', 'lora'],
      ...['--output', join(folder, 'out'), '--checkpoint', checkpoint],
    ]);
  assert.match(
    (await train(foreign)).stderr,
    /holds other files \(notes\.txt\).* Give --checkpoint .*\(OUTPUT_EXISTS\)/,
  );
  assert.match((await train(texts)).stderr, /texts\.tsv is a file.* Give --checkpoint .*\(OUTPUT_EXISTS\)/);
  for (const inside of [join(folder, 'out'), join(folder, 'out/in')]) {
    const { code, stderr } = await train(inside);
    assert.equal(code, 2);
    assert.match(stderr, /--checkpoint and --output must be two folders/);
  }
});

test('a loss that is not finite ends training with 1; the last good state is kept', async () => {
  const checkpoint = join(folder, 'not-finite');
  const args = ['--model', tiny(), '--train', texts, '--method', 'full', '--learning-rate', '1e30'];
  const output = join(folder, 'never');
  const { code, stderr } = await bertlet(['train', ...args, '--output', output, '--checkpoint', checkpoint]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /checkpoint\.safetensors has the last good state of training\.\nbertlet: Step \d+: .*\(BAD_WEIGHTS\)\n$/,
  );
  assert.ok(!existsSync(output));
});

test('--modules-to-save: a model, with the adapter merged and the head in it', async () => {
  const output = join(folder, 'saved-modules');
  const command = ['train', '--model', tiny(), '--threads', '1', '--train', texts, '--method', 'lora', '--rank', '2'];
  const tuning = ['--modules-to-save', 'LayerNorm,word_embeddings', '--epochs', '3', '--learning-rate', '0.005'];
  const train = [...command, ...tuning, '--output', output];
  const [summary] = await run([...train, '--dev', texts]);
  assert.equal(summary.method, 'lora');
  assert.ok(existsSync(join(output, 'model.safetensors')) && !existsSync(join(output, 'adapter_config.json')));
  const [evaluated] = await runInF32(['evaluate', '--model', output, '--threads', '1', '--test', texts]);
  assert.deepEqual(evaluated, summary.dev);
  const predicted = await runInF32(['predict', '--model', output, '--threads', '1'], 'the great movie\n');
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const head = await bert.fit(toyExamples(40), {
    ...{ method: 'lora', rank: 2, modulesToSave: ['LayerNorm', 'word_embeddings'] },
    ...{ epochs: 3, learningRate: 0.005 },
  });
  const expected = await head.classify('the great movie');
  await bert.dispose();
  predicted[0].forEach(({ label, score }, i) => {
    assert.equal(label, expected[i].label);
    assert.ok(Math.abs(score - expected[i].score) < 1e-5);
  });
  await run(train); // in place of the older one
  const refused = await bertlet([...command, '--modules-to-save', 'pooler', '--output', join(folder, 'no')]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /"pooler", which is no module of this model's encoder/);
  for (const [wrong, message] of [
    [['--dtype', 'int8'], /--dtype int8 has no weights that --modules-to-save could train/],
    [['--method=full'], /--method is given twice/],
  ]) {
    const { code, stderr } = await bertlet([...train, ...wrong]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
