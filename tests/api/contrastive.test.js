// fit({ method: 'contrastive' }): adapters, or weights, are tuned on pairs of labelled examples, and kept if that is better than the frozen model. That
// the numbers of a step are PyTorch's is shown in tests/train/contrastive.test.js.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { random, shuffle } from '../../js/base/random.js';
import { tiny, toyExamples } from '../support.js';

const options = { method: 'contrastive', rounds: 4, learningRate: 5e-3, maxTokens: 32 };

/** Examples whose label is in one word of many, which a random model's mean vectors hardly tell. */
function needles(count) {
  const next = random(5);
  const hay = ['the', 'a', 'movie', 'film', 'plot', 'story', 'is', 'was', 'it', 'very', 'not', 'with', 'of', 'and'];
  return Array.from({ length: count }, (_, i) => {
    const words = shuffle([...hay], next).slice(0, 7);
    words.splice(Math.floor(next() * 8), 0, i % 2 ? 'bad' : 'good');
    return { text: words.join(' '), label: i % 2 ? 'down' : 'up' };
  });
}

let bert;
before(async () => {
  bert = await load(tiny(), { dtype: 'f32', threads: 1 });
});
after(() => bert.dispose());

/** A saved model's own head gives texts the labels of the head that was saved with it. */
async function saysAlike(files, texts, labels) {
  const saved = await load(files, { dtype: 'f32', threads: 1 });
  (await saved.head.classify(texts)).forEach(([best], i) => {
    assert.equal(best.label, labels[i][0].label);
    assert.ok(Math.abs(best.score - labels[i][0].score) < 1e-3);
  });
  await saved.dispose();
}

describe('what comes of it', () => {
  test('tuned vectors that are better than frozen ones are kept: the head has an adapter, the model stays as it is', async () => {
    const examples = needles(24);
    const before = await bert.embed('the good film');
    const { fingerprint } = bert.info;
    const head = await bert.fit(examples, { ...options, rounds: 40, learningRate: 0.01 });
    const { comparison, ...report } = head.report;
    assert.equal(comparison.kept, 'tuned');
    assert.equal(comparison.measuredOn, 'cross-validation');
    assert.ok(comparison.tuned.accuracy > comparison.frozen.accuracy, JSON.stringify(comparison));
    assert.ok(comparison.gain.mean > comparison.gain.standardError, JSON.stringify(comparison));
    const gained = comparison.frozen.logLoss - comparison.tuned.logLoss;
    assert.ok(Math.abs(comparison.gain.mean - gained) < 1e-12, `${comparison.gain.mean} is the difference ${gained}`);
    assert.equal(report.method, 'contrastive');
    assert.equal(report.examples, 24);
    assert.equal(report.rounds, 40);
    assert.equal(report.steps, (24 * 2 * 40) / 16);
    assert.equal(report.lora.rank, 16);
    assert.ok(report.trainLoss < 0.05, `${report.trainLoss}`);
    assert.ok((await head.evaluate(examples)).accuracy > 0.9);
    assert.deepEqual(await bert.embed('the good film'), before);
    assert.equal(bert.info.fingerprint, fingerprint);

    const texts = examples.map(({ text }) => text);
    const vectors = await bert.embed(texts, { head, normalize: true });
    const cosine = (i, j) => vectors[i].reduce((sum, value, k) => sum + value * vectors[j][k], 0);
    assert.ok(cosine(0, 2) > cosine(0, 1) + 0.3, 'vectors of one label are alike, those of two are not');

    const labels = await head.classify(texts);
    const again = await bert.loadHead(await head.save());
    assert.deepEqual(await again.classify(texts), labels);
    assert.deepEqual(again.report, head.report);
    const beside = await bert.loadHead(await head.saveAdapter());
    assert.deepEqual(await beside.classify(texts), labels);
    await saysAlike(await bert.save({ head }), texts, labels);
  });

  test('frozen vectors are kept if tuned ones are worse by more than chance: the head is that of the model as it is', async () => {
    const examples = toyExamples(24);
    const same = (await bert.fit(examples, { ...options, learningRate: 1e-9 })).report.comparison;
    assert.equal(same.tuned.accuracy, same.frozen.accuracy);
    assert.ok(Math.abs(same.gain.mean) < 1e-4, 'what changes nothing gains nothing');
    const worse = await bert.fit(examples, { ...options, learningRate: 1, dropout: 0.9 });
    const { frozen, tuned, gain, kept } = worse.report.comparison;
    assert.equal(kept, 'frozen', JSON.stringify(worse.report.comparison));
    assert.ok(gain.mean < -gain.standardError && tuned.logLoss > frozen.logLoss);
    assert.ok(frozen.accuracy >= tuned.accuracy);
    await assert.rejects(worse.saveAdapter(), { code: 'BAD_INPUT', message: /no adapter/ });
    const [one, other] = await bert.embed(['the good film', 'the good film'], { head: worse });
    assert.deepEqual(one, other);
    assert.deepEqual(one, await bert.embed('the good film'));
  });

  test('with validation, held-out examples decide, and the head is not trained on them', async () => {
    const examples = needles(48);
    const head = await bert.fit(examples, { ...options, rounds: 12, validation: 0.25 });
    const { comparison, validation } = head.report;
    assert.equal(comparison.measuredOn, 'validation');
    assert.equal(head.report.examples, 36);
    assert.equal(validation.n, 12);
    assert.equal(comparison[comparison.kept].accuracy, validation.accuracy);
  });

  test('several labels, or none', async () => {
    const examples = needles(36).map(({ text, label }) => ({
      text,
      labels: [...(label === 'up' ? ['up'] : []), ...(text.includes('very') ? ['very'] : [])],
    }));
    const head = await bert.fit(examples, { ...options, task: 'multi-label', rounds: 40, learningRate: 0.01 });
    const { comparison } = head.report;
    assert.ok(comparison.tuned.microF1 >= 0 && comparison.frozen.microF1 >= 0);
    const { mean, standardError } = comparison.gain;
    assert.equal(comparison.kept, mean >= -Math.max(standardError, 0.005) ? 'tuned' : 'frozen');
    assert.deepEqual(head.labels, ['up', 'very']);
    const { microF1 } = await head.evaluate(examples);
    assert.ok(microF1 > 0.8, `${microF1} ${JSON.stringify(comparison)}`);
  });

  test('by default each example is paired ten times, and fewer times where that would be more than 2560 pairs', async () => {
    const { learningRate, maxTokens } = options;
    for (const [count, rounds] of [
      [12, 10],
      [320, 8],
    ]) {
      const { report } = await bert.fit(needles(count), {
        method: 'contrastive',
        learningRate,
        maxTokens,
        validation: 0.5,
      });
      assert.equal(report.examples, count / 2);
      assert.equal(report.rounds, rounds);
    }
  });

  test('the same seed gives the same head, another one another', async () => {
    const examples = needles(18);
    const fit = async (seed) => (await bert.fit(examples, { ...options, c: 1, seed })).save();
    const one = await fit(1);
    assert.deepEqual(await fit(1), one);
    assert.notDeepEqual(await fit(2), one);
  });

  test('of an int8 model, too', async () => {
    const int8 = await load(tiny(), { threads: 1, dtype: 'int8' });
    const head = await int8.fit(needles(24), { ...options, rounds: 12 });
    assert.ok((await head.evaluate(needles(24))).accuracy >= head.report.trainAccuracy - 0.05);
    await int8.dispose();
  });
});

describe('weights instead of adapters', () => {
  const text = 'the good film';
  let own;
  beforeEach(async () => {
    own = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  afterEach(() => own.dispose());

  for (const [tune, learningRate] of [
    ['full', 5e-3],
    ['layers', 1e-2],
  ])
    test(`${tune}: tuned weights that are better are the model's, with its head; what belongs to the old ones is refused`, async () => {
      const examples = needles(24);
      const texts = examples.map(({ text }) => text);
      const before = await own.embed(text);
      const { fingerprint } = own.info;
      const old = await own.fit(examples);
      const head = await own.fit(examples, { ...options, tune, rounds: 40, learningRate });
      const { comparison, ...report } = head.report;
      assert.equal(comparison.kept, 'tuned', JSON.stringify(comparison));
      assert.ok(comparison.gain.mean > comparison.gain.standardError, JSON.stringify(comparison));
      assert.equal(report.tune, tune);
      assert.equal(report.lora, undefined);
      assert.equal(report.layers, tune === 'layers' ? 2 : undefined);
      assert.notDeepEqual(await own.embed(text), before);
      assert.notEqual(own.info.fingerprint, fingerprint);
      assert.equal(own.head, head);
      assert.ok((await head.evaluate(examples)).accuracy > 0.9);
      await assert.rejects(old.classify(text), { code: 'HEAD_MODEL_MISMATCH' });

      const vectors = await own.embed(texts, { normalize: true });
      const cosine = (i, j) => vectors[i].reduce((sum, value, k) => sum + value * vectors[j][k], 0);
      assert.ok(cosine(0, 2) > cosine(0, 1) + 0.3, 'vectors of one label are alike, those of two are not');

      const labels = await head.classify(texts);
      assert.deepEqual(await (await own.loadHead(await head.save())).classify(texts), labels);
      await assert.rejects(bert.loadHead(await head.save()), { code: 'HEAD_MODEL_MISMATCH' });
      await assert.rejects(head.saveAdapter(), { code: 'BAD_INPUT' });
      await saysAlike(await own.save({ head }), texts, labels);
    });

  test('what is worse leaves the model as it was, bit for bit, with the heads that it had', async () => {
    const examples = toyExamples(24);
    const before = await own.embed(text);
    const { info } = own;
    const old = await own.fit(examples);
    const labels = await old.classify(text);
    const head = await own.fit(examples, { ...options, tune: 'full', learningRate: 1 });
    assert.equal(head.report.comparison.kept, 'frozen', JSON.stringify(head.report.comparison));
    assert.equal(own.info, info);
    assert.deepEqual(await own.embed(text), before);
    assert.deepEqual(await old.classify(text), labels);
    assert.deepEqual(await bert.embed(text), before);
    const again = await bert.loadHead(await head.save());
    assert.deepEqual(await again.classify(text), await head.classify(text));
  });

  for (const [where, share, more] of [
    ['a fold', 0.4, {}],
    ['the last training', 0.8, {}],
    ['the only training', 0.4, { validation: 0.25 }],
  ])
    test(`stopped in ${where}, it goes on to the same bits, and the model is as it was until then`, async () => {
      const examples = needles(24);
      const given = { ...options, tune: 'full', rounds: 80, learningRate: 5e-3, ...more };
      const before = await own.embed(text);
      const { fingerprint } = own.info;
      const controller = new AbortController();
      let state;
      let reached;
      const stopped = own.fit(examples, {
        ...given,
        signal: controller.signal,
        onCheckpoint: (bytes) => (state = bytes),
        onProgress({ phase, loaded, total }) {
          if (phase !== 'train' || loaded < share * total) return;
          reached = loaded;
          controller.abort();
        },
      });
      await assert.rejects(stopped, { name: 'AbortError' });
      assert.equal(own.info.fingerprint, fingerprint);
      assert.deepEqual(await own.embed(text), before);

      const fitted = async (options) => {
        const fresh = await load(tiny(), { dtype: 'f32', threads: 1 });
        const head = await fresh.fit(examples, { ...given, ...options });
        const found = { file: await head.save(), vector: await fresh.embed(text), fingerprint: fresh.info.fingerprint };
        await fresh.dispose();
        return found;
      };
      const whole = await fitted();
      assert.notDeepEqual(whole.vector, before);
      const begun = [];
      const onProgress = ({ phase, loaded }) => phase === 'train' && begun.push(loaded);
      assert.deepEqual(await fitted({ resume: state, onProgress }), whole);
      assert.ok(begun[0] > reached, 'what was done is not done again');
      const other = own.fit(examples, { ...given, tune: 'layers', resume: state });
      await assert.rejects(other, { code: 'BAD_CHECKPOINT', message: /its tune is "full", not "layers"/ });
    });

  test('texts that are longer than maxTokens are trained on without the rest, but measured as they are', async () => {
    const examples = needles(24).map(({ text: needle, label }) => ({ text: `${'the '.repeat(20)}${needle}`, label }));
    const heard = [];
    const onWarning = (message) => heard.push(message);
    const given = { ...options, tune: 'full', maxTokens: 12, learningRate: 1e-9, onWarning };
    const { comparison } = (await own.fit(examples, given)).report;
    assert.match(heard[0], /24 texts .* more than 12 tokens/);
    assert.equal(comparison.tuned.accuracy, comparison.frozen.accuracy);
    assert.ok(Math.abs(comparison.gain.mean) < 1e-4, `what changes nothing gains nothing: ${comparison.gain.mean}`);
  });

  test('a step that does not fit into the memory is cut, and learns the same', async () => {
    const examples = needles(24);
    const lossOf = async (more) => {
      const fresh = await load(tiny(), { dtype: 'f32', threads: 1 });
      const { report } = await fresh.fit(examples, { ...options, tune: 'full', ...more });
      await fresh.dispose();
      return report.trainLoss;
    };
    let memory;
    const whole = await lossOf({ onProgress: (progress) => (memory = progress.memory ?? memory) });
    const least = await own.fit(examples, { ...options, tune: 'full', memory: 1000 }).catch(({ message }) => message);
    const megabytes = Number(/at least (\d+) MB/.exec(least)[1]);
    assert.ok(megabytes * 2 ** 20 < memory, `${megabytes} MB, ${memory} bytes`);
    const cut = await lossOf({ memory: megabytes * 2 ** 20 });
    assert.ok(Math.abs(cut - whole) < 1e-3 * whole, `${cut}, in one batch ${whole}`);
  });

  test('of two at a time, one is lost, and says so', async () => {
    const given = { ...options, tune: 'full', rounds: 40, learningRate: 5e-3 };
    const both = await Promise.allSettled([0, 1].map((seed) => own.fit(needles(24), { ...given, seed })));
    const kept = both.filter(({ status }) => status === 'fulfilled');
    assert.deepEqual(
      kept.map(({ value }) => value.report.comparison.kept),
      ['tuned'],
    );
    const lost = both.find(({ status }) => status === 'rejected');
    assert.equal(lost.reason.code, 'HEAD_MODEL_MISMATCH');
    assert.ok(await kept[0].value.classify(text));
  });

  test('options that do not belong to it, and int8 models, are errors', async () => {
    const examples = needles(24);
    for (const [more, message] of [
      [{ tune: 'all' }, /tune is "all"; it must be .*lora.*layers.*full/],
      [{ tune: 'full', rank: 4 }, /no option "rank" for text-classification .* tune 'full'/],
      [{ tune: 'full', layers: 1 }, /no option "layers" for text-classification .* tune 'full'/],
      [{ tune: 'layers', layers: 9 }, /layers is 9/],
      [
        { method: 'full', rounds: undefined, tune: 'full' },
        /no option "tune" for text-classification with method 'full'/,
      ],
    ])
      await assert.rejects(own.fit(examples, { ...options, ...more }), { code: 'BAD_INPUT', message });
    const int8 = await load(tiny(), { threads: 1, dtype: 'int8' });
    for (const tune of ['full', 'layers'])
      await assert.rejects(int8.fit(examples, { ...options, tune }), {
        code: 'BAD_INPUT',
        message: /^tune '\w+' trains the model's own weights, which must be in f32: load it .* or use tune 'lora'\.$/,
      });
    await int8.dispose();
  });
});

test('progress counts the steps of all trainings, and can be stopped', async () => {
  const examples = needles(24);
  const seen = [];
  const controller = new AbortController();
  const onProgress = (progress) => progress.phase === 'train' && seen.push(progress);
  await bert.fit(examples, { ...options, onProgress });
  const { total } = seen[0];
  assert.equal(total, 12 + 3 * 8, 'all 24 examples, and three times 16 of them');
  seen.reduce((before, { loaded, total: same }) => {
    assert.ok(loaded >= before && same === total);
    return loaded;
  }, 0);
  assert.equal(seen.at(-1).loaded, total);
  assert.ok(seen[0].loss > 0 && seen[0].memory > 0 && seen[0].secondsLeft > 0 && seen[0].tokensPerSecond > 0);
  const { signal } = controller;
  const stopped = bert.fit(examples, { ...options, rounds: 500, signal, onProgress: () => controller.abort() });
  await assert.rejects(stopped, { name: 'AbortError' });
  assert.ok(await bert.fit(examples, options), 'the model works on');
});

test('a fit that was stopped goes on from its checkpoint, to the same bits: in a fold, and in the last training', async () => {
  const examples = needles(24);
  const given = { ...options, rounds: 40, learningRate: 0.01 };
  const whole = await bert.fit(examples, given);
  assert.equal(whole.report.comparison.kept, 'tuned');
  const total = 3 * ((16 * 2 * 40) / 16) + (24 * 2 * 40) / 16;
  for (const share of [0.4, 0.8]) {
    const controller = new AbortController();
    let state;
    const stopped = bert.fit(examples, {
      ...given,
      signal: controller.signal,
      onCheckpoint: (bytes) => (state = bytes),
      onProgress: ({ phase, loaded }) => phase === 'train' && loaded > share * total && controller.abort(),
    });
    await assert.rejects(stopped, { name: 'AbortError' });
    const begun = [];
    const onProgress = ({ phase, loaded }) => phase === 'train' && begun.push(loaded);
    const resumed = await bert.fit(examples, { ...given, resume: state, onProgress });
    assert.ok(begun[0] > share * total, 'what was done is not done again');
    assert.deepEqual(await resumed.save(), await whole.save());
    const other = bert.fit(examples, { ...given, rounds: 41, resume: state });
    await assert.rejects(other, { code: 'BAD_CHECKPOINT', message: /another training/ });
    await assert.rejects(bert.fit(examples.slice(2), { ...given, resume: state }), { code: 'BAD_CHECKPOINT' });
  }
});

describe('what can go wrong', () => {
  const examples = toyExamples(24);
  const fit = (more) => bert.fit(examples, { ...options, ...more });

  for (const [more, message] of [
    [{ rounds: 0 }, /rounds is 0; it must be an integer from 1/],
    [{ rank: 33 }, /rank is 33/],
    [{ epochs: 2 }, /no option "epochs" for text-classification with method 'contrastive'/],
    [{ layers: 1 }, /no option "layers"/],
    [{ c: 0 }, /c is 0/],
    [{ pooling: 'auto' }, /pooling is "auto"/],
    [{ targetModules: ['pooler'] }, /"pooler", which is no linear layer/],
    [{ task: 'regression' }, /method 'contrastive' is for the tasks text-classification, multi-label/],
  ])
    test(`${JSON.stringify(more)}: BAD_INPUT`, () => assert.rejects(fit(more), { code: 'BAD_INPUT', message }));

  test('rounds are of this method only', async () => {
    const lora = bert.fit(examples, { method: 'lora', rounds: 3 });
    await assert.rejects(lora, { code: 'BAD_INPUT', message: /no option "rounds"/ });
  });

  test('examples of one label, or too few', async () => {
    const ofOne = examples.filter(({ label }) => label === 'pos');
    await assert.rejects(bert.fit(ofOne, options), { code: 'ONE_CLASS' });
    const few = [examples.find(({ label }) => label === 'pos'), examples.find(({ label }) => label === 'neg')];
    const tooFew = { code: 'NO_EXAMPLES', message: /needs 3 examples of some label .* method 'head'/ };
    await assert.rejects(bert.fit(few, options), tooFew);
    await assert.rejects(bert.fit([...few, ...few], options), tooFew);
  });

  test('too little memory says what would fit', async () => {
    await assert.rejects(fit({ memory: 1000 }), { code: 'OUT_OF_MEMORY', message: /What would fit: at least \d+ MB/ });
  });

  test('a loss that is not finite names the step, and the model works on', async () => {
    await assert.rejects(fit({ learningRate: 1e30 }), { code: 'BAD_WEIGHTS', message: /learningRate/ });
    assert.ok(await bert.fit(examples));
  });
});
