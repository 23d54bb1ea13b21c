// What goes between the page and the worker: nothing twice, nothing that nobody wants.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { serialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { load } from '../../js/index.js';
import { fixtures, tiny, toyExamples } from '../support.js';

/** Messages to workers and from them since the test began. */
const sent = [];
const received = [];

const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (message, transfer) {
  sent.push(message);
  return postMessage.call(this, message, transfer);
};
Worker.prototype.on = function (event, listener) {
  const spy = (message) => {
    received.push(message);
    listener(message);
  };
  return EventEmitter.prototype.on.call(this, event, event === 'message' ? spy : listener);
};

const bytes = (messages) => messages.reduce((sum, message) => sum + serialize(message).length, 0);

/** What a call sends and gets back. */
async function messagesOf(call) {
  sent.length = received.length = 0;
  await call();
  return { up: [...sent], down: [...received] };
}

// A head of 300 hidden units has 43 KB of weights.
const large = { head: 'mlp', hiddenSize: 300, epochs: 2 };
const WEIGHTS = 4 * 32 * 300;

let bert;
before(async () => {
  bert = await load(tiny(), { threads: 1 });
});
after(() => bert.dispose());
beforeEach(() => (sent.length = received.length = 0));

/** A short call: one message there, one back, without weights. */
async function isShort(call) {
  for (let i = 0; i < 3; i++) {
    const { up, down } = await messagesOf(call);
    assert.equal(up.length, 1, JSON.stringify(up.map(({ method }) => method)));
    assert.equal(down.length, 1);
    assert.ok(bytes(up) < 400, `${bytes(up)} bytes up`);
    assert.ok('result' in down[0] && down[0].part);
  }
}

test('the weights of a head that was trained come once and never go back', async () => {
  const examples = toyExamples(40);
  let head;
  const { up, down } = await messagesOf(async () => (head = await bert.fit(examples, large)));
  assert.ok(bytes(up) < 6000, `${bytes(up)} bytes up`);
  assert.ok(bytes(down) > WEIGHTS && bytes(down) < 1.5 * WEIGHTS, `${bytes(down)} bytes down`);
  await isShort(() => head.classify('a good movie'));
  assert.ok((await head.save()).length > WEIGHTS);
});

test('the weights of a head that was saved go once', async () => {
  const head = await bert.fit(toyExamples(40), large);
  const file = await head.save();
  let back;
  const { up, down } = await messagesOf(async () => (back = await bert.loadHead(file)));
  assert.equal(up.length, 1);
  assert.ok(bytes(up) > WEIGHTS && bytes(up) < 1.5 * WEIGHTS);
  assert.equal(down.length, 1);
  assert.ok(bytes(down) < 100, `${bytes(down)} bytes down`);
  await isShort(() => back.classify('a good movie'));
  assert.deepEqual(await back.classify('a good movie'), await head.classify('a good movie'));
});

test("a checkpoint's own head is in the worker from the start; entities and tags take one call", async () => {
  const checkpoints = ['bert-text', 'bert-tokens', 'bert-answers'];
  const [texts, tokens, answers] = await Promise.all(
    checkpoints.map((name) => load(join(fixtures, 'checkpoints', name), { threads: 1 })),
  );
  await isShort(() => texts.head.classify('good'));
  await isShort(() => tokens.head.entities('good movie'));
  await isShort(() => tokens.head.entities('good movie', { aggregationStrategy: 'none' }));
  await isShort(() => tokens.head.tag([['good', 'movie']]));
  await isShort(() => answers.head.answer({ question: 'good?', context: 'movie' }));
  await Promise.all([texts, tokens, answers].map((model) => model.dispose()));
});

test('the worker forgets a head that the page has lost, and no other', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const forgotten = () => sent.filter(({ method }) => method === 'forgetHead').map(({ params }) => params.head);
  const kept = await bert.fit(toyExamples(20), { c: 1 });
  await bert.fit(toyExamples(20), { c: 2 });
  const numbers = sent.filter(({ method }) => method === 'fit').map(({ params }) => params.head);
  assert.equal(new Set(numbers).size, 2);
  const [first, second] = numbers;
  for (let i = 0; i < 100 && !forgotten().includes(second); i++) {
    collect();
    await setTimeout(10);
  }
  assert.ok(forgotten().includes(second));
  assert.ok(!forgotten().includes(first));
  assert.equal((await kept.classify('good')).length, 2);
});

test('progress is sent only to those who listen', async () => {
  const texts = Array.from({ length: 40 }, () => 'good movie '.repeat(15));
  const progressOf = ({ down }) => down.filter(({ event }) => event?.progress).length;
  for (const call of [
    (options) => bert.embed(texts, options),
    (options) => bert.fit(toyExamples(40), options),
    (options) => bert.learningCurve(toyExamples(40), { draws: 1, sizes: [2], ...options }),
    (options) => load(tiny(), { threads: 1, cache: false, ...options }).then((other) => other.dispose()),
  ]) {
    let reports = 0;
    assert.equal(progressOf(await messagesOf(() => call({}))), 0);
    assert.ok(progressOf(await messagesOf(() => call({ onProgress: () => reports++ }))) > 0);
    assert.ok(reports > 0);
  }
  const warnings = [];
  const onWarning = (message) => warnings.push(message);
  await bert.embed('good '.repeat(60), { onWarning });
  assert.equal(warnings.length, 1, 'warnings come in any case');
});

test('a message for each batch, the last one with the result', async () => {
  const texts = Array.from({ length: 40 }, (_, i) => 'good movie '.repeat(1 + (i % 15)));
  let vectors;
  const { down } = await messagesOf(async () => (vectors = await bert.embed(texts)));
  assert.ok(down.length > 1);
  assert.deepEqual(
    down.map((message) => [Boolean(message.part), 'result' in message]),
    down.map((_, i) => [true, i === down.length - 1]),
  );
  for (const i of [0, 14, 39]) assert.deepEqual(vectors[i], await bert.embed(texts[i]));
});
