// Learning curves: through the public API and the command line. Oracle: the means that scikit-learn reaches on PyTorch's features and
// on its own TF-IDF (tests/fixtures/make_intent_fixtures.py). All of BANKING77 takes minutes: `npm run accuracy` measures it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { random, shuffle } from '../../js/base/random.js';
import { load } from '../../js/index.js';
import { bertlet } from '../cli/cli.js';
import { fixtures, minilm, temporaryFolder, tiny, toyExamples, withoutMinilm } from '../support.js';

describe('on a model of random weights', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  after(() => bert.dispose());

  test('one point for each size, the same for the same draws', async () => {
    const examples = toyExamples(60);
    const steps = [];
    const onProgress = (progress) => steps.push(progress);
    const points = await bert.learningCurve(examples, { sizes: [2, 8], draws: 3, onProgress });
    assert.deepEqual(
      points.map(({ n, accuracies, baseline }) => [n, accuracies.length, baseline.accuracies.length]),
      [
        [2, 3, 3],
        [8, 3, 3],
      ],
    );
    for (const { mean, std, accuracies } of points.flatMap((point) => [point, point.baseline])) {
      assert.ok(Math.abs(mean - accuracies.reduce((sum, value) => sum + value) / 3) < 1e-12);
      const squares = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      assert.ok(Math.abs(std - Math.sqrt(squares / 2)) < 1e-12);
    }
    assert.deepEqual(steps.at(-1), { phase: 'train', loaded: 6, total: 6 });
    assert.deepEqual(await bert.learningCurve(examples, { sizes: [2, 8], draws: 3 }), points);
    // Each label has words of its own: eight examples show all of them.
    assert.equal(points[1].baseline.mean, 1);
  });

  test('with examples to test on, and without a baseline', async () => {
    const options = { test: toyExamples(20), sizes: [4], baseline: false, c: 1 };
    const [point] = await bert.learningCurve(toyExamples(8), options);
    assert.equal(point.accuracies.length, 5);
    assert.equal(new Set(point.accuracies).size, 1, 'every draw takes all examples');
    assert.equal(point.baseline, undefined);
  });

  test('default sizes go as far as the examples', async () => {
    const points = await bert.learningCurve(toyExamples(20), { draws: 1, baseline: false });
    assert.deepEqual(
      points.map(({ n }) => n),
      [1, 2, 4, 8],
    );
  });

  test('what is not possible', async () => {
    const examples = toyExamples(20);
    for (const [options, code, message] of [
      [{ sizes: [10] }, 'BAD_INPUT', /10 examples .* left over/],
      [{ sizes: [0] }, 'BAD_INPUT', /0 examples/],
      [{ sizes: '1,2' }, 'BAD_INPUT', /sizes is 1,2/],
      [{ sizes: [] }, 'BAD_INPUT', /sizes/],
      [{ size: [1] }, 'BAD_INPUT', /no option "size"/],
      [{ draws: 0 }, 'BAD_INPUT', /draws/],
      [{ c: -1 }, 'BAD_INPUT', /c is -1/],
      [{ test: [{ text: 'a', label: 'other' }] }, 'BAD_LABELS', /"other"/],
    ])
      await assert.rejects(bert.learningCurve(examples, options), { code, message });
    await assert.rejects(bert.learningCurve(toyExamples(4, ['pos'])), { code: 'ONE_CLASS' });
    await assert.rejects(bert.learningCurve([]), { code: 'NO_EXAMPLES' });
  });

  test('cancelling', async () => {
    const controller = new AbortController();
    const onProgress = ({ phase }) => phase === 'train' && controller.abort();
    const options = { draws: 1000, signal: controller.signal, onProgress };
    await assert.rejects(bert.learningCurve(toyExamples(60), options), { name: 'AbortError' });
  });
});

describe('with a method that trains the encoder', () => {
  const quick = { epochs: 6, batchSize: 4, learningRate: 3e-3 };
  const methods = {
    lora: { rank: 4, dropout: 0.1, targetModules: ['query', 'dense'] },
    layers: { layers: 1 },
    full: { weightDecay: 0.1, warmup: 0 },
  };
  const pool = toyExamples(40);
  const size = { sizes: [3, 6], draws: 2 };
  const open = (t, path = tiny(), options = {}) =>
    load(path, { dtype: 'f32', threads: 1, ...options }).then((bert) => {
      t.after(() => bert.dispose());
      return bert;
    });
  /** Those that are drawn `seed`-th, and the others: the first `n` of each label in an order at random. */
  const draw = (n, seed) => {
    const left = { pos: n, neg: n };
    const order = shuffle([...pool.keys()], random(seed)).map((i) => pool[i]);
    const drawn = order.filter(({ label }) => left[label]-- > 0);
    return { drawn, others: order.filter((example) => !drawn.includes(example)) };
  };
  const accuracyOf = async (head, examples) => (await head.evaluate(examples)).accuracy;

  for (const [method, own] of Object.entries(methods)) {
    test(`${method}: each draw as \`fit\` does it, beside the frozen head's, and the model stays as it is`, async (t) => {
      const bert = await open(t);
      const { fingerprint } = bert.info;
      const before = await bert.embed('the lovely film');
      const kept = await bert.fit(pool, { c: 1 });
      const frozen = await bert.learningCurve(pool, size);
      const steps = [];
      const onProgress = ({ loaded, total, phase }) => phase === 'train' && steps.push(loaded / total);
      const points = await bert.learningCurve(pool, { ...size, method, ...quick, ...own, onProgress });
      const again = await bert.learningCurve(pool, { ...size, method, ...quick, ...own });
      assert.deepEqual(again, points);
      assert.deepEqual(
        points.map(({ n, frozen: { mean, std, accuracies }, baseline }) => ({ n, mean, std, accuracies, baseline })),
        frozen,
        'on the same draws',
      );
      assert.ok(
        steps.every((share, i) => share <= 1 && share >= (steps[i - 1] ?? 0)),
        steps.join(' '),
      );
      assert.equal(steps.filter((share) => share === 1).length, 1);
      assert.equal(bert.info.fingerprint, fingerprint);
      assert.deepEqual(await bert.embed('the lovely film'), before);
      assert.ok(await kept.classify('great'), 'a head of this model');

      for (const { n, accuracies } of points) {
        for (const [seed, accuracy] of accuracies.entries()) {
          const { drawn, others } = draw(n, seed);
          const other = await open(t);
          const head = await other.fit(drawn, { method, seed, ...quick, ...own });
          assert.equal(accuracy, await accuracyOf(head, others), `${n} examples of each label, draw ${seed}`);
        }
      }
      const all = points.flatMap(({ accuracies }) => accuracies);
      assert.ok(new Set(all).size > 2, `accuracies that could show a difference: ${all}`);
    });
  }

  for (const tune of ['full', 'layers'])
    test(`contrastive, ${tune}: each draw as \`fit\` does it, and the model stays as it is`, async (t) => {
      const bert = await open(t);
      const how = { method: 'contrastive', tune, rounds: 6, learningRate: 5e-3, batchSize: 4 };
      const before = await bert.embed('the film');
      const points = await bert.learningCurve(pool, { ...size, ...how });
      assert.deepEqual(await bert.embed('the film'), before);
      const kept = [];
      for (const { n, accuracies } of points)
        for (const [seed, accuracy] of accuracies.entries()) {
          const { drawn, others } = draw(n, seed);
          const fresh = await open(t);
          const head = await fresh.fit(drawn, { ...how, seed });
          kept.push(head.report.comparison.kept);
          assert.equal(accuracy, await accuracyOf(head, others), `${n} examples of each label, draw ${seed}`);
        }
      assert.ok(kept.includes('tuned'), kept.join(' '));
      const wrong = bert.learningCurve(pool, { ...how, rank: 2 });
      await assert.rejects(wrong, { code: 'BAD_INPUT', message: /no option "rank" for a learning curve/ });
    });

  test('contrastive: each draw as `fit` does it, beside the frozen head, from three examples of a label on', async (t) => {
    const bert = await open(t);
    const how = { method: 'contrastive', rounds: 6, rank: 4, learningRate: 5e-3, batchSize: 4 };
    const steps = [];
    const onProgress = ({ loaded, total, phase }) => phase === 'train' && steps.push(loaded / total);
    const points = await bert.learningCurve(pool, { ...size, ...how, onProgress });
    const frozen = await bert.learningCurve(pool, size);
    assert.deepEqual(
      points.map(({ n, frozen: { mean, std, accuracies }, baseline }) => ({ n, mean, std, accuracies, baseline })),
      frozen,
    );
    assert.ok(
      steps.every((share, i) => share <= 1 && share >= (steps[i - 1] ?? 0)),
      steps.join(' '),
    );
    const kept = [];
    for (const { n, accuracies } of points)
      for (const [seed, accuracy] of accuracies.entries()) {
        const { drawn, others } = draw(n, seed);
        const head = await bert.fit(drawn, { ...how, seed });
        kept.push(head.report.comparison.kept);
        assert.equal(accuracy, await accuracyOf(head, others), `${n} examples of each label, draw ${seed}`);
      }
    assert.ok(kept.includes('tuned'), kept.join(' '));
    const usual = await bert.learningCurve(toyExamples(12), { ...how, rounds: 1, draws: 1, baseline: false });
    assert.deepEqual(
      usual.map(({ n }) => n),
      [4],
    );
    const two = bert.learningCurve(pool, { ...how, sizes: [2], draws: 1 });
    await assert.rejects(two, { code: 'NO_EXAMPLES', message: /needs 3 examples of some label/ });
    await assert.rejects(bert.learningCurve(pool, { ...how, epochs: 2 }), { message: /no option "epochs"/ });
  });

  test('an int8 model: as its heads classify', async (t) => {
    const bert = await open(t, tiny(), { dtype: 'int8' });
    const [{ accuracies }] = await bert.learningCurve(pool, { sizes: [6], draws: 2, method: 'lora', ...quick });
    for (const [seed, accuracy] of accuracies.entries()) {
      const { drawn, others } = draw(6, seed);
      const head = await bert.fit(drawn, { method: 'lora', seed, ...quick });
      assert.equal(accuracy, await accuracyOf(head, others));
    }
    await assert.rejects(bert.learningCurve(pool, { method: 'full' }), {
      code: 'BAD_INPUT',
      message: /must be in f32/,
    });
  });

  test('texts to train on are cut, with a word; those to measure on are not', async (t) => {
    const bert = await open(t);
    const padded = ({ text, label }, i) => ({ text: `${i % 3 ? 'the movie was '.repeat(4) : ''}${text}`, label });
    const test = toyExamples(30).map(padded);
    const train = toyExamples(12).map(padded);
    const options = { method: 'layers', layers: 1, maxTokens: 8, ...quick };
    const warnings = [];
    const onWarning = (message, texts) => warnings.push([message, texts]);
    const sizes = { test, sizes: [6], draws: 1, baseline: false };
    const [{ accuracies }] = await bert.learningCurve(train, { ...sizes, ...options, onWarning });
    const cut = [...train.keys()].filter((i) => i % 3 || train[i].text.split(/\s+/).filter(Boolean).length > 6);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0][0], new RegExp(`^${cut.length} texts .* more than 8 tokens .* larger maxTokens`));
    assert.deepEqual(warnings[0][1], cut);
    const drawn = shuffle([...train.keys()], random(0)).map((i) => train[i]);
    const head = await bert.fit(drawn, { ...options, seed: 0, onWarning });
    assert.equal(accuracies[0], await accuracyOf(head, test));
    const shortened = test.map(({ text, label }) => ({ text: text.split(' ').slice(0, 6).join(' '), label }));
    assert.notEqual(accuracies[0], await accuracyOf(head, shortened));
  });

  test('what is not possible', async (t) => {
    const bert = await open(t);
    for (const [options, message] of [
      [{ method: 'LoRA' }, /method is "LoRA".*head or lora or layers or full/],
      [{ rank: 8 }, /no option "rank" for a learning curve with method 'head'/],
      [{ epochs: 2 }, /no option "epochs" for a learning curve with method 'head'/],
      [{ method: 'full', rank: 8 }, /no option "rank" .* method 'full'/],
      [{ method: 'lora', layers: 1 }, /no option "layers"/],
      [{ method: 'lora', validation: 0.2 }, /no option "validation"/],
      [{ method: 'lora', onCheckpoint() {} }, /no option "onCheckpoint"/],
      [{ method: 'lora', rank: 33 }, /rank is 33; it must be an integer from 1 to 32/],
      [{ method: 'lora', targetModules: ['nothing'] }, /"nothing", which is no linear layer/],
      [{ method: 'layers', layers: 3 }, /layers is 3/],
      [{ method: 'full', learningRate: 0 }, /learningRate is 0/],
      [{ method: 'full', maxTokens: 41 }, /maxTokens is 41/],
    ])
      await assert.rejects(bert.learningCurve(pool, { draws: 1, ...options }), { code: 'BAD_INPUT', message });
    const little = bert.learningCurve(pool, { method: 'full', memory: 1000 });
    await assert.rejects(little, { code: 'OUT_OF_MEMORY', message: /What would fit/ });
    const wild = bert.learningCurve(pool, { method: 'full', ...quick, learningRate: 1e30 });
    await assert.rejects(wild, { code: 'BAD_WEIGHTS', message: /smaller learningRate/ });
    const controller = new AbortController();
    const onProgress = ({ phase }) => phase === 'train' && controller.abort();
    const stopped = bert.learningCurve(pool, { method: 'full', ...quick, signal: controller.signal, onProgress });
    await assert.rejects(stopped, { name: 'AbortError' });
    assert.equal((await bert.learningCurve(pool, { method: 'full', ...quick, ...size, draws: 1 })).length, 2);
  });
});

test('the command line prints a line for each size', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'train.tsv');
  await writeFile(file, toyExamples(40).map(({ text, label }) => `${text}\t${label}\n`).join('')); // prettier-ignore
  const { code, stdout } = await bertlet(['learning-curve', '--model', tiny(), '--train', file, '--sizes', '2,4']);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n').map(JSON.parse); // prettier-ignore
  assert.deepEqual(
    lines.map(({ n }) => n),
    [2, 4],
  );
  for (const { accuracy, std, baseline } of lines) {
    assert.ok(accuracy > 0.4 && accuracy <= 1 && std >= 0);
    assert.ok(baseline.accuracy > 0.4 && baseline.accuracy <= 1);
  }
  const wrong = await bertlet(['learning-curve', '--model', tiny(), '--train', file, '--sizes', 'few']);
  assert.equal(wrong.code, 2);
});

test('the command line tunes, too', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'train.tsv');
  const pool = toyExamples(40);
  await writeFile(file, pool.map(({ text, label }) => `${text}\t${label}\n`).join('')); // prettier-ignore
  const command = ['learning-curve', '--model', tiny(), '--threads', '1', '--train', file, '--sizes', '4'];
  const tuning = ['--method', 'lora', '--rank', '2', '--target-modules', 'query,value', '--epochs', '3'];
  const more = ['--learning-rate', '0.01', '--batch-size', '4', '--max-tokens', '20', '--memory', '100MB'];
  const { code, stdout, stderr } = await bertlet([...command, ...tuning, ...more]);
  assert.equal(code, 0, stderr);
  const bert = await load(tiny(), { threads: 1 });
  t.after(() => bert.dispose());
  const lora = { method: 'lora', rank: 2, targetModules: ['query', 'value'], epochs: 3, learningRate: 0.01 };
  const [{ n, frozen, baseline, ...own }] = await bert.learningCurve(pool, {
    ...{ sizes: [4], batchSize: 4, maxTokens: 20 },
    ...lora,
  });
  const named = ({ mean, std }) => ({ accuracy: mean, std });
  const expected = { n, ...named(own), frozen: named(frozen), baseline: named(baseline) };
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(expected)));
  for (const [wrong, message] of [
    [['--rank', '2'], /--rank is for --method lora, contrastive; here it is head/],
    [['--epochs', '2'], /--epochs is for --method lora, layers, full; here it is head/],
    [['--method', 'full', '--layers', '2'], /--layers is for --method layers, contrastive; here it is full/],
    [['--method', 'most'], /--method must be one of head, lora, layers, full/],
  ]) {
    const refused = await bertlet([...command, ...wrong]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, message);
  }
});

describe(
  'a part of BANKING77, all examples in each draw: what scikit-learn makes of them',
  { skip: withoutMinilm },
  () => {
    const intents = JSON.parse(readFileSync(join(fixtures, 'tasks/intents.json'), 'utf8'));
    const examples = (rows) => rows.map(([text, label]) => ({ text, label }));
    const [pool, others] = [intents.train, intents.test].map(examples);
    let bert;
    before(async () => {
      bert = await load(minilm, { dtype: 'f32' });
    });
    after(() => bert?.dispose());

    test('accuracy, and that of words alone', async () => {
      const options = { test: others, sizes: [8], draws: 1, c: intents.c };
      const [{ mean, baseline }] = await bert.learningCurve(pool, options);
      assert.ok(Math.abs(mean - intents.accuracy) < 1e-12, `${mean}`);
      assert.ok(Math.abs(baseline.mean - intents.tfidfAccuracy) < 1e-12, `${baseline.mean}`);
    });

    test('fit(): the same label for each text', async () => {
      const head = await bert.fit(pool, { c: intents.c });
      const predicted = await head.classify(
        others.map(({ text }) => text),
        { topK: 1 },
      );
      assert.deepEqual(
        predicted.map(([{ label }]) => label),
        intents.predicted,
      );
    });
  },
);
