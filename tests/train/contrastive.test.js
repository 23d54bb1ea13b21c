// Contrastive tuning, step by step: the losses of twenty steps, of all weights, of the last layer and of LoRA adapters, by cosines and by ranks. Oracle: PyTorch
// (tests/fixtures/make_contrastive_fixtures.py). The same bits on any number of threads, and after an interruption.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { cosineLoss, rankingLoss } from '../../js/train/deep/contrastive-loss.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { startsOf } from '../../js/train/dataset/starts.js';
import { fixtures } from '../support.js';
import { engineOf } from './engine.js';
import { tuningOf } from './tuning.js';

const { cases, rates, rank, scale, decay } = JSON.parse(readFileSync(join(fixtures, 'train/contrastive.json'), 'utf8'));

async function tunerFor(engine, given, { compiled = engine.compiled, ...more } = {}) {
  const names = tensorNames(engine);
  const { tuning, adapterOf } = tuningOf(names, given);
  const tuner = await Tuner.create(engine, await compileTrainer(compiled), {
    tuning,
    maxTokens: Math.max(...given.batches.map(({ texts }) => texts.flat(2).length)),
    pooling: 'mean',
    rank: given.method === 'lora' ? rank : 0,
    scale,
    outputs: 0,
    ...more,
  });
  for (const [name, { a, b }] of adapterOf)
    tuner.writeAdapter(names.indexOf(name), { a: Float32Array.from(a.flat()), b: Float32Array.from(b.flat()) });
  return tuner;
}

/** The texts of examples, column by column, in batches of so many texts; and their loss. */
function stepOf({ kind }, { texts, scores }, width, size = Infinity) {
  const columns = texts[0].map((_, column) => texts.map((example) => example[column]));
  const all = columns.flat();
  const batches = [];
  for (let first = 0; first < all.length; first += size) {
    const some = all.slice(first, first + size);
    batches.push({ ids: some.flat(), starts: startsOf(some.map(({ length }) => length)) });
  }
  const count = texts.length;
  const rows = all.map((_, i) => i);
  const pairs = texts.map((_, i) => ({ left: i, right: count + i, score: scores?.[i] }));
  const lossOf = (vectors) =>
    kind === 'cosine'
      ? cosineLoss(vectors, width, pairs)
      : rankingLoss(vectors, width, rows.slice(0, count), rows.slice(count));
  return { batches, lossOf };
}

async function takeSteps(engine, tuner, given, { begin = 0, end = rates.length, size } = {}) {
  const losses = [];
  for (let step = begin; step < end; step++) {
    const examples = given.batches[step % given.batches.length];
    const { batches, lossOf } = stepOf(given, examples, engine.config.hiddenSize, size);
    const options = { learningRate: rates[step], weightDecay: decay, maxNorm: 1, seed: 0 };
    losses.push((await tuner.stepTogether(batches, lossOf, options)).loss);
  }
  return losses;
}

for (const given of cases) {
  test(`${given.checkpoint}, ${given.method}, ${given.kind}: the losses of PyTorch, in one batch or in several`, async () => {
    const engine = await engineOf(given.checkpoint);
    for (const size of [Infinity, 3, 1]) {
      const tuner = await tunerFor(engine, given);
      const losses = await takeSteps(engine, tuner, given, { size });
      tuner.dispose();
      losses.forEach((loss, step) => {
        const expected = given.losses[step];
        assert.ok(Math.abs(loss - expected) <= 2e-4 * expected, `size ${size}, step ${step + 1}: ${loss}, ${expected}`);
      });
    }
  });
}

for (const [name, method, kind] of [
  ['cosines', 'lora', 'cosine'],
  ['ranks', 'full', 'triplets'],
]) {
  const given = cases.find((one) => one.method === method && one.kind === kind);
  const dropout = { hidden: 0.1, attention: 0.1, adapter: 0.1 };

  test(`${name}, ${method}: the same bits on 1, 2 and 4 threads, recomputed, and after an interruption`, async () => {
    const engine = await engineOf(given.checkpoint);
    const run = async ({ size, ...more } = {}) => {
      const tuner = await tunerFor(engine, given, { dropout, ...more });
      const found = { losses: await takeSteps(engine, tuner, given, { size }), ...tuner.readState() };
      tuner.dispose();
      return found;
    };
    const one = await run({ size: 3 });
    for (const threads of [2, 4]) assert.deepEqual(await run({ size: 3, compiled: await compile({ threads }) }), one);
    assert.deepEqual(await run({ size: 3, keptLayers: 0 }), one);

    const whole = await run();
    assert.equal(one.losses[0], whole.losses[0], 'cut into batches, a step drops the same');
    one.losses.forEach((loss, step) => {
      const expected = whole.losses[step];
      assert.ok(Math.abs(loss - expected) <= 2e-4 * expected, `step ${step + 1}: ${loss}, in one batch ${expected}`);
    });

    const first = await tunerFor(engine, given, { dropout });
    await takeSteps(engine, first, given, { size: 3, end: 10 });
    const half = first.readState();
    first.dispose();
    const second = await tunerFor(engine, given, { dropout });
    second.writeState(half);
    assert.deepEqual(await takeSteps(engine, second, given, { size: 3, begin: 10 }), one.losses.slice(10));
    assert.deepEqual(second.readState().floats, one.floats);
    second.dispose();
  });
}

const losses = {
  cosines: (vectors, width) =>
    cosineLoss(vectors, width, [
      { left: 0, right: 1, score: 1 },
      { left: 2, right: 3, score: 0 },
      { left: 0, right: 4, score: 0.3 },
    ]),
  pairs: (vectors, width) => rankingLoss(vectors, width, [0, 2], [1, 3]),
  'hard negatives': (vectors, width) => rankingLoss(vectors, width, [0, 2], [1, 3, 4]),
  'a vector that is its own candidate': (vectors, width) => rankingLoss(vectors, width, [0, 1], [0, 2]),
};

for (const [name, lossOf] of Object.entries(losses)) {
  test(`${name}: the derivative is that of finite differences`, () => {
    const width = 6;
    const vectors = Float32Array.from({ length: 5 * width }, (_, i) => Math.sin(3 * i + 1) * (1 + (i % 4)));
    const { gradient } = lossOf(vectors, width);
    vectors.forEach((value, i) => {
      const at = (shift) => {
        const moved = vectors.slice();
        moved[i] = value + shift;
        return { loss: lossOf(moved, width).loss, value: moved[i] };
      };
      const [above, below] = [at(1e-3), at(-1e-3)];
      const slope = (above.loss - below.loss) / (above.value - below.value);
      assert.ok(Math.abs(slope - gradient[i]) <= 1e-4 * Math.max(1, Math.abs(slope)), `${i}: ${gradient[i]}, ${slope}`);
    });
  });
}

test('a loss that is not finite is an error, and changes nothing', async () => {
  const given = cases.find(({ method, kind }) => method === 'full' && kind === 'cosine');
  const engine = await engineOf(given.checkpoint);
  const tuner = await tunerFor(engine, given);
  const before = tuner.readState();
  const { batches, lossOf } = stepOf(given, given.batches[0], engine.config.hiddenSize, 3);
  const options = { learningRate: 0.01, weightDecay: 0, seed: 0 };
  const notFinite = (vectors) => ({ ...lossOf(vectors), loss: NaN });
  const failed = { code: 'BAD_WEIGHTS', message: /^Step 1: the loss is not finite/ };
  await assert.rejects(tuner.stepTogether(batches, notFinite, options), failed);
  const wrong = (vectors) => ({ loss: 1, gradient: lossOf(vectors).gradient.fill(NaN) });
  await assert.rejects(tuner.stepTogether(batches, wrong, options), { message: /^Step 1: the gradient is not/ });
  assert.deepEqual(tuner.readState(), before);
  tuner.dispose();
});
