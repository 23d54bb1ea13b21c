// A pool gives what one model gives, bit for bit, on real workers, and outlives one of them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { BertletError, createPool, load } from '../../js/index.js';
import { fixtures, fromRoot, temporaryFolder, tiny, toyExamples } from '../support.js';

const MASKED = join(fixtures, 'checkpoints/bert-masked');

/** The worker threads that were started, and those among them that have sent a part of a result. */
const threads = [];
const working = new Set();
process.on('worker', (thread) => {
  threads.push(thread);
  thread.on('message', ({ part }) => part && working.add(thread));
});

/** Texts of very different lengths, enough for several pieces; every seventh is too long for the models here. */
const texts = Array.from({ length: 700 }, (_, i) =>
  i % 7 === 3 ? `the ${'very '.repeat(50)} good movie` : `${'a good movie and '.repeat(i % 5)}the worst ${i}`,
);

/** A method's result and warnings. */
async function heard(call) {
  const warnings = [];
  const result = await call({ onWarning: (...warning) => warnings.push(warning) });
  return { result, warnings };
}

/** The same of a model and of a pool; deepEqual compares every number of a typed array. */
async function same(call, { bert, pool }) {
  const [one, several] = [await heard((options) => call(bert, options)), await heard((options) => call(pool, options))];
  assert.deepEqual(several, one);
  return one;
}

describe('a pool gives what one model gives', () => {
  const both = {};
  before(async () => {
    both.bert = await load(MASKED, { threads: 1, cache: false });
    both.pool = await createPool({ model: MASKED, size: 3, cache: false });
  });
  after(() => Promise.all([both.bert?.dispose(), both.pool?.dispose()]));

  test('what is known of it', () => {
    const { size, info } = both.pool;
    assert.equal(size, 3);
    assert.equal(info.threads, 1);
    assert.deepEqual(info, both.bert.info);
  });

  test('embed, on all workers, with one warning of all texts that were cut', async () => {
    working.clear();
    const { result, warnings } = await same((model, options) => model.embed(texts, options), both);
    assert.equal(working.size, 4, 'one thread of the model, three of the pool');
    assert.equal(result.length, texts.length);
    assert.equal(warnings.length, 1);
    await same((model, options) => model.embed(texts.slice(0, 90), { pooling: 'none', ...options }), both);
    await same((model, options) => model.embed('a good movie', options), both);
    await same((model, options) => model.embed([], options), both);
  });

  test('tokenize and fillMask', async () => {
    await same((model) => model.tokenize(texts), both);
    const masked = Array.from(
      { length: 400 },
      (_, i) => `${'the '.repeat(i % 9)}[MASK] was ${i % 2 ? '[MASK]' : ''} ${i}`,
    );
    const { warnings } = await same(
      (model, options) => model.fillMask(masked, { targets: ['good', 'goodness'], ...options }),
      both,
    );
    assert.equal(warnings.length, 1, 'of a target that is no piece');
  });

  test('heads of all kinds that a model was trained with', async () => {
    const { bert, pool } = both;
    const sentences = texts.slice(0, 400).map((text) => text.split(' ').slice(0, 30));
    const questions = texts
      .slice(0, 60)
      .map((context) => ({ question: 'which movie', context: `${context} ${context}` }));
    const answered = [{ question: 'who', context: 'the good movie', answers: [{ text: 'good', start: 4 }] }];
    const tagged = ['B-x', 'O'].map((tag) => ({ words: ['good', 'the'], tags: [tag, 'O'] }));
    for (const [task, examples, use] of [
      ['text-classification', toyExamples(8), (head, options) => head.classify(texts, options)],
      ['token-classification', tagged, (head, options) => head.tag(sentences, options)],
      ['token-classification', tagged, (head, options) => head.entities(texts, { stride: 3, ...options })],
      [
        'question-answering',
        answered,
        (head, options) => head.answer(questions, { maxTokens: 20, stride: 4, ...options }),
      ],
    ]) {
      const trained = await bert.fit(examples, { task, onWarning() {} });
      const head = await pool.loadHead(await trained.save());
      const [one, several] = await Promise.all([heard((o) => use(trained, o)), heard((o) => use(head, o))]);
      assert.deepEqual(several, one, task);
    }
    const answerer = await pool.loadHead(await (await bert.fit(answered, { task: 'question-answering' })).save());
    const long = questions.with(50, { question: 'which '.repeat(30), context: 'movie' });
    await assert.rejects(answerer.answer(long), { code: 'TEXT_TOO_LONG', message: /^Question 50 has/ });
    const tuned = await bert.fit(toyExamples(8), { method: 'lora', epochs: 1, onWarning() {} });
    const head = await pool.loadHead(await tuned.save());
    assert.deepEqual(
      await pool.embed(texts, { head, onWarning() {} }),
      await bert.embed(texts, { head: tuned, onWarning() {} }),
    );
    await assert.rejects(pool.embed('a', { head: tuned }), { code: 'BAD_INPUT' });
  });

  test('errors name texts by their number in the whole list', async () => {
    const { bert, pool } = both;
    const short = texts.map((text) => text.slice(0, 60));
    const masked = short.map((text) => `${text} [MASK]`);
    for (const [call, wrong] of [
      [(model) => model.embed(short.with(600, texts[3]), { truncation: 'error' }), /^Text 600 is longer/],
      [(model) => model.fillMask(masked.with(601, 'no mask')), /^Text 601 has no/],
      [(model) => model.fillMask(masked.with(602, `[MASK] ${texts[3]}`)), /^Text 602 is longer/],
    ]) {
      const [one, several] = await Promise.all([bert, pool].map((model) => call(model).catch((error) => error)));
      assert.match(one.message, wrong);
      assert.equal(several.message, one.message);
      assert.ok(several instanceof BertletError && several.code === one.code);
    }
  });

  test('progress rises to the whole, once', async () => {
    const progress = [];
    await both.pool.embed(texts, { onProgress: (one) => progress.push(one), onWarning() {} });
    const loaded = progress.map((one) => one.loaded);
    assert.deepEqual(
      loaded,
      [...loaded].sort((a, b) => a - b),
    );
    assert.equal(loaded.filter((count) => count === texts.length).length, 1);
    assert.ok(progress.every(({ phase, total }) => phase === 'embed' && total === texts.length));
  });

  test('a short call overtakes a long one; an aborted one rejects with its reason, and the pool goes on', async () => {
    const { pool } = both;
    const controller = new AbortController();
    const order = [];
    const long = pool
      .embed(Array(300_000).fill('a good movie'), { signal: controller.signal })
      .finally(() => order.push('long'));
    long.catch(() => {});
    for (let i = 0; i < 5; i++) await pool.embed(`a good movie ${i}`).then(() => order.push('short'));
    controller.abort(new Error('mine'));
    await assert.rejects(long, { message: 'mine' });
    assert.deepEqual(order, [...Array(5).fill('short'), 'long']);
    assert.deepEqual(await pool.embed('a good movie'), await both.bert.embed('a good movie'));
  });

  test('what a listener throws rejects the call', async () => {
    const throwing = () => {
      throw new Error('mine');
    };
    for (const name of ['onProgress', 'onWarning'])
      await assert.rejects(both.pool.embed(texts, { onWarning() {}, [name]: throwing }), { message: 'mine' });
  });
});

test('the head of a checkpoint is on all workers', async () => {
  const model = join(fixtures, 'checkpoints/bert-text');
  const [bert, pool] = await Promise.all([load(model, { threads: 1 }), createPool({ model, size: 2 })]);
  await same(({ head }, options) => head.classify(texts, options), { bert, pool });
  await Promise.all([bert.dispose(), pool.dispose()]);
});

test('documents are ranked on all workers', async () => {
  const model = join(fixtures, 'checkpoints/bert-single');
  const [bert, pool] = await Promise.all([load(model, { threads: 1 }), createPool({ model, size: 2 })]);
  await same((one, options) => one.rerank('a good movie', texts, options), { bert, pool });
  await Promise.all([bert.dispose(), pool.dispose()]);
});

test('files are read by every worker; the cache is asked first where there is one', async (t) => {
  const names = ['config.json', 'vocab.txt', 'model.safetensors'];
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, new Blob([await readFile(join(tiny(), name))])])),
  );
  const pool = await createPool({ model: files, size: 2 });
  assert.equal((await pool.embed('good')).length, 32);
  await pool.dispose();

  const folder = await temporaryFolder(t);
  await cp(tiny(), folder, { recursive: true });
  const vectors = [];
  for (const cache of ['refresh', true]) {
    const other = await createPool({ model: folder, size: 2, dtype: 'int8', cache });
    assert.equal(other.info.fromCache, cache === true);
    vectors.push(await other.embed(texts, { onWarning() {} }));
    await other.dispose();
  }
  assert.deepEqual(vectors[0], vectors[1]);
});

test('when a worker is ended, its calls fail, and a new one has the model and all heads', async () => {
  const bert = await load(tiny(), { threads: 1 });
  const before = threads.length;
  const pool = await createPool({ model: tiny(), size: 2 });
  const ofPool = threads.slice(before);
  const trained = await bert.fit(toyExamples(20), { c: 1 });
  const head = await pool.loadHead(await trained.save());
  const expected = await trained.classify(texts, { onWarning() {} });
  const long = () => pool.embed(Array(300_000).fill('a good movie'));
  for (const victim of ofPool) {
    const running = long();
    running.catch(() => {});
    await pool.embed('a good movie');
    victim.terminate();
    await assert.rejects(running, {
      name: 'BertletError',
      code: 'WORKER_FAILED',
      message: /A worker of the pool ended/,
    });
    // On the other one, until the new one takes part.
    working.clear();
    do assert.deepEqual(await head.classify(texts, { onWarning() {} }), expected);
    while (!working.has(threads.at(-1)));
    assert.ok(!ofPool.includes(threads.at(-1)));
  }
  await Promise.all([bert.dispose(), pool.dispose()]);
});

test('another model in the same place is no worker of the pool', async (t) => {
  const folder = await temporaryFolder(t);
  await cp(tiny(), folder, { recursive: true });
  const before = threads.length;
  const pool = await createPool({ model: folder, size: 2, cache: false });
  const vector = await pool.embed('good');
  await cp(tiny('f16'), folder, { recursive: true });
  const [one, two] = threads.slice(before);
  await one.terminate();
  for (let i = 0; i < 3; i++) assert.deepEqual(await pool.embed('good'), vector);
  await two.terminate();
  await assert.rejects(pool.embed('good'), { code: 'WORKER_FAILED', message: /has changed.*Create the pool again/ });
  await pool.dispose();
});

test('dispose() rejects what runs, what waits and what comes later, and may be repeated', async () => {
  const bert = await load(tiny());
  const head = await (await bert.fit(toyExamples(4), { c: 1 })).save();
  await bert.dispose();
  const pool = await createPool({ model: tiny(), size: 2 });
  const calls = Array.from({ length: 6 }, () => pool.embed(Array(100_000).fill('a good movie')));
  const disposing = pool.dispose();
  const disposed = { name: 'BertletError', code: 'DISPOSED', message: /This pool was disposed of/ };
  await Promise.all(calls.map((call) => assert.rejects(call, disposed)));
  await disposing;
  await pool.dispose();
  await assert.rejects(pool.embed('good'), disposed);
  await assert.rejects(pool.loadHead(head), disposed);
  await assert.rejects(pool.loadHead(new Uint8Array(9)), { code: 'BAD_HEAD' });
});

test('wrong options, and a model that is not there', async () => {
  const wrong = (options, code, message = /./) =>
    assert.rejects(createPool(options), { name: 'BertletError', code, message });
  await wrong({ model: tiny(), size: 0 }, 'BAD_INPUT', /size is 0/);
  await wrong({ model: tiny(), sise: 2 }, 'BAD_INPUT', /no option "sise"/);
  await wrong({ size: 2 }, 'BAD_INPUT', /A model is given/);
  for (const none of [undefined, null, tiny()]) await wrong(none, 'BAD_INPUT', /one object.*{ model, size }/);
  await wrong({ model: join(tiny(), 'nothing'), size: 2 }, 'FILE_NOT_FOUND');
  await assert.rejects(createPool({ model: tiny(), signal: AbortSignal.abort(new Error('mine')) }), {
    message: 'mine',
  });
});

test('on the calling thread there is one', async () => {
  const pool = await createPool({ model: tiny(), size: 3, worker: false });
  assert.equal(pool.size, 1);
  assert.match(pool.info.notes[0], /calling thread/);
  assert.equal((await pool.embed(texts, { onWarning() {} })).length, texts.length);
  await pool.dispose();
});

test('a process ends by itself, whatever became of its pool', async () => {
  const source = `
    import process from 'node:process';
    import { createPool } from ${JSON.stringify(fromRoot('js/index.js'))};
    const threads = [];
    process.on('worker', (thread) => threads.push(thread));
    const pool = await createPool({ model: ${JSON.stringify(tiny())}, size: 2 });
    await pool.embed('good');
    const many = () => pool.embed(Array(200000).fill('a good movie'));
    const said = (call) => call.then(() => console.log('done'), ({ code, message }) => console.log(code ?? message));
    const cases = {
      forgotten() {},
      disposed: () => pool.dispose(),
      waiting: () => void said(pool.embed(Array(2000).fill('a good movie'))),
      busy: () => Promise.all([said(many()), pool.dispose()]),
      ended: () => Promise.all([said(many()), threads[0].terminate()]),
      'all ended': () => Promise.all([said(many()), ...threads.map((thread) => thread.terminate())]),
    };
    await cases[process.argv[1]]();`;
  const run = (name) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source, name], { timeout: 120_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    return new Promise((resolve) => child.on('close', (code) => resolve([name, code, output])));
  };
  for (const [name, output] of Object.entries({
    forgotten: '',
    disposed: '',
    waiting: 'done\n',
    busy: 'DISPOSED\n',
    ended: 'WORKER_FAILED\n',
    'all ended': 'WORKER_FAILED\n',
  }))
    assert.deepEqual(await run(name), [name, 0, output]);
});
