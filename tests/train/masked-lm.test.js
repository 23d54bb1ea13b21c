// Training of a masked language model: the losses of twenty steps, of all weights, and of LoRA adapters with the head. Oracle: PyTorch
// (tests/fixtures/make_masked_lm_fixtures.py). The same bits on any number of threads, and after an interruption.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { fixtures } from '../support.js';
import { engineOf } from './engine.js';
import { tuningOf } from './tuning.js';

const { cases, rates, rank, scale, decay, ignored } = JSON.parse(
  readFileSync(join(fixtures, 'train/masked-lm.json'), 'utf8'),
);

async function tunerFor(engine, given, { compiled = engine.compiled, ...more } = {}) {
  const names = tensorNames(engine);
  const { tuning, adapterOf } = tuningOf(names, given);
  const { transform, norm, bias } = engine.extras.maskedHead;
  const tuner = await Tuner.create(engine, await compileTrainer(compiled), {
    tuning,
    maxTokens: given.batches[0].ids.flat().length,
    pooling: 'none',
    rank: given.method === 'lora' ? rank : 0,
    scale,
    outputs: 0,
    maskedHead: transform.activation,
    ...more,
  });
  const { weight, bias: transformBias } = transform;
  tuner.masked.write({ weight, bias: transformBias, gamma: norm.gamma, beta: norm.beta, decoderBias: bias });
  for (const [name, { a, b }] of adapterOf)
    tuner.writeAdapter(names.indexOf(name), { a: Float32Array.from(a.flat()), b: Float32Array.from(b.flat()) });
  return tuner;
}

/** Texts of a batch, some of them, and the words in their masked places. */
function masked({ ids, labels }, begin, end) {
  const flat = labels.slice(begin, end).flat();
  const rows = flat.flatMap((label, token) => (label === ignored ? [] : [token]));
  const starts = Array.from({ length: end - begin + 1 }, (_, i) => i * ids[0].length);
  return { batch: { ids: ids.slice(begin, end).flat(), starts, rows }, labels: rows.map((token) => flat[token]) };
}

async function takeSteps(tuner, given, { begin = 0, end = rates.length, cuts = [0, 4] } = {}) {
  const losses = [];
  for (let step = begin; step < end; step++) {
    const whole = given.batches[step % given.batches.length];
    const parts = cuts.slice(1).map((to, i) => masked(whole, cuts[i], to));
    const total = parts.reduce((sum, { labels }) => sum + labels.length, 0);
    const shares = parts.map((part) => ({ ...part, share: part.labels.length / total }));
    const options = { learningRate: rates[step], weightDecay: decay, maxNorm: 1, seed: 0 };
    losses.push((await tuner.step(shares, options)).loss);
  }
  return losses;
}

const near = (losses, expected, tolerance) =>
  losses.forEach((loss, step) =>
    assert.ok(Math.abs(loss - expected[step]) <= tolerance * expected[step], `${step + 1}: ${loss}, ${expected[step]}`),
  );

for (const given of cases) {
  test(`${given.checkpoint}, ${given.method}: the losses of PyTorch, whole or in parts`, async () => {
    const engine = await engineOf(given.checkpoint);
    for (const options of [{}, { cuts: [0, 1, 4] }]) {
      const tuner = await tunerFor(engine, given);
      near(await takeSteps(tuner, given, options), given.losses, 1e-3);
      tuner.dispose();
    }
  });
}

for (const given of cases.filter(({ checkpoint }) => checkpoint === 'electra-masked')) {
  const dropout = { hidden: 0.1, attention: 0.1, adapter: 0.1 };

  test(`${given.method}: the same bits on 1, 2 and 4 threads, recomputed, and after an interruption`, async () => {
    const engine = await engineOf(given.checkpoint);
    const run = async (more) => {
      const tuner = await tunerFor(engine, given, { dropout, ...more });
      const found = { losses: await takeSteps(tuner, given), ...tuner.readState(), head: tuner.masked.read() };
      tuner.dispose();
      return found;
    };
    const one = await run();
    for (const threads of [2, 4]) assert.deepEqual(await run({ compiled: await compile({ threads }) }), one);
    assert.deepEqual(await run({ keptLayers: 0 }), one);

    const first = await tunerFor(engine, given, { dropout });
    await takeSteps(first, given, { end: 10 });
    const half = first.readState();
    first.dispose();
    const second = await tunerFor(engine, given, { dropout });
    second.writeState(half);
    assert.deepEqual(await takeSteps(second, given, { begin: 10 }), one.losses.slice(10));
    assert.deepEqual(second.readState().floats, one.floats);
    second.dispose();
  });
}

test('what is measured is the loss without dropout, and where the true word is the most likely one', async () => {
  const given = cases.find(({ checkpoint, method }) => checkpoint === 'bert-masked' && method === 'full');
  const tuner = await tunerFor(await engineOf('bert-masked'), given, { dropout: { hidden: 0.5 } });
  const { batch, labels } = masked(given.batches[0], 0, 4);
  const { loss, right } = tuner.measureMasked(batch, labels);
  near([loss], given.losses, 1e-4);
  let alone = 0;
  labels.forEach((label, i) => (alone += tuner.measureMasked({ ...batch, rows: [batch.rows[i]] }, [label]).right));
  assert.equal(right, alone);
  const [row] = batch.rows;
  const losses = Array.from({ length: 94 }, (_, word) => tuner.measureMasked({ ...batch, rows: [row] }, [word]).loss);
  const best = losses.indexOf(Math.min(...losses));
  assert.deepEqual(
    losses.map((_, word) => tuner.measureMasked({ ...batch, rows: [row] }, [word]).right),
    losses.map((_, word) => Number(word === best)),
  );
  const sum = losses.reduce((all, one) => all + Math.exp(-one), 0);
  assert.ok(Math.abs(sum - 1) < 1e-5, `probabilities add up to ${sum}`);
  tuner.dispose();
});

test('a loss that is not finite is an error, and changes nothing', async () => {
  const given = cases[0];
  const tuner = await tunerFor(await engineOf(given.checkpoint), given);
  const before = tuner.readState();
  const head = tuner.masked.read();
  const { gamma } = head;
  tuner.masked.write({ ...head, gamma: gamma.map(() => NaN) });
  await assert.rejects(takeSteps(tuner, given), { code: 'BAD_WEIGHTS', message: /^Step 1: the loss is not finite/ });
  tuner.masked.write(head);
  assert.deepEqual(tuner.readState(), before);
  near(await takeSteps(tuner, given), given.losses, 1e-3);
  tuner.dispose();
});
