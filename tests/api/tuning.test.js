// fit({ method }): adapters, layers or all weights are trained along with a head. That the numbers of a step are PyTorch's is shown in
// tests/train/tuner.test.js.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { tiny, toyExamples } from '../support.js';

const quick = { epochs: 6, batchSize: 8, learningRate: 5e-3, maxTokens: 32 };

const sentences = (count) =>
  Array.from({ length: count }, (_, i) => {
    const name = ['story', 'plot', 'film'][i % 3];
    return { words: ['the', name, 'is', 'here'], tags: ['O', i % 3 < 2 ? 'B-person' : 'B-city', 'O', 'O'] };
  });

const questions = (count) =>
  Array.from({ length: count }, (_, i) => {
    const name = ['story', 'plot', 'film'][i % 3];
    const context = `the ${name} is here`;
    return { question: 'who', context, answers: [{ text: name, start: 4 }] };
  });

const tasks = {
  'text-classification': toyExamples(80),
  'multi-label': toyExamples(80).map(({ text, label }) => ({ text, labels: label === 'pos' ? ['good'] : [] })),
  'token-classification': sentences(60),
  'question-answering': questions(60),
};

describe('lora', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  after(() => bert.dispose());

  for (const [task, examples] of Object.entries(tasks)) {
    test(`${task}: the head has an adapter, learns, and leaves the model as it is`, async () => {
      const before = await bert.embed('the lovely film');
      const { fingerprint } = bert.info;
      const head = await bert.fit(examples, { task, method: 'lora', validation: 0.25, ...quick });
      assert.equal(head.report.method, 'lora');
      assert.equal(head.report.lora.rank, 16);
      const losses = head.report.history.map(({ loss }) => loss);
      assert.ok(losses.at(-1) < 0.7 * losses[0], losses.join(' '));
      assert.ok(head.report.history.every(({ heldOut }) => heldOut.loss > 0));
      assert.equal(head.report.validation.n, task === 'question-answering' ? 15 : head.report.validation.n);
      assert.deepEqual(await bert.embed('the lovely film'), before);
      assert.equal(bert.info.fingerprint, fingerprint);
      const again = await bert.loadHead(await head.save());
      assert.deepEqual(await again.evaluate(examples), await head.evaluate(examples));
    });
  }
});

test('numbers: of any scale, and the head gives them on that scale', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const words = ['great', 'good', 'bad', 'awful'];
  const examples = Array.from({ length: 80 }, (_, i) => ({
    text: `the ${words[i % 4]} movie ${'very '.repeat(i % 3)}`,
    score: 1000 - 100 * (i % 4),
  }));
  const options = { task: 'regression', method: 'lora', validation: 0.25, ...quick, epochs: 20 };
  const head = await bert.fit(examples, options);
  assert.ok(head.report.validation.pearson > 0.9, JSON.stringify(head.report.validation));
  assert.ok(head.report.validation.r2 > 0.8);
  assert.equal(head.report.validation.n, 20);
  const kept = head.report.history[head.report.epochs - 1].heldOut;
  assert.ok(Math.abs(kept.r2 - head.report.validation.r2) < 1e-3);
  const [best, worst] = await head.score(['the great movie', 'the awful movie']);
  assert.ok(best > worst + 100 && best < 1300 && worst > 400, `${best} ${worst}`);
  const noScore = bert.fit([{ text: 'a', score: 'b' }], options);
  await assert.rejects(noScore, { code: 'BAD_LABELS', message: /score of example 0 is "b"/ });
  await assert.rejects(head.evaluate([]), { code: 'NO_EXAMPLES' });
  await bert.dispose();
});

test('lora with a conditional random field: it learns what follows what', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const examples = sentences(60);
  const options = { task: 'token-classification', method: 'lora', validation: 0.25, ...quick };
  const head = await bert.fit(examples, { ...options, epochs: 24, crf: true });
  assert.ok(head.report.history.at(-1).loss < 0.2 * head.report.history[0].loss);
  assert.equal(head.report.history.at(-1).heldOut.f1, 1);
  assert.equal((await head.evaluate(examples)).f1, 1);
  // As many parameters as the transitions: [CLS]-less chains of three tags.
  const header = new TextDecoder().decode((await head.save()).subarray(8, 60000));
  assert.match(header, /"crf\.transitions":\{"dtype":"F32","shape":\[3,3\]/);
  await bert.dispose();
});

for (const method of ['layers', 'full']) {
  describe(method, () => {
    for (const [task, examples] of Object.entries(tasks)) {
      test(`${task}: the model has new weights, and heads of the old ones are refused`, async () => {
        const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
        try {
          const frozen = await bert.fit(toyExamples(20), { c: 1 });
          const saved = await frozen.save();
          const before = await bert.embed('the lovely film');
          const { fingerprint } = bert.info;
          const options = { task, method, ...quick, ...(method === 'layers' && { layers: 1 }) };
          const head = await bert.fit(examples, options);
          const losses = head.report.history.map(({ loss }) => loss);
          assert.ok(losses.at(-1) < 0.8 * losses[0], losses.join(' '));
          assert.notDeepEqual(await bert.embed('the lovely film'), before);
          assert.notEqual(bert.info.fingerprint, fingerprint);
          assert.equal(bert.head, head);
          await assert.rejects(frozen.classify('good'), { code: 'HEAD_MODEL_MISMATCH', message: /trained since/ });
          await assert.rejects(bert.loadHead(saved), { code: 'HEAD_MODEL_MISMATCH' });
          const again = await bert.loadHead(await head.save());
          assert.deepEqual(await again.evaluate(examples), await head.evaluate(examples));
          const anew = await bert.fit(toyExamples(20), { c: 1 });
          assert.notDeepEqual(await anew.save(), saved, 'features of the old weights are forgotten');
        } finally {
          await bert.dispose();
        }
      });
    }
  });
}

test('layers: those below the cut stay as they were', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const { numLayers } = bert.info;
  const at = (layer) => bert.embed('the lovely film', { layer });
  const before = await at(numLayers - 1);
  const last = await at(numLayers);
  await bert.fit(tasks['text-classification'], { method: 'layers', layers: 1, ...quick });
  assert.deepEqual(await at(numLayers - 1), before);
  assert.notDeepEqual(await at(numLayers), last);
  await bert.dispose();
});

describe('interrupted', () => {
  for (const { method, task } of [
    { method: 'lora', task: 'text-classification' },
    { method: 'layers', task: 'token-classification' },
    { method: 'full', task: 'question-answering' },
  ]) {
    test(`${method}: what goes on from a checkpoint ends with the same bits`, async () => {
      const examples = tasks[task];
      // Long enough to be interrupted on any machine.
      const options = { task, method, validation: 0.2, ...quick, epochs: 40, earlyStopping: false };
      const fit = async (more) => {
        const bert = await load(tiny(), { dtype: 'f32', threads: 1, cache: false });
        try {
          const head = await bert.fit(examples, { ...options, ...more });
          return { bytes: await head.save(), report: head.report, fingerprint: bert.info.fingerprint };
        } finally {
          await bert.dispose();
        }
      };
      const whole = await fit();
      const controller = new AbortController();
      const checkpoints = [];
      const onProgress = ({ phase, epochs }) => {
        if (phase === 'train' && epochs.length >= 1) controller.abort();
      };
      const { signal } = controller;
      const onCheckpoint = (bytes) => checkpoints.push(bytes);
      await assert.rejects(fit({ signal, onCheckpoint, onProgress }), { name: 'AbortError' });
      assert.equal(checkpoints.length, 1);
      assert.deepEqual(await fit({ resume: checkpoints[0] }), whole);
    });
  }
});

describe('what can go wrong', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  after(() => bert.dispose());
  const examples = toyExamples(40);
  const fit = (options) => bert.fit(examples, { method: 'lora', ...quick, ...options });

  for (const [options, message] of [
    [{ method: 'all' }, /method is "all"; it must be head or lora or layers or full/],
    [{ rank: 0 }, /rank is 0; it must be an integer from 1 to 32/],
    [{ rank: 33 }, /rank is 33/],
    [{ alpha: -1 }, /alpha is -1; it must be a positive number/],
    [{ dropout: 1 }, /dropout is 1; it must be at least 0 and below 1/],
    [{ warmup: 2 }, /warmup is 2; it must be a share of the steps/],
    [{ targetModules: ['query', 'pooler'] }, /"pooler", which is no linear layer .* attention\.self\.query,/],
    [{ targetModules: [] }, /targetModules is \[\]/],
    [{ targetModules: '.*query(?=x)' }, /pattern .* doesn't understand/],
    [{ maxTokens: 41 }, /maxTokens is 41; it must be an integer from 3 to 40/],
    [{ layers: 1 }, /no option "layers" for text-classification with method 'lora'/],
    [{ c: 1 }, /no option "c"/],
    [{ pooling: 'auto' }, /pooling is "auto"/],
    [{ method: 'full', rank: 8 }, /no option "rank"/],
    [{ method: 'layers', layers: 3 }, /layers is 3; it must be an integer from 1 to 2/],
    [{ resume: 'file' }, /resume is not a Blob, bytes/],
  ])
    test(`${JSON.stringify(options)}: BAD_INPUT`, () => assert.rejects(fit(options), { code: 'BAD_INPUT', message }));

  test('too little memory says what would fit', async () => {
    await assert.rejects(fit({ memory: 1000 }), { code: 'OUT_OF_MEMORY', message: /What would fit: at least \d+ MB/ });
  });

  test('target modules by the end of their names, or by a pattern', async () => {
    const modulesOf = async (targetModules) => {
      const head = await fit({ targetModules, epochs: 1 });
      const header = new TextDecoder().decode((await head.save()).subarray(8, 60000));
      return [...new Set([...header.matchAll(/layer\.(\d+)\.([\w.]+)\.lora_A/g)].map(([, n, name]) => `${n} ${name}`))];
    };
    const queries = ['0 attention.self.query', '1 attention.self.query'];
    assert.deepEqual(await modulesOf(['query']), queries);
    assert.deepEqual(await modulesOf('bert\\.encoder\\.layer\\.\\d\\.attention\\.self\\.query'), queries);
    assert.deepEqual(await modulesOf('encoder\\.layer\\.1\\..*query'), queries.slice(1));
    assert.equal((await modulesOf('all-linear')).length, 12);
  });

  test('a loss that is not finite: the step is named, and the last good state is kept', async () => {
    const checkpoints = [];
    const onCheckpoint = (bytes) => checkpoints.push(bytes);
    await assert.rejects(fit({ learningRate: 1e30, onCheckpoint }), { code: 'BAD_WEIGHTS', message: /learningRate/ });
    assert.equal(checkpoints.length, 1);
    assert.equal((await fit({ epochs: 1 })).report.steps, 5, 'the model works on');
  });

  test('a checkpoint that is damaged, or of another training', async () => {
    const checkpoints = [];
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = () => controller.abort();
    await assert.rejects(fit({ signal, onProgress, onCheckpoint: (bytes) => checkpoints.push(bytes) }), {
      name: 'AbortError',
    });
    const [resume] = checkpoints;
    const bad = (message) => ({ code: 'BAD_CHECKPOINT', message });
    await assert.rejects(fit({ resume: resume.subarray(0, 100) }), bad(/damaged/));
    await assert.rejects(fit({ resume: resume.subarray(0, -8) }), bad(/damaged/));
    await assert.rejects(fit({ resume, rank: 8 }), bad(/another training \(its rank is 16, not 8\)/));
    await assert.rejects(fit({ resume, seed: 5 }), bad(/its seed is 0, not 5/));
    const others = bert.fit(toyExamples(44), { method: 'lora', ...quick, resume });
    await assert.rejects(others, bad(/its examples are others/));
    assert.ok(await fit({ resume }));
  });

  test('an int8 model: its own weights are not trained', async () => {
    const int8 = await load(tiny(), { threads: 1, dtype: 'int8' });
    const options = { method: 'full', ...quick };
    await assert.rejects(int8.fit(examples, options), {
      code: 'BAD_INPUT',
      message: /dtype 'f32', or use method 'lora'/,
    });
    await int8.dispose();
  });
});

test('a call that reads the model while another one tunes all of it has the old weights or the new ones, not some of each', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const texts = toyExamples(3000).map(({ text }) => text);
  const before = await bert.embed(texts);
  const fitting = bert.fit(toyExamples(40), { method: 'full', ...quick, epochs: 1 });
  const seen = [];
  let done = false;
  fitting.then(() => (done = true));
  while (!done) seen.push(await bert.embed(texts));
  await fitting;
  const after = await bert.embed(texts);
  assert.notDeepEqual(after, before);
  for (const [i, vectors] of seen.entries())
    assert.ok(
      [before, after].some((whole) => vectors.every((vector, j) => String(vector) === String(whole[j]))),
      `${i}`,
    );
  await bert.dispose();
});

test('of two fits of the whole model at once, the second says that it came too late', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const fit = (seed) => bert.fit(toyExamples(40), { method: 'full', ...quick, epochs: 1, seed });
  const results = await Promise.allSettled([fit(1), fit(2)]);
  const failed = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  assert.equal(failed.length, 1);
  assert.equal(failed[0].code, 'HEAD_MODEL_MISMATCH');
  assert.match(failed[0].message, /Train one after the other/);
  const [{ value: head }] = results.filter(({ status }) => status === 'fulfilled');
  assert.ok(await head.classify('good'));
  await bert.dispose();
});

test('a tuned model as a folder: the same numbers, with its head', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  await bert.fit(toyExamples(60), { method: 'full', ...quick });
  const texts = ['the great movie', 'the awful movie'];
  const [vectors, labels] = [await bert.embed(texts), await bert.head.classify(texts)];
  const files = await bert.save();
  const again = await load(files, { dtype: 'f32', threads: 1 });
  assert.equal(again.info.fingerprint, bert.info.fingerprint);
  assert.deepEqual(await again.embed(texts), vectors);
  assert.deepEqual(await again.head.classify(texts), labels);
  await Promise.all([bert.dispose(), again.dispose()]);
});

test('an adapter as a folder: the same numbers beside the model', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  for (const [task, examples] of Object.entries(tasks)) {
    const head = await bert.fit(examples, {
      task,
      method: 'lora',
      ...quick,
      ...(task === 'token-classification' && { crf: true }),
    });
    const again = await bert.loadHead(await head.saveAdapter());
    assert.equal(again.task, task);
    assert.deepEqual(again.report, head.report);
    assert.deepEqual(await again.saveAdapter(), await head.saveAdapter(), 'transitions of tags included');
    assert.deepEqual(await again.evaluate(examples), await head.evaluate(examples));
  }
  await bert.dispose();
});

test('an adapter on a model that was trained before names the folder of that model', async () => {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  const examples = toyExamples(40);
  const before = await bert.fit(examples, { method: 'lora', ...quick, epochs: 1 });
  await bert.fit(examples, { method: 'full', ...quick, rank: undefined, epochs: 1 });
  const after = await bert.fit(examples, { method: 'lora', ...quick, epochs: 1 });
  await assert.rejects(after.saveAdapter(), { code: 'BAD_INPUT', message: /trained since it was loaded.*baseModel/ });
  const baseOf = (files) => JSON.parse(new TextDecoder().decode(files['adapter_config.json'])).base_model_name_or_path;
  assert.equal(baseOf(await after.saveAdapter({ baseModel: './tuned' })), './tuned');
  assert.equal(baseOf(await before.saveAdapter()), tiny(), 'which belongs to the model that was loaded');
  await bert.dispose();
});
