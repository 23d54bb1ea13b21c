// Training beside weights in 8 bits, which multiply in 8 bits in both passes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { fixtures, minilm, withoutMinilm } from '../support.js';
import { engineIn, engineOf } from './engine.js';
import { createTuning, everywhere } from './tuning.js';

const fixture = JSON.parse(readFileSync(join(fixtures, 'train/tuning.json'), 'utf8'));
const { tunerFor, takeSteps } = createTuning(fixture);
const cases = fixture.cases.filter(({ method }) => method === 'lora');

/** bertlet_int8_path() of engines that multiply inputs of 12 bits; of others, inputs have 8. */
const WIDE = 0;
const { int8Path } = await compile({ threads: 1 });

for (const given of cases) {
  const name = `${given.checkpoint}, ${given.task}`;
  const open = () => engineOf(given.checkpoint, 'int8');

  test(`${name}: twenty steps go where those go that compute what the 8 bits stand for in f32`, async () => {
    const engine = await open();
    const losses = {};
    for (const weights of ['int8', 'f32']) {
      const tuner = await tunerFor(engine, given, { weights });
      losses[weights] = await takeSteps(tuner, given);
      tuner.dispose();
    }
    losses.int8.forEach((loss, step) => {
      const expected = losses.f32[step];
      const limit = int8Path === WIDE ? 0.03 : 0.05;
      assert.ok(Math.abs(loss - expected) <= limit * expected, `step ${step + 1}: ${loss}, in f32 ${expected}`);
    });
    assert.notDeepEqual(losses.int8, losses.f32);
  });
}

test('the same bits on 1, 2 and 4 threads, and with layers computed twice', async () => {
  const given = cases.find(({ task }) => task === 'tags');
  const engine = await engineOf(given.checkpoint, 'int8');
  const states = [];
  for (const [threads, keptLayers] of [[1], [2], [4], [1, 0]]) {
    const options = { weights: 'int8', dropout: everywhere, compiled: await compile({ threads }), keptLayers };
    const tuner = await tunerFor(engine, given, options);
    states.push({ losses: await takeSteps(tuner, given), ...tuner.readState() });
    tuner.dispose();
  }
  for (const state of states.slice(1)) assert.deepEqual(state, states[0]);
});

// In percent of its length: beside the same weights, and beside the model's own.
const limits = int8Path === WIDE ? [2, 5] : [8, 9];

test(
  `all-MiniLM-L6-v2: the gradient of adapters is within ${limits[0]} % of f32's beside the same weights, ${limits[1]} % beside the model's own`,
  { skip: withoutMinilm },
  async () => {
    const linear = /layer\.\d+\.(attention\.self\.\w+|.*dense)\.weight$/;
    const texts = [
      'a film that moves, and is moved by, its people',
      'dull',
      'not half as funny as it hopes',
      'see it twice',
    ];
    const labels = [1, 0, 0, 1];
    const loss = (core, logits, rows) => {
      const at = core.scratch(4 * rows);
      core.ints(at, rows).set(labels);
      return core.fn.softmax_loss(logits, at, 0, rows, 2);
    };
    const gradients = [];
    for (const [dtype, weights] of [
      ['int8', 'int8'],
      ['int8', 'f32'],
      ['f32', 'f32'],
    ]) {
      const engine = await engineIn(minilm, dtype);
      const names = tensorNames(engine);
      const tuner = await Tuner.create(engine, await compileTrainer(engine.compiled), {
        tuning: names.map((name) => (linear.test(name) ? 'ADAPTED' : 'FROZEN')),
        weights,
        rank: 8,
        scale: 2,
        maxTokens: 128,
        pooling: 'mean',
        outputs: 2,
      });
      const wave = (values, by, size) => values.forEach((_, i) => (values[i] = size * Math.sin(by * i)));
      names.forEach((name, tensor) => {
        if (!linear.test(name)) return;
        const adapter = tuner.readAdapter(tensor);
        wave(adapter.a, 1.7, 0.05);
        wave(adapter.b, 2.3, 0.005);
        tuner.writeAdapter(tensor, adapter);
      });
      wave(tuner.head, 0.7, 0.1);
      const encoded = texts.map((text) => engine.tokenizer.encode([text], 32).ids);
      const starts = encoded.reduce((all, { length }) => [...all, all.at(-1) + length], [0]);
      const batch = { ids: encoded.flatMap((ids) => [...ids]), starts };
      await tuner.step([{ batch, loss, share: 1 }], { learningRate: 0, weightDecay: 0, seed: 0 });
      // AdamW's average of the gradients is a tenth of the first.
      gradients.push(tuner.readState().floats.slice(tuner.size, 2 * tuner.size));
      tuner.dispose();
    }
    const length = (values) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
    const errorOf = (a, b) => length(a.map((value, i) => value - b[i])) / length(b);
    const [int8, dequantized, f32] = gradients;
    for (const [i, other] of [dequantized, f32].entries()) {
      const percent = 100 * errorOf(int8, other);
      assert.ok(percent < limits[i], `${percent} %`);
    }
  },
);
