// A model on the calling thread, `worker: false`: what it gives, and how it is stopped.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { fixtures, fromRoot, tiny, toyExamples } from '../support.js';

const text = 'the movie was great';
const uses = {
  'bert-text': ({ head }) => head.classify([text, 'bad']),
  'bert-tokens': ({ head }) => head.entities(text),
  'bert-answers': ({ head }) => head.answer({ question: 'what was great', context: text }),
  'bert-masked': (bert) => bert.fillMask('the [MASK] was great'),
  'sentence-dense': (bert) => bert.embed([text, 'bad']),
};
for (const [name, use] of Object.entries(uses)) {
  test(`${name}: as in a worker`, async () => {
    const results = [];
    for (const worker of [true, false]) {
      const bert = await load(join(fixtures, 'checkpoints', name), { worker, threads: 1, onWarning() {} });
      results.push(await use(bert));
      await bert.dispose();
    }
    assert.ok(results[0].length > 0);
    assert.deepEqual(results[1], results[0]);
  });
}

test('training, heads from files and progress: as in a worker', async () => {
  const results = [];
  for (const worker of [true, false]) {
    const phases = new Set();
    const onProgress = ({ phase }) => phases.add(phase);
    const bert = await load(tiny(), { worker, threads: 1, cache: false, onProgress });
    const head = await bert.fit(toyExamples(16), { onProgress });
    const again = await bert.loadHead(await head.save());
    const curve = await bert.learningCurve(toyExamples(16), { sizes: [2], draws: 2 });
    results.push([await again.classify(text), await bert.tokenize(text), curve, phases]);
    await bert.dispose();
  }
  assert.deepEqual([...results[0][3]], ['download', 'features', 'search', 'train']);
  assert.deepEqual(results[1], results[0]);
});

test('there is one thread, and info.notes says why; a build with threads is refused', async () => {
  const bert = await load(tiny(), { worker: false, threads: 2 });
  assert.equal(bert.info.threads, 1);
  assert.doesNotMatch(bert.info.build, /-mt$/);
  assert.match(bert.info.notes.join(' '), /worker: false.* on the calling thread, and there is one thread\./);
  await bert.dispose();
  const bad = (options, message) =>
    assert.rejects(load(tiny(), options), { name: 'BertletError', code: 'BAD_INPUT', message });
  await bad({ worker: false, build: 'simd-mt' }, /"simd-mt" is a build with threads/);
  await bad({ worker: 'none' }, /worker is "none"/);
});

const many = Array.from({ length: 20000 }, (_, i) => `a good movie, number ${i}`);

test('a call is aborted between two pieces of its work', async () => {
  const bert = await load(tiny(), { worker: false });
  const before = await bert.embed(text);
  const controller = new AbortController();
  const events = [];
  const onProgress = ({ loaded }) => {
    events.push(loaded);
    controller.abort();
  };
  await assert.rejects(bert.embed(many, { signal: controller.signal, onProgress }), { name: 'AbortError' });
  assert.deepEqual(await bert.embed(text), before);
  assert.ok(events.length === 1 && events[0] < many.length, String(events));
  await bert.dispose();
});

test('dispose() rejects what runs, and stops its work', async (t) => {
  let calls = 0;
  const { instantiate } = WebAssembly;
  t.mock.method(WebAssembly, 'instantiate', async (/** @type {any[]} */ ...given) => {
    const { exports } = await instantiate(...given);
    const counted = ([name, it]) => [name, typeof it === 'function' ? (...of) => (calls++, it(...of)) : it];
    return { exports: Object.fromEntries(Object.entries(exports).map(counted)) };
  });
  /** How often the C core is called in some turns of the event loop: while a call works, each brings a piece of its work. */
  const turns = async () => {
    const before = calls;
    for (let i = 0; i < 20; i++) await setImmediate();
    return calls - before;
  };
  const bert = await load(tiny(), { worker: false });
  const examples = many.map((text, i) => ({ text, label: i % 2 ? 'odd' : 'even' }));
  let running;
  await new Promise((begun) => (running = bert.fit(examples, { onProgress: begun })));
  assert.ok((await turns()) > 0);
  await Promise.all([assert.rejects(running, { code: 'DISPOSED' }), bert.dispose()]);
  await turns();
  assert.equal(await turns(), 0);
  await assert.rejects(bert.embed(text), { code: 'DISPOSED' });
});

test('a script waits for what it has begun, and ends by itself', async () => {
  const source = `import { load } from ${JSON.stringify(fromRoot('js/index.js'))};
    await load('./nothing', { worker: false }).catch(({ code }) => console.log(code));
    load(${JSON.stringify(tiny())}, { worker: false }).then((bert) => bert.embed('good')).then(({ length }) => console.log(length));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { timeout: 60000 });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.deepEqual({ code, output }, { code: 0, output: 'FILE_NOT_FOUND\n32\n' });
});
