// A thread that fails takes its model with it, and nothing else: no call hangs, `dispose` works, and the process can end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { fromRoot, tiny } from '../support.js';

/**
 * What a module prints in a process of its own, which must end by itself. It has a model, `bert`, whose further thread fails.
 * @param {'trap' | 'kill' | 'end'} how it fails: in its first task, by itself or by force, or when the method `endThread` is called
 * @param {string} source
 */
async function outputOf(how, source) {
  const prelude = `
    import { Worker } from 'node:worker_threads';
    import { watchThreads } from ${JSON.stringify(fromRoot('js/node/watch-thread.js'))};
    import { Connection } from ${JSON.stringify(fromRoot('js/rpc/connection.js'))};
    import { Model } from ${JSON.stringify(fromRoot('js/api/model.js'))};
    const worker = new Worker(${JSON.stringify(fromRoot('tests/engine/failing-worker.js'))}, { execArgv: [], workerData: '${how}' });
    const connection = new Connection({
      post: (message, transfer) => worker.postMessage(message, transfer),
      listen(receive, fail) {
        worker.on('message', watchThreads(worker, receive, fail));
        worker.on('error', (error) => fail(error.message));
        worker.on('exit', (code) => fail('exit code ' + code));
      },
      keepAlive: (busy) => (busy ? worker.ref() : worker.unref()),
      close: () => worker.terminate(),
    });
    const description = { kind: 'directory', path: ${JSON.stringify(tiny())} };
    const info = await connection.call('load', { description, names: {}, dtype: 'f32', threads: 2, cache: false });
    const bert = new Model(connection, info);
    const texts = Array.from({ length: 20000 }, (_, i) => 'a good movie '.repeat(1 + i % 12));
    const print = ({ code, message }) => console.log(code + ': ' + message);`;
  const args = ['--input-type=module', '-e', prelude + source];
  return (await promisify(execFile)(process.execPath, args, { timeout: 60000 })).stdout;
}

/** Either of the two threads is heard first. */
const trap = String.raw`WORKER_FAILED: .*\((unreachable|memory access out of bounds)\) and was ended\. Load the model again, and please report it\.\n`;

test('a thread traps in a task: its call and later ones fail, and the model can be disposed of', async () => {
  const output = await outputOf(
    'trap',
    `await bert.embed(texts).catch(print);
     await bert.embed('good').catch(print);
     await bert.dispose();
     console.log('disposed');`,
  );
  assert.match(output, new RegExp(`^(${trap}){2}disposed\n$`));
});

test('a thread traps in a task: the process ends without dispose()', async () => {
  assert.match(await outputOf('trap', 'await bert.embed(texts).catch(print);'), new RegExp(`^${trap}$`));
});

test('a thread is ended by force in a task: its call and later ones fail, and the model can be disposed of', async () => {
  const output = await outputOf(
    'kill',
    `await bert.embed(texts).catch(print);
     await bert.embed('good').catch(print);
     await bert.dispose();
     console.log('disposed');`,
  );
  assert.match(
    output,
    /^(WORKER_FAILED: The worker ended unexpectedly: a thread of the model was ended\. Load the model again\.\n){2}disposed\n$/,
  );
});

test('a thread is ended by force in a task: the process ends without dispose()', async () => {
  assert.match(await outputOf('kill', 'await bert.embed(texts).catch(print);'), /^WORKER_FAILED: .* a thread .*\n$/);
});

test('a thread ends between calls: later ones fail', async () => {
  const output = await outputOf(
    'end',
    `await connection.call('endThread').catch(() => {});
     await bert.embed('good').catch(print);
     await bert.embed('good').catch(print);
     await bert.dispose();
     console.log('disposed');`,
  );
  assert.match(output, /^(WORKER_FAILED: The worker ended unexpectedly: .*exit code 1\n){2}disposed\n$/);
});

test('threads that end with their worker leave nothing that keeps the process', async () => {
  const output = await outputOf(
    'none',
    `await bert.dispose();
     await new Promise((resolve) => setTimeout(resolve, 200)); // for what the threads' ends bring
     console.log(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length);`,
  );
  assert.equal(output, '0\n');
});
