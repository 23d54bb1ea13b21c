// Learning curves: through the public API and the command line. Oracle: the means that scikit-learn reaches on PyTorch's features and
// on its own TF-IDF (tests/fixtures/make_intent_fixtures.py). All of BANKING77 takes minutes: `npm run accuracy` measures it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { bertlet } from '../cli/cli.js';
import { fixtures, minilm, temporaryFolder, tiny, toyExamples, withoutMinilm } from '../support.js';

describe('on a model of random weights', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { threads: 1 });
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

describe(
  'a part of BANKING77, all examples in each draw: what scikit-learn makes of them',
  { skip: withoutMinilm },
  () => {
    const intents = JSON.parse(readFileSync(join(fixtures, 'tasks/intents.json'), 'utf8'));
    const examples = (rows) => rows.map(([text, label]) => ({ text, label }));
    const [pool, others] = [intents.train, intents.test].map(examples);
    let bert;
    before(async () => {
      bert = await load(minilm);
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
