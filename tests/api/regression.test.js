// fit({ task: 'regression' }) on the frozen encoder, against scikit-learn's Ridge on PyTorch's vectors
// (tests/fixtures/make_regression_fixtures.py). With the encoder trained along: tuning.test.js.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { fixtures, minilm, tiny, withoutMinilm } from '../support.js';

const words = ['great', 'good', 'bad', 'awful'];
/** Texts whose number follows from a word of theirs. */
const scored = (count, scale = 100) =>
  Array.from({ length: count }, (_, i) => ({
    text: `the ${words[i % 4]} movie ${'very '.repeat(i % 3)}`,
    score: 1000 - scale * (i % 4),
  }));

test("all-MiniLM-L6-v2: scikit-learn's numbers", { skip: withoutMinilm }, async (t) => {
  const read = (...path) => readFileSync(join(fixtures, ...path), 'utf8');
  const { c, trained, scores, predicted } = JSON.parse(read('train', 'regression.json')).sentences;
  const lines = read('model', 'minilm-sentences', 'texts.jsonl').split('\n').slice(0, scores.length);
  const examples = lines.map((line, i) => ({ text: JSON.parse(line), score: scores[i] }));
  const bert = await load(minilm, { dtype: 'f32' });
  t.after(() => bert.dispose());
  const head = await bert.fit(examples.slice(0, trained), { task: 'regression', c });
  const own = await head.score(examples.map(({ text }) => text));
  own.forEach((score, i) => assert.ok(Math.abs(score - predicted[i]) <= 2e-3, `${score}, not ${predicted[i]}`));
});

describe('on a model of random weights', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  after(() => bert.dispose());
  const fit = (examples, options) => bert.fit(examples, { task: 'regression', ...options });

  test('the strength is chosen by cross-validation, held-out examples are measured', async () => {
    const examples = scored(80);
    const phases = new Set();
    const head = await fit(examples, { validation: 0.25, onProgress: ({ phase }) => phases.add(phase) });
    assert.deepEqual([...phases], ['features', 'search', 'train']);
    const { report } = head;
    assert.deepEqual(
      report.search.map(({ c }) => c),
      [0.1, 1, 10, 100],
    );
    const least = Math.min(...report.search.map(({ mse }) => mse));
    const chosen = report.search.find(({ c }) => c === report.c);
    assert.ok(chosen.mse <= 1.005 * least);
    const variances = report.search.map(({ mse, r2 }) => mse / (1 - r2));
    for (const variance of variances) assert.ok(Math.abs(variance - variances[0]) < 1e-6 * variance);
    assert.ok(Math.abs(variances[0] - 12500) < 1500, `${variances[0]}, and of 1000, 900, 800 and 700 it is 12500`);
    assert.equal(report.examples, 60);
    assert.equal(report.validation.n, 20);
    assert.ok(report.validation.pearson > 0.9 && report.validation.r2 > 0.8, JSON.stringify(report.validation));
    const { mse } = report.validation;
    assert.ok(mse > 0.1 * chosen.mse && mse < 10 * chosen.mse, `${mse} beside ${chosen.mse} of cross-validation`);
    const again = await bert.loadHead(await head.save());
    const texts = ['the great movie', 'the awful movie'];
    assert.deepEqual(await again.score(texts), await head.score(texts));
    assert.deepEqual(await (await fit(examples, { validation: 0.25 })).score(texts), await head.score(texts));
    const more = await fit(examples.map(({ text, score }) => ({ text, score: 1e6 + score / 1000 }))); // prettier-ignore
    const [best, worst] = await more.score(texts);
    assert.ok(best > worst && Math.abs(best - 1e6) < 2 && Math.abs(worst - 1e6) < 2);
  });

  test('pairs, layers, poolings', async () => {
    const pairs = scored(40).map(({ text, score }, i) => ({
      text: 'the movie',
      textPair: text,
      score: score + i / 100,
    }));
    const means = await fit(pairs, { c: 10 });
    const cls = await fit(pairs, { c: 10, pooling: 'cls', layer: 1 });
    assert.equal(cls.report.layer, 1);
    assert.equal(cls.report.pooling, 'cls');
    assert.deepEqual(cls.report.search, []);
    const pair = { text: 'the movie', textPair: 'the great movie' };
    assert.notEqual(await means.score(pair), await cls.score(pair));
    assert.notEqual(await means.score(pair), await means.score('the movie'));
  });

  test('few examples, and numbers that are all the same', async () => {
    assert.ok(Math.abs((await (await fit(scored(1))).score('the movie')) - 1000) < 1e-3);
    const [a, b] = await (await fit(scored(2))).score(['the great movie', 'the good movie very']);
    assert.ok(a > b && a < 1000 && b > 900);
    const same = await fit(scored(20, 0));
    assert.ok(Math.abs((await same.score('bad')) - 1000) < 1e-3);
  });

  test('what is not possible', async () => {
    for (const [options, message] of [
      [{ layer: 'auto' }, /layer is 'auto', which regression can't choose/],
      [{ pooling: 'auto' }, /pooling is "auto"/],
      [{ c: 0 }, /c is 0/],
      [{ head: 'mlp' }, /no option "head" for regression/],
      [{ standardize: true }, /no option "standardize" for regression/],
      [{ epochs: 3 }, /no option "epochs" for regression/],
    ])
      await assert.rejects(fit(scored(8), options), { code: 'BAD_INPUT', message });
    const huge = scored(8).map(({ text }, i) => ({ text, score: i % 2 ? 1e300 : -1e300 }));
    await assert.rejects(fit(huge, {}), { code: 'BAD_LABELS', message: /too large for 32 bits/ });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await assert.rejects(fit(scored(80), { signal: controller.signal, onProgress }), { name: 'AbortError' });
  });
});
