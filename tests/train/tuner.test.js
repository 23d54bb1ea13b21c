// Training of the encoder: the losses of twenty steps, of all weights, of the last layer and of LoRA adapters, for labels, tags and
// answers. Oracle: PyTorch (tests/fixtures/make_tuning_fixtures.py). The same bits on any number of threads, and after an interruption.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { compile } from '../../js/core/compile.js';
import { Connection } from '../../js/rpc/connection.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { writePieces } from '../../js/engine/tensor-pieces.js';
import { HiddenStates } from '../../js/train/deep/hidden-states.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { compare, fixtures } from '../support.js';
import { engineOf } from './engine.js';
import { createTuning, everywhere, partOf, tuningOf } from './tuning.js';

const fixture = JSON.parse(readFileSync(join(fixtures, 'train/tuning.json'), 'utf8'));
const { cases } = fixture;
const { tunerFor, takeSteps, train } = createTuning(fixture);

for (const given of cases) {
  test(`${given.checkpoint}, ${given.method}, ${given.task}: the losses of PyTorch`, async () => {
    const engine = await engineOf(given.checkpoint);
    const losses = await train(engine, given);
    losses.forEach((loss, step) => {
      const expected = given.losses[step];
      assert.ok(Math.abs(loss - expected) <= 1e-3 * expected, `step ${step + 1}: ${loss}, in PyTorch ${expected}`);
    });
  });
}

test('a step in one batch or in several, with or without recomputing: the same losses', async () => {
  const given = cases.find(({ method, task }) => method === 'lora' && task === 'tags');
  const engine = await engineOf(given.checkpoint);
  const whole = await train(engine, given);
  assert.deepEqual(await train(engine, given, { keptLayers: 0 }), whole, 'recomputed: the same bits');
  const cut = await train(engine, given, { cuts: [0, 1, 4] });
  cut.forEach((loss, step) => assert.ok(Math.abs(loss - whole[step]) <= 1e-5 * whole[step], `step ${step + 1}`));
});

test('embeddings that the engine brings: the same bits without a copy of them', async () => {
  for (const method of ['lora', 'layers']) {
    const given = cases.find((one) => one.method === method);
    const engine = await engineOf(given.checkpoint);
    const here = await tunerFor(engine, given, { dropout: everywhere });
    const brought = await tunerFor(engine, given, { dropout: everywhere, embeds: false });
    assert.ok(brought.memoryBytes <= here.memoryBytes);
    const below = new HiddenStates(engine, 0, async () => {});
    const batches = await Promise.all(
      given.batches.map(async (batch) => ({ ...batch, hidden: await below.of(batch.ids.map(encodedOf(batch.types))) })),
    );
    assert.deepEqual(await takeSteps(brought, { ...given, batches }), await takeSteps(here, given));
    assert.deepEqual(brought.readState(), here.readState());
    for (const tuner of [here, brought]) tuner.dispose();
  }
});

/** A text of the fixture as the tokenizer gives it. */
const encodedOf = (types) => (ids, i) => ({
  encoded: { ids: Int32Array.from(ids), second: types[i].includes(1) ? types[i].indexOf(1) : ids.length },
});

test('a loss that is not finite is an error, and nothing changes', async () => {
  const given = cases[0];
  const engine = await engineOf(given.checkpoint);
  const tuner = await Tuner.create(engine, await compileTrainer(engine.compiled), {
    ...tuningOf(tensorNames(engine), given),
    maxTokens: 64,
    pooling: 'mean',
    outputs: 3,
  });
  tuner.head.set(given.head.flat());
  const part = partOf('labels', given.batches[0], 0, 2);
  const before = tuner.logits(part.batch);
  const options = { learningRate: 0.1, weightDecay: 0, seed: 0 };
  const wrong = { ...part, loss: () => NaN };
  for (let time = 0; time < 2; time++) {
    await assert.rejects(tuner.step([part, wrong], options), { code: 'BAD_WEIGHTS', message: /^Step 1: the loss/ });
    assert.deepEqual(tuner.logits(part.batch), before);
  }
  await tuner.step([part], options);
  assert.notDeepEqual(tuner.logits(part.batch), before);
  const thrown = new Error('from the loss');
  const throws = () => {
    throw thrown;
  };
  await assert.rejects(tuner.step([part, { ...part, loss: throws }], options), thrown);
  const { floats, steps } = tuner.readState();
  assert.equal(steps, 1);
  await tuner.step([part], options);
  const second = tuner.readState();
  tuner.writeState({ floats, steps });
  await tuner.step([part], options);
  assert.deepEqual(tuner.readState(), second, 'what failed before has left nothing behind');
  tuner.dispose();
});

for (const { method, task } of [
  { method: 'lora', task: 'tags' },
  { method: 'layers', task: 'labels' },
  { method: 'full', task: 'answers' },
]) {
  const given = cases.find((one) => one.method === method && one.task === task);

  test(`${method}, ${task}: the same bits on 1, 2 and 4 threads`, async () => {
    const engine = await engineOf(given.checkpoint);
    const states = [];
    for (const threads of [1, 2, 4]) {
      const compiled = await compile({ threads });
      assert.equal(compiled.threads, threads);
      const tuner = await tunerFor(engine, given, { dropout: everywhere, compiled });
      const losses = await takeSteps(tuner, given);
      states.push({ losses, ...tuner.readState() });
      tuner.dispose();
    }
    assert.notDeepEqual(states[0].losses, await train(engine, given), 'dropout changes losses');
    assert.deepEqual(states[1], states[0]);
    assert.deepEqual(states[2], states[0]);
  });

  test(`${method}, ${task}: ten steps, saved, restored into another tuner, and ten more are twenty steps`, async () => {
    const engine = await engineOf(given.checkpoint);
    const options = { dropout: everywhere };
    const whole = await tunerFor(engine, given, options);
    const losses = await takeSteps(whole, given, { end: 10 });
    const half = whole.readState();
    losses.push(...(await takeSteps(whole, given, { begin: 10 })));
    const headless = await tunerFor(engine, { ...given, head: given.head.map((row) => row.map(() => 0)) }, options);
    headless.writeState(half);
    assert.deepEqual(headless.readState(), half);
    assert.deepEqual(await takeSteps(headless, given, { begin: 10 }), losses.slice(10));
    assert.deepEqual(headless.readState(), whole.readState());
    assert.deepEqual(headless.head, whole.head);
    assert.throws(() => headless.writeState({ ...half, floats: half.floats.subarray(3) }), /another plan/);
    whole.dispose();
    headless.dispose();
  });
}

test('a thread that fails: the step fails, and later ones; the next tuner works', async () => {
  const [given] = cases;
  const engine = await engineOf(given.checkpoint);
  const compiled = await compile({ threads: 2 });
  const { call } = Connection.prototype;
  // Its thread gets a number that no thread of the pool has: whatever it does with scratch memory is out of bounds.
  Connection.prototype.call = function (method, params, options) {
    return call.call(this, method, { ...params, index: 0x1234567 }, options);
  };
  const tuner = await tunerFor(engine, given, { compiled });
  Connection.prototype.call = call;
  const failed = {
    code: 'WORKER_FAILED',
    message: /^Training failed \(a trap in WebAssembly: .+\)\. The model is as it was/,
  };
  const untilItHasATask = async () => {
    for (let i = 0; i < 1000; i++) await takeSteps(tuner, given);
  };
  await assert.rejects(untilItHasATask(), failed);
  await assert.rejects(takeSteps(tuner, given), failed);
  tuner.dispose();
  assert.deepEqual(await train(engine, given, { compiled }), await train(engine, given));
});

test('a thread that ends between two steps: later ones fail', async () => {
  const [given] = cases;
  const engine = await engineOf(given.checkpoint);
  const started = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...message) {
    started.push(this);
    return postMessage.apply(this, message);
  };
  const tuner = await tunerFor(engine, given, { compiled: await compile({ threads: 2 }) });
  Worker.prototype.postMessage = postMessage;
  await takeSteps(tuner, given);
  await started[0].terminate();
  await assert.rejects(takeSteps(tuner, given), { code: 'WORKER_FAILED', message: /exit code 1/ });
  tuner.dispose();
});

test('of an int8 model: the numbers that its 8 bits stand for, and what they compute', async () => {
  const [int8, f32] = [await engineOf('bert', 'int8'), await engineOf('bert')];
  const names = tensorNames(int8);
  const { hiddenSize } = int8.config;
  const tuner = await Tuner.create(int8, await compileTrainer(int8.compiled), {
    tuning: names.map(() => 'TRAINED'),
    maxTokens: 64,
    pooling: 'none',
    outputs: hiddenSize,
  });
  const head = tuner.head; // which gives the hidden states themselves
  head.fill(0);
  for (let i = 0; i < hiddenSize; i++) head[i * hiddenSize + i] = 1;

  let changed = 0;
  names.forEach((name, tensor) => {
    const [rows, columns] = [int8.core.fn.tensor_rows, int8.core.fn.tensor_columns].map((of) => of(int8.model, tensor));
    const read = (engine) => {
      const at = engine.core.scratch(4 * rows * columns);
      engine.core.fn.tensor_read(engine.model, tensor, 0, rows, at);
      return engine.core.floats(at, rows * columns).slice();
    };
    const [exact, quantized] = [read(f32), read(int8)];
    const trained = [];
    for (const { values } of tuner.piecesOf(tensor)) trained.push(...values); // views, each valid until the next
    assert.deepEqual(Float32Array.from(trained), quantized, name);
    if (!name.endsWith('.weight') || name.includes('LayerNorm')) assert.deepEqual(quantized, exact, name);
    else {
      changed += 1;
      assert.notDeepEqual(quantized, exact, name);
      const most = Math.max(...exact.map(Math.abs));
      quantized.forEach((value, i) => assert.ok(Math.abs(value - exact[i]) <= most / 100, name));
    }
    writePieces(f32, tensor, [{ values: quantized }]);
  });
  assert.ok(changed >= 14, `${changed} tensors are quantized`);

  const texts = ['the movie was great', 'a dull, slow plot'];
  const encoded = texts.map((text, index) => ({ index, ...int8.tokenizer.encode([text], 24) }));
  const starts = encoded.reduce((all, { ids }) => [...all, all.at(-1) + ids.length], [0]);
  const logits = tuner.logits({ ids: encoded.flatMap(({ ids }) => [...ids]), starts });
  const hidden = (engine) => engine.hidden(engine.forward(encoded, 0), false).slice();
  assert.ok(compare(logits, hidden(f32), hiddenSize).maxAbs <= 1e-6, 'as an f32 model with these numbers');
  const { worstCosine } = compare(logits, hidden(int8), hiddenSize);
  assert.ok(worstCosine >= 0.999, `cosine ${worstCosine} to the int8 model, which quantizes what its layers read, too`);
  tuner.dispose();
});
