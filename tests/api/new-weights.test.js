// A model that gets new weights while other calls run: what these give belongs to the weights that it says, and nothing is taken for what
// belongs to others.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { readHead } from '../../js/checkpoint/head-file.js';
import { load } from '../../js/index.js';
import { fixtures, tiny, toyExamples } from '../support.js';

const examples = toyExamples(12);
const tuning = { method: 'full', epochs: 2, learningRate: 1e-2 };
const start = (model = tiny()) => load(model, { dtype: 'f32', threads: 1, cache: false });

/** The fingerprint of the weights that the worker has, by what it writes. */
async function fingerprintOf(bert) {
  const files = await bert.save({ head: undefined });
  const again = await load(files, { dtype: 'f32', threads: 1 });
  await again.dispose();
  return again.info.fingerprint;
}

/** Trains heads until something is done, the next ones before the last are. */
async function fitUntil(bert, done) {
  const fits = [];
  let going = true;
  const stop = () => (going = false);
  done.then(stop, stop);
  while (going) {
    fits.push(bert.fit(examples, { c: 1 }));
    await setTimeout(5);
  }
  return Promise.all(fits);
}

/** Heads that answer are those of the model's weights; others are refused. */
async function assertFitting(heads, fingerprint) {
  for (const head of heads) {
    try {
      await head.classify('good');
    } catch (error) {
      assert.equal(error.code, 'HEAD_MODEL_MISMATCH');
      continue;
    }
    assert.equal(readHead(await head.save()).fingerprint, fingerprint);
  }
}

test('heads that are trained while pretrain() shows what it has learnt so far', async () => {
  const bert = await start();
  const texts = Array.from({ length: 60 }, (_, i) => `the good movie ${'very '.repeat(i % 7)}bad`);
  const options = { steps: 60, live: true, validation: 0.2, learningRate: 1e-2, batchSize: 16 };
  const trained = bert.pretrain(texts, options);
  const heads = await fitUntil(bert, trained);
  await trained;
  assert.equal(bert.info.fingerprint, await fingerprintOf(bert));
  assert.equal(bert.head, undefined);
  await assertFitting(heads, bert.info.fingerprint);
  await bert.dispose();
});

/** Bytes that come when something is done. */
const whenDone = (bytes, done) =>
  new ReadableStream({
    async pull(controller) {
      await done;
      controller.enqueue(bytes);
      controller.close();
    },
  });

test('a head whose file arrives when the model has other weights', async () => {
  const bert = await start();
  const old = await (await bert.fit(examples, { c: 1 })).save();
  const tuned = bert.fit(examples, tuning);
  await assert.rejects(bert.loadHead(whenDone(old, tuned)), { name: 'BertletError', code: 'HEAD_MODEL_MISMATCH' });
  await bert.dispose();
});

test("an adapter's folder that arrives when the model has other weights, and does not say which it wants: a head of these", async () => {
  const folder = `${fixtures}/beside/text`;
  const read = (name) => readFile(`${folder}/${name}`);
  const bert = await start(`${fixtures}/checkpoints/bert`);
  const tuned = bert.fit(examples, tuning);
  const head = await bert.loadHead({
    'adapter_config.json': await read('adapter_config.json'),
    'adapter_model.safetensors': whenDone(await read('adapter_model.safetensors'), tuned),
  });
  const saved = await head.save();
  assert.equal(readHead(saved).fingerprint, bert.info.fingerprint);
  const again = await bert.loadHead(saved);
  assert.deepEqual(await again.classify('good'), await head.classify('good'));
  await bert.dispose();
});
