// Calls, events, cancelling and failing across a channel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BertletError } from '../../js/errors.js';
import { Connection } from '../../js/rpc/connection.js';
import { serve } from '../../js/rpc/serve.js';

/** A connection to methods at the other end of a real message channel. */
function connect(t, methods, spy = () => {}) {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const closing = deferred();
  const state = { busy: false, closed: 0, closing: closing.promise, fail: undefined };
  serve(
    {
      post(message, transfer) {
        spy(message);
        port2.postMessage(message, transfer);
      },
      listen: (receive) => port2.on('message', receive),
    },
    methods,
  );
  const connection = new Connection({
    post: (message, transfer) => port1.postMessage(message, transfer),
    listen(receive, fail) {
      port1.on('message', receive);
      state.fail = fail;
    },
    keepAlive: (busy) => (state.busy = busy),
    async close() {
      state.closed += 1;
      closing.resolve();
    },
  });
  return { connection, state };
}

test('results, events before them, and the process kept alive only meanwhile', async (t) => {
  const { connection, state } = connect(t, {
    async count({ to }, { emit }) {
      for (let i = 1; i <= to; i++) emit({ i });
      return to;
    },
  });
  assert.equal(state.busy, false);
  const events = [];
  const call = connection.call('count', { to: 3 }, { onEvent: (event) => events.push(event.i) });
  assert.equal(state.busy, true);
  assert.equal(await call, 3);
  assert.deepEqual(events, [1, 2, 3]);
  assert.equal(state.busy, false);
});

test('parts of a result come in order, the last one with the answer', async (t) => {
  const messages = [];
  const { connection } = connect(
    t,
    {
      count({ to }, { part }) {
        for (let i = 1; i <= to; i++) {
          const numbers = Int32Array.of(i);
          part(numbers, [numbers.buffer]);
        }
        return 'all';
      },
    },
    (message) => messages.push(Object.keys(message)),
  );
  const parts = [];
  assert.equal(await connection.call('count', { to: 3 }, { onPart: ([i]) => parts.push(i) }), 'all');
  assert.deepEqual(parts, [1, 2, 3]);
  assert.deepEqual(messages, [
    ['id', 'part'],
    ['id', 'part'],
    ['id', 'result', 'part'],
  ]);
  assert.equal(await connection.call('count', { to: 0 }, { onPart: assert.fail }), 'all');
});

test('parts of a call that is aborted are not sent', async (t) => {
  const aborted = deferred();
  const messages = [];
  const { connection } = connect(
    t,
    {
      wait: (_, { part, signal }) =>
        new Promise((resolve) => {
          part(1);
          signal.addEventListener('abort', () => {
            part(2);
            resolve('too late');
            aborted.resolve();
          });
        }),
      answer: () => true,
    },
    (message) => messages.push(message),
  );
  const controller = new AbortController();
  const call = connection.call('wait', {}, { signal: controller.signal, onPart: assert.fail });
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await aborted.promise;
  await connection.call('answer', {});
  assert.ok(messages.every(({ id, part }) => id !== 1 || part === undefined));
});

test('what is told is not answered', async (t) => {
  const told = [];
  const messages = [];
  const methods = {
    note: (params) => told.push(params),
    fails: () => assert.fail('for nobody'),
    ask: () => told.length,
  };
  const { connection, state } = connect(t, methods, (message) => messages.push(message));
  connection.tell('note', 'a');
  connection.tell('fails', {});
  connection.tell('note', 'b');
  assert.equal(state.busy, false, 'the process does not wait');
  assert.equal(await connection.call('ask', {}), 2);
  assert.deepEqual(told, ['a', 'b']);
  assert.equal(messages.length, 1);
  await connection.close();
  connection.tell('note', 'c');
});

test('errors keep class, code and message', async (t) => {
  const { connection } = connect(t, {
    known: () => {
      throw new BertletError('BAD_VOCABULARY', 'no pieces');
    },
    unknown: () => {
      throw new TypeError('x is not a function');
    },
    memory: () => {
      throw new RangeError('Array buffer allocation failed');
    },
  });
  const failure = (method) => connection.call(method, {}).catch((error) => error);
  const known = await failure('known');
  assert.ok(known instanceof BertletError);
  assert.equal(known.code, 'BAD_VOCABULARY');
  assert.equal(known.message, 'no pieces');
  const unknown = await failure('unknown');
  assert.equal(unknown.code, 'INTERNAL');
  assert.match(unknown.message, /x is not a function/);
  assert.match(unknown.cause, /rpc\.test\.js/);
  assert.equal((await failure('memory')).code, 'OUT_OF_MEMORY');
});

test('an abort rejects at once with its reason, and reaches the work', async (t) => {
  const stopped = deferred();
  const { connection, state } = connect(t, {
    wait: (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          stopped.resolve();
          resolve('too late');
        });
      }),
  });
  const controller = new AbortController();
  const call = connection.call('wait', {}, { signal: controller.signal });
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  connection.closeWhenIdle();
  assert.equal(state.closed, 0, 'the work is still to end');
  await stopped.promise;
  await state.closing;
});

test('a call that is aborted before it starts', async (t) => {
  const { connection } = connect(t, { run: () => assert.fail('it must not run') });
  const reason = new Error('changed my mind');
  await assert.rejects(connection.call('run', {}, { signal: AbortSignal.abort(reason) }), reason);
});

test('a listener that throws ends the call with what it threw', async (t) => {
  const { connection } = connect(t, { emit: (_, { emit }) => emit({}) });
  const thrown = new Error('from the listener');
  const call = connection.call(
    'emit',
    {},
    {
      onEvent() {
        throw thrown;
      },
    },
  );
  await assert.rejects(call, thrown);
});

test('a worker that dies takes its calls with it, and later ones', async (t) => {
  const { connection, state } = connect(t, { never: () => new Promise(() => {}) });
  const call = connection.call('never', {});
  state.fail('out of memory');
  await assert.rejects(call, { code: 'WORKER_FAILED', message: /out of memory/ });
  await assert.rejects(connection.call('never', {}), { code: 'WORKER_FAILED' });
  assert.deepEqual([state.closed, state.busy], [1, false]);
});

test('a trap in WebAssembly ends the worker', async (t) => {
  const trap = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11,
  ]);
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(trap)).exports; // (func (export "f") unreachable)
  const { connection, state } = connect(t, { trap: () => f(), never: () => new Promise(() => {}) });
  const beside = connection.call('never', {});
  const failed = { code: 'WORKER_FAILED', message: /WebAssembly \(unreachable\)/ };
  await Promise.all([assert.rejects(connection.call('trap', {}), failed), assert.rejects(beside, failed)]);
  await assert.rejects(connection.call('never', {}), failed);
  await connection.close();
  assert.deepEqual([state.closed, state.busy], [1, false]);
});

test('closing rejects what waits, once', async (t) => {
  const { connection, state } = connect(t, { never: () => new Promise(() => {}) });
  const call = connection.call('never', {});
  await Promise.all([connection.close(), connection.close(), assert.rejects(call, { code: 'DISPOSED' })]);
  assert.equal(state.closed, 1);
  await assert.rejects(connection.call('never', {}), { code: 'DISPOSED' });
});

test('nothing that comes after closing lets the process go before the worker has ended', async () => {
  let receive;
  let waits = false;
  const connection = new Connection({
    post() {},
    listen: (listener) => (receive = listener),
    keepAlive: (busy) => (waits = busy),
    close: async () => (waits = true), // as worker.terminate() does
  });
  const call = connection.call('late', {});
  connection.close();
  await assert.rejects(call, { code: 'DISPOSED' });
  receive({ id: 1, result: 'too late' });
  assert.equal(waits, true, 'after a late answer');
  connection.close();
  assert.equal(waits, true, 'after closing again');
});

function deferred() {
  let resolve;
  const promise = new Promise((callback) => (resolve = callback));
  return { promise, resolve };
}

test('a worker that does not end its call is ended when its time is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { connection, state } = connect(t, { forEver: () => new Promise(() => {}) });
  const call = assert.rejects(connection.call('forEver', {}), { code: 'DISPOSED' });
  connection.closeWhenIdle();
  t.mock.timers.tick(1000);
  assert.equal(state.closed, 0, 'it has time to clean up');
  t.mock.timers.tick(60_000);
  assert.equal(state.closed, 1);
  await call;
});
