// The steps of training on a tuner of one number, which a step raises by one: what is kept, also where training was interrupted.
import assert from 'node:assert/strict';
import test from 'node:test';
import { train } from '../../js/train/deep/train.js';

/** Scores of the held-out example after 2, 4 and 6 steps. */
const scores = { 2: 0.9, 4: 0.7, 6: 0.8 };

/** Trains for three epochs of two steps; `pause` is awaited after each step and each measurement. */
async function run(standing, tuner, pause) {
  const example = { encoded: { ids: [1], second: 1 }, weight: 1 };
  const task = {
    train: [example, example],
    heldOut: [example],
    pooling: 'mean',
    outputs: 1,
    scoreName: 'accuracy',
    lossOf: () => () => 0,
    measure: async ([[value]]) => ({ loss: 1, score: scores[value] }),
  };
  const options = { epochs: 3, batchSize: 1, learningRate: 1, warmup: 0, weightDecay: 0, maxTokens: 8, seed: 0 };
  const engine = { config: { typeVocabSize: 2 }, extras: {} };
  const hooks = { pause, onStep: () => {} };
  await train(engine, tuner, task, options, undefined, standing, hooks);
  return { standing, value: tuner.value };
}

const begin = () => ({ step: 0, loss: 0, history: [], best: undefined });
const tunerOf = (value) => ({
  value,
  async step() {
    this.value += 1;
    return { loss: this.value };
  },
  logits() {
    return Float32Array.of(this.value);
  },
  readValues() {
    return Float32Array.of(this.value);
  },
  writeValues([value]) {
    this.value = value;
  },
});

test('the best epoch is kept, wherever training was interrupted, and what it brought is the same', async () => {
  const whole = await run(begin(), tunerOf(0), async () => {});
  assert.equal(whole.value, 2, 'after the first epoch');
  assert.deepEqual(
    whole.standing.history.map(({ epoch, loss, heldOut }) => [epoch, loss, heldOut.accuracy]),
    [
      [1, 1.5, 0.9],
      [2, 3.5, 0.7],
      [3, 5.5, 0.8],
    ],
  );
  for (let pauses = 1, interrupted = true; interrupted; pauses++) {
    const standing = begin();
    const tuner = tunerOf(0);
    let left = pauses;
    const pause = async () => {
      if (--left === 0) throw new Error('interrupted');
    };
    interrupted = await run(standing, tuner, pause).then(
      () => false,
      () => true,
    );
    // A checkpoint holds the standing and all numbers.
    assert.deepEqual(await run(structuredClone(standing), tunerOf(tuner.value), async () => {}), whole, `${pauses}`);
    assert.ok(pauses < 20);
  }
});
