// fit({ task: 'sentence-similarity' }): an adapter with which `embed` gives vectors that are alike where pairs of texts say so.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { random, shuffle } from '../../js/base/random.js';
import { cosineSimilarity, load, search } from '../../js/index.js';
import { regressionMetrics } from '../../js/metrics/correlation.js';
import { tiny } from '../support.js';

const options = { task: 'sentence-similarity', learningRate: 1e-2, maxTokens: 32, epochs: 12 };

const hay = ['the', 'a', 'is', 'was', 'it', 'very', 'not', 'with', 'of', 'and', 'this', 'that'];
const topics = ['movie', 'film', 'plot', 'story', 'good', 'bad', 'great', 'awful'];

/** Texts of a topic, which is one word of three. */
function texts(seed) {
  const next = random(seed);
  return (topic) => {
    const words = shuffle([...hay], next).slice(0, 2);
    words.splice(Math.floor(next() * 3), 0, topics[topic]);
    return words.join(' ');
  };
}

const pairs = (count, more = () => ({})) => {
  const about = texts(1);
  return Array.from({ length: count }, (_, i) => {
    const topic = i % topics.length;
    return { text: about(topic), textPair: about(topic), ...more(about, topic, i) };
  });
};

const graded = (count) => {
  const about = texts(2);
  return Array.from({ length: count }, (_, i) => {
    const [left, right] = [i % 4, i % 2 === 0 ? i % 4 : (i + 1 + (Math.floor(i / 8) % 3)) % 4];
    return { text: about(left), textPair: about(right), score: Number(left === right) };
  });
};

let bert;
before(async () => {
  bert = await load(tiny(), { dtype: 'f32', threads: 1 });
});
after(() => bert.dispose());

describe('what comes of it', () => {
  test('graded pairs: cosines agree with scores of pairs that were held out, better than before', async () => {
    const examples = graded(160);
    const before = await bert.embed('the good film');
    const head = await bert.fit(examples, { ...options, validation: 0.25 });
    assert.equal(head.task, 'sentence-similarity');
    assert.deepEqual(head.labels, []);
    const { comparison, ...report } = head.report;
    assert.equal(report.method, 'contrastive');
    assert.equal(report.examples, 120);
    assert.equal(report.epochs, 12);
    assert.equal(report.steps, 12 * 8);
    assert.equal(comparison.kept, 'tuned');
    assert.equal(comparison.tuned.n, 40);
    assert.ok(comparison.tuned.spearman > comparison.frozen.spearman + 0.2, JSON.stringify(comparison));

    const fresh = graded(200).slice(160);
    const metrics = await head.evaluate(fresh);
    const scores = await head.score(fresh);
    const vectorsOf = (key) =>
      bert.embed(
        fresh.map((pair) => pair[key]),
        { head },
      );
    const [lefts, rights] = [await vectorsOf('text'), await vectorsOf('textPair')];
    const cosines = lefts.map((left, i) => cosineSimilarity(left, rights[i]));
    assert.deepEqual(scores, cosines);
    const { spearman, pearson } = regressionMetrics(
      fresh.map(({ score }) => score),
      cosines,
    );
    assert.deepEqual(metrics, { spearman, pearson, n: 40 });
    assert.equal(await head.score(fresh[0]), scores[0]);
    assert.deepEqual(await bert.embed('the good film'), before, 'the model stays as it is');
  });

  for (const [name, more] of [
    ['pairs', undefined],
    ['triplets', (about, topic) => ({ negative: about((topic + 3) % topics.length) })],
  ])
    test(`${name}: a held-out text finds the one that belongs to it more often than before`, async () => {
      const head = await bert.fit(pairs(160, more), { ...options, validation: 0.2 });
      const { comparison } = head.report;
      assert.equal(comparison.kept, 'tuned');
      const { frozen, tuned } = comparison;
      assert.equal(tuned.n, 32);
      assert.ok(tuned.meanReciprocalRank > frozen.meanReciprocalRank + 0.05, JSON.stringify(comparison));
      assert.ok(tuned.recallAt1 <= tuned.meanReciprocalRank);
      assert.ok(head.report.trainLoss < Math.log(more ? 32 : 16) - 0.2, `${head.report.trainLoss}`);
    });

  test('pairs without scores are measured as search finds them, long ones named by their index', async () => {
    const head = await bert.fit(pairs(32), { ...options, epochs: 2 });
    const fresh = [...pairs(60).slice(32), { text: 'good', textPair: 'good '.repeat(100) }];
    fresh[1] = { ...fresh[1], textPair: fresh[0].textPair }; // it is one candidate for both
    const warned = [];
    const { meanReciprocalRank, recallAt1, n } = await head.evaluate(fresh, {
      onWarning: (_, indices) => warned.push(indices),
    });
    const answers = [...new Set(fresh.map(({ textPair }) => textPair))];
    const quiet = { head, onWarning() {} };
    const vectors = await bert.embed(answers, quiet);
    const places = [];
    for (const { text, textPair } of fresh) {
      const hits = search(await bert.embed(text, quiet), vectors, { topK: answers.length });
      const { score } = hits.find(({ index }) => answers[index] === textPair);
      places.push(1 + hits.findIndex((hit) => hit.score <= score + 1e-9));
    }
    assert.equal(n, fresh.length);
    const mean = places.reduce((sum, place) => sum + 1 / place, 0) / n;
    assert.ok(Math.abs(meanReciprocalRank - mean) < 1e-12, `${meanReciprocalRank}, not ${mean}`);
    assert.equal(recallAt1, places.filter((place) => place === 1).length / n);
    assert.ok(recallAt1 < 1);
    assert.deepEqual(warned, [[fresh.length - 1]]);
    await assert.rejects(head.evaluate(fresh, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });

  test('without validation nothing is compared; what is worse on held-out pairs is not kept', async () => {
    const head = await bert.fit(graded(32), { ...options, epochs: 1 });
    assert.equal(head.report.comparison, undefined);
    const worse = await bert.fit(graded(80), { ...options, epochs: 2, learningRate: 3, validation: 0.5 });
    assert.equal(worse.report.comparison.kept, 'frozen', JSON.stringify(worse.report.comparison));
    assert.deepEqual(await bert.embed('the good film', { head: worse }), await bert.embed('the good film'));
    await assert.rejects(worse.saveAdapter(), { code: 'BAD_INPUT', message: /no adapter/ });
  });

  test('saved as a file, as a folder of PEFT and in a whole model: the same vectors', async () => {
    const head = await bert.fit(graded(64), { ...options, epochs: 2 });
    const list = ['the good film', 'it was not a story'];
    const vectors = await bert.embed(list, { head });
    assert.notDeepEqual(vectors, await bert.embed(list));
    const again = await bert.loadHead(await head.save());
    assert.deepEqual(await bert.embed(list, { head: again }), vectors);
    assert.deepEqual(again.report, head.report);

    const files = await head.saveAdapter();
    const beside = await bert.loadHead(files);
    assert.equal(beside.task, 'sentence-similarity');
    assert.deepEqual(await bert.embed(list, { head: beside }), vectors);
    const config = JSON.parse(new TextDecoder().decode(files['adapter_config.json']));
    assert.equal(config.task_type, 'FEATURE_EXTRACTION');
    assert.equal(config.modules_to_save, null);
    assert.ok(files['modules.json'] && files['1_Pooling/config.json']);

    const near = (one) =>
      one.forEach((vector, i) => assert.ok(cosineSimilarity(vector, vectors[i]) > 1 - 1e-6, `text ${i}`));
    const merged = await load(tiny(), { dtype: 'f32', adapter: files, threads: 1 });
    near(await merged.embed(list));
    assert.equal(merged.head, undefined);
    const whole = await load(await bert.save({ head }), { dtype: 'f32', threads: 1 });
    near(await whole.embed(list));
    assert.equal(whole.head, undefined);
    await Promise.all([merged.dispose(), whole.dispose()]);
  });

  for (const [tune, learningRate] of [
    ['full', 5e-3],
    ['layers', 1e-2],
  ])
    test(`${tune}: the model itself gets the better vectors, or stays as it is, bit for bit`, async () => {
      const own = await load(tiny(), { dtype: 'f32', threads: 1 });
      const list = ['the good film', 'it was not a story'];
      const before = await own.embed(list);
      const { fingerprint } = own.info;
      // Scores that the model gives itself can't be met better.
      const [lefts, rights] = await Promise.all(
        ['text', 'textPair'].map((key) => own.embed(graded(80).map((pair) => pair[key]))),
      );
      const met = graded(80).map((pair, i) => ({ ...pair, score: Math.max(cosineSimilarity(lefts[i], rights[i]), 0) }));
      const worse = await own.fit(met, { ...options, tune, epochs: 2, validation: 0.5 });
      assert.equal(worse.report.comparison.kept, 'frozen', JSON.stringify(worse.report.comparison));
      assert.equal(own.info.fingerprint, fingerprint);
      assert.deepEqual(await own.embed(list), before);

      const labels = await own.fit([...'ab'].map((label, i) => ({ text: list[i], label })));
      const head = await own.fit(graded(160), { ...options, tune, learningRate, validation: 0.25 });
      const { comparison } = head.report;
      assert.equal(comparison.kept, 'tuned');
      assert.ok(comparison.tuned.spearman > comparison.frozen.spearman + 0.2, JSON.stringify(comparison));
      assert.equal(head.report.tune, tune);
      const vectors = await own.embed(list);
      assert.notDeepEqual(vectors, before);
      assert.deepEqual(await own.embed(list, { head }), vectors);
      assert.notEqual(own.info.fingerprint, fingerprint);
      assert.equal(own.head, undefined);
      await assert.rejects(labels.classify('film'), { code: 'HEAD_MODEL_MISMATCH' });
      const metrics = await head.evaluate(graded(200).slice(160));
      assert.ok(metrics.spearman > comparison.frozen.spearman, JSON.stringify(metrics));

      const saved = await load(await own.save(), { dtype: 'f32', threads: 1 });
      (await saved.embed(list)).forEach((vector, i) => assert.ok(cosineSimilarity(vector, vectors[i]) > 1 - 1e-6));
      assert.equal(saved.head, undefined);
      const whole = await load(await own.save({ head }), { dtype: 'f32', threads: 1 });
      (await whole.embed(list)).forEach((vector, i) => assert.ok(cosineSimilarity(vector, vectors[i]) > 1 - 1e-6));
      await Promise.all([own.dispose(), saved.dispose(), whole.dispose()]);
    });

  test('stopped, it goes on from its checkpoint, to the same bits', async () => {
    const given = { ...options, epochs: 30, validation: 0.2 };
    const examples = graded(80);
    const whole = await bert.fit(examples, given);
    const controller = new AbortController();
    let state;
    const stopped = bert.fit(examples, {
      ...given,
      signal: controller.signal,
      onCheckpoint: (bytes) => (state = bytes),
      onProgress: ({ phase, loaded }) => phase === 'train' && loaded > 20 && controller.abort(),
    });
    await assert.rejects(stopped, { name: 'AbortError' });
    const resumed = await bert.fit(examples, { ...given, resume: state });
    assert.deepEqual(await resumed.save(), await whole.save());
    await assert.rejects(bert.fit(graded(82), { ...given, resume: state }), { code: 'BAD_CHECKPOINT' });
  });

  test('the same seed gives the same adapter', async () => {
    const fit = async (seed) => (await bert.fit(pairs(32), { ...options, epochs: 1, seed })).save();
    const one = await fit(1);
    assert.deepEqual(await fit(1), one);
    assert.notDeepEqual(await fit(2), one);
  });
});

describe('what can go wrong', () => {
  const [one, other] = pairs(2);
  for (const [examples, code, message] of [
    [[], 'NO_EXAMPLES', /at least two pairs/],
    ['pairs', 'BAD_INPUT', /array/],
    [[{ text: 'a' }], 'BAD_INPUT', /Example 0 is no pair/],
    [[{ ...one, negative: 5 }], 'BAD_INPUT', /Example 0 is no pair/],
    [[{ ...one, negative: 'a', score: 1 }], 'BAD_INPUT', /a negative and a score/],
    [[{ ...one, score: 1 }, other], 'BAD_LABELS', /not example 1/],
    [[one, { ...other, score: 1 }], 'BAD_LABELS', /not example 0/],
    [[{ ...one, score: 4.75 }], 'BAD_LABELS', /score of example 0 is 4.75; .* from 0, .* to 1, .* Divide/],
    [[{ ...one, score: 'high' }], 'BAD_LABELS', /score of example 0 is "high"/],
  ])
    test(`${JSON.stringify(examples)}: ${code}`, () => assert.rejects(bert.fit(examples, options), { code, message }));

  for (const [more, message] of [
    [{ method: 'lora' }, /has method 'contrastive' only, not 'lora'/],
    [{ rounds: 3 }, /no option "rounds" for sentence-similarity/],
    [{ c: 3 }, /no option "c"/],
    [{ pooling: 'cls' }, /no option "pooling"/],
  ])
    test(`${JSON.stringify(more)}: BAD_INPUT`, () =>
      assert.rejects(bert.fit(pairs(8), { ...options, ...more }), { code: 'BAD_INPUT', message }));

  test('some pairs without scores, and none', async () => {
    const head = await bert.fit(pairs(8), { ...options, epochs: 1 });
    await assert.rejects(head.evaluate([...pairs(1), ...graded(1)]), { code: 'BAD_LABELS', message: /not example 0/ });
    await assert.rejects(head.evaluate([]), { code: 'NO_EXAMPLES' });
    assert.deepEqual(await head.score([]), []);
  });
});
