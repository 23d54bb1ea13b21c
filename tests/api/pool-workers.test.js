// How a pool shares work out, on connections whose answers the tests give by hand: in which order, how much at a time, and what comes of a
// worker that ends.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { cutIntoPieces } from '../../js/api/pool/pieces.js';
import { Workers } from '../../js/api/pool/workers.js';
import { BertletError } from '../../js/errors.js';

/** A worker of the tests: it keeps what it is called for until `answer` or `end`. */
class Hand {
  state = 'idle';
  calls = [];
  told = [];
  closed = false;
  call(method, params, options = {}) {
    if (method === 'keepHead') {
      this.told.push([method, params.head]);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const call = { method, params, options, resolve, reject };
      this.calls.push(call);
      options.signal?.addEventListener('abort', () => {
        this.calls = this.calls.filter((one) => one !== call);
        reject(options.signal.reason);
      });
    });
  }
  tell(method, params) {
    this.told.push([method, params.head]);
  }
  async close() {
    this.closed = true;
    this.state = 'ended';
  }
  /** Answers the call that it has had for longest, or that of a list. */
  async answer(of = this.calls[0].params.name) {
    const call = this.calls.find(({ params }) => params.name === of);
    this.calls = this.calls.filter((one) => one !== call);
    call.resolve(call.params.texts.map(([text]) => text.toUpperCase()));
    await setImmediate();
  }
  async end() {
    this.state = 'ended';
    for (const { reject } of this.calls)
      reject(new BertletError('WORKER_FAILED', 'The worker ended unexpectedly: why'));
    this.calls = [];
    await setImmediate();
  }
  get names() {
    return this.calls.map(({ params }) => params.name);
  }
}

/** Texts that make so many pieces. */
const listOf = (pieces) =>
  pieces === 1 ? [['short']] : Array.from({ length: 4 * pieces }, (_, i) => [`${i} `.padEnd(2040, 'x')]);

let hands;
let started;
let workers;
beforeEach(() => {
  hands = [new Hand(), new Hand()];
  started = [];
  workers = new Workers(hands, () => new Promise((resolve, reject) => started.push({ resolve, reject })));
});

/** Calls for a list of pieces, and says how it ended. */
function call(name, count, options) {
  const result = { state: 'open' };
  result.done = workers.call('embed', { name, texts: listOf(count) }, options).then(
    (value) => Object.assign(result, { state: 'done', value }),
    (error) => Object.assign(result, { state: 'failed', error }),
  );
  return result;
}

test('a long list goes to all workers, one piece each at a time, and comes back in its order', async () => {
  const long = call('long', 5);
  assert.deepEqual([hands[0].names, hands[1].names], [['long'], ['long']]);
  for (const next of [1, 1, 0, 1, 0].map((i) => hands[i])) await next.answer();
  assert.equal(long.state, 'done');
  assert.deepEqual(
    long.value,
    listOf(5).map(([text]) => text.toUpperCase()),
  );
});

test('a short call does not wait for a long one', async () => {
  const long = call('long', 50);
  const short = call('short', 1);
  assert.deepEqual(hands.flatMap(({ names }) => names).sort(), ['long', 'long', 'short']);
  await hands.find(({ names }) => names.includes('short')).answer('short');
  assert.deepEqual([short.state, long.state], ['done', 'open']);
});

test('a worker has pieces of two calls at most; of calls that wait, each has its turn', async () => {
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) call(name, 9);
  assert.ok(hands.every((hand) => hand.names.length === 2 && new Set(hand.names).size === 2));
  const answered = [];
  for (let i = 0; i < 28; i++) {
    const hand = hands[i % 2];
    answered.push(hand.names[0]);
    await hand.answer();
    assert.ok(hands.every((one) => one.names.length === 2 && new Set(one.names).size === 2));
  }
  const later = answered.slice(4).join(''); // the first two calls had all places
  assert.equal(later, later.slice(0, 4).repeat(6));
  assert.deepEqual([...later.slice(0, 4)].sort(), names);
});

test('what is short is one piece, for the worker that has least to do', () => {
  for (const name of ['a', 'b', 'c']) call(name, 1);
  assert.deepEqual([hands[0].names, hands[1].names], [['a', 'c'], ['b']]);
});

test('an aborted call gives up what it has, and its place', async () => {
  const controller = new AbortController();
  const long = call('long', 9, { signal: controller.signal });
  const other = call('other', 9);
  const third = call('third', 1);
  assert.ok(!hands.some(({ names }) => names.includes('third')));
  controller.abort(new Error('mine'));
  await long.done;
  assert.equal(long.error.message, 'mine');
  await setImmediate();
  assert.ok(!hands.some(({ names }) => names.includes('long')));
  assert.ok(hands.some(({ names }) => names.includes('third')));
  assert.deepEqual([other.state, third.state], ['open', 'open']);
  await assert.rejects(workers.call('embed', { texts: [] }, { signal: controller.signal }), { message: 'mine' });
});

test('when a worker ends, its calls fail, the others go on, and another one takes its place with all heads', async () => {
  await workers.call('keepHead', { head: 7, network: { lora: {} } });
  await workers.call('keepHead', { head: 8, network: {} });
  await workers.call('keepHead', { head: 9, network: {} });
  workers.tell('forgetHead', { head: 8 });
  const [a, b] = [call('a', 1), call('b', 1)];
  await hands[1].end();
  await b.done;
  assert.equal(b.error.code, 'WORKER_FAILED');
  assert.match(b.error.message, /pool.*try again.*why/);
  assert.equal(a.state, 'open');
  assert.equal(hands[1].closed, true);
  assert.equal(started.length, 1);
  await hands[0].answer();
  assert.equal(a.state, 'done');
  const third = new Hand();
  const many = call('many', 9);
  assert.deepEqual(third.names, []);
  started[0].resolve(third);
  await setImmediate();
  assert.deepEqual(third.told, [
    ['keepHead', 7],
    ['keepHead', 9],
  ]);
  assert.deepEqual(third.names, ['many']);
  assert.deepEqual([many.state, hands[0].names], ['open', ['many']]);
});

test('a worker that ends while it is given a head: the others have it, and so has the next one', async () => {
  hands[1].call = async function () {
    await this.end();
    throw new BertletError('WORKER_FAILED', 'The worker ended unexpectedly: why');
  };
  await workers.call('keepHead', { head: 7, network: {} });
  assert.deepEqual(hands[0].told, [['keepHead', 7]]);
  call('next', 1);
  const third = new Hand();
  started[0].resolve(third);
  await setImmediate();
  assert.deepEqual(third.told, [['keepHead', 7]]);
});

test('a worker that ends while it has nothing to do is replaced at the next call', async () => {
  hands[0].state = 'ended';
  const next = call('next', 1);
  assert.equal(started.length, 1);
  await hands[1].answer();
  assert.equal(next.state, 'done');
});

test('without any worker, calls wait for one that is being started, and fail if none can be; a later one tries again', async () => {
  for (const hand of hands) await hand.end();
  const waiting = call('waiting', 1);
  assert.equal(started.length, 2);
  started[0].reject(new BertletError('NETWORK', 'no connection'));
  await setImmediate();
  assert.equal(waiting.state, 'open');
  started[1].reject(new BertletError('NETWORK', 'no connection'));
  await waiting.done;
  assert.equal(waiting.error.code, 'NETWORK');
  const later = call('later', 1);
  assert.equal(started.length, 4);
  const hand = new Hand();
  started[2].resolve(hand);
  await setImmediate();
  await hand.answer();
  assert.equal(later.state, 'done');
});

test('close() rejects what runs and what waits, also for a worker that is being started', async () => {
  await hands[0].end();
  const calls = ['a', 'b', 'c', 'd'].map((name) => call(name, 2));
  await workers.close();
  for (const { done } of calls) assert.equal((await done).error.code, 'DISPOSED');
  assert.ok(hands.every(({ closed }) => closed));
  await assert.rejects(workers.call('embed', { texts: [] }), { code: 'DISPOSED', message: /pool/ });
  const late = new Hand();
  started[0].resolve(late);
  await setImmediate();
  assert.equal(late.closed, true);
});

test('progress is of the whole list; warnings of the same kind come once, of texts that were cut as one', async () => {
  const events = [];
  call('long', 3, { progress: true, onEvent: (event) => events.push(event) });
  const [[one], [two]] = hands.map(({ calls }) => calls);
  one.options.onEvent({ progress: { phase: 'embed', loaded: 2, total: 4 } });
  two.options.onEvent({ progress: { phase: 'embed', loaded: 4, total: 4 } });
  assert.deepEqual(
    events.splice(0).map(({ progress }) => progress),
    [2, 6].map((loaded) => ({ phase: 'embed', loaded, total: 12 })),
  );
  for (const { options } of [one, two]) options.onEvent({ warning: 'the same' });
  two.options.onEvent({ warning: 'Text 5 was cut', texts: [5], maxTokens: 40 });
  one.options.onEvent({ warning: 'Text 3 was cut', texts: [3], maxTokens: 40 });
  assert.deepEqual(events.splice(0), [{ warning: 'the same' }]);
  for (const i of [0, 0, 1]) await hands[i].answer();
  assert.deepEqual(events, [
    {
      warning: "2 texts (the first is text 3) were longer than the model's 40 tokens and cut there.",
      texts: [3, 5],
    },
  ]);
});

test('pieces hold all texts in their order, enough for every worker, and none is large', () => {
  for (const [lengths, count] of [
    [[0, 0, 0], 1],
    [Array(20).fill(90), 1],
    [Array(50).fill(90), 2],
    [Array(10000).fill(100), 128],
    [[...Array(300).fill(5), 20000, ...Array(300).fill(5)], 2],
  ]) {
    const texts = lengths.map((length, i) => [String(i).padEnd(length)]);
    const pieces = cutIntoPieces({ texts, pooling: 'cls' }, 4);
    assert.deepEqual(
      pieces.flatMap(({ params }) => params.texts),
      texts,
    );
    for (const { first, params } of pieces) {
      assert.equal(params.texts[0], texts[first]);
      assert.equal(params.pooling, 'cls');
      const beforeLast = params.texts.slice(0, -1).reduce((sum, [text]) => sum + text.length, 0);
      assert.ok(beforeLast < 8192, `${beforeLast}`);
    }
    assert.ok(pieces.length >= count && pieces.length <= 1.3 * count, `${pieces.length}, not ${count}`);
  }
  assert.deepEqual(cutIntoPieces({ texts: [] }, 4).length, 1);
  assert.deepEqual(cutIntoPieces({ data: 1 }, 4), [{ first: 0, params: { data: 1 } }]);
});
