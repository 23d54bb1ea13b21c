// Training gives way: however large it is, it can be stopped after a few milliseconds of work; and it takes no more memory than it must.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';
import { fit } from '../../js/train/fit.js';
import { fitSparse } from '../../js/train/baseline/sparse-logreg.js';
import { TfIdf } from '../../js/train/baseline/tfidf.js';
import { BATCH_ROWS, HEAD_BYTES, Rows } from '../../js/train/dataset/rows.js';
import { BATCH_TOKENS } from '../../js/engine/engine.js';
import { TEXT_GROWTH } from '../../js/tokenize/tokenizer.js';
import { SingleLabel } from '../../js/train/dataset/targets.js';
import { CrfTrainer } from '../../js/train/solvers/crf-trainer.js';
import { SingleLabelRegression } from '../../js/train/solvers/logreg.js';
import { MlpTrainer } from '../../js/train/solvers/mlp-trainer.js';
import { TURN } from '../../js/train/solvers/turn.js';
import { random } from '../../js/base/random.js';
import { loadEngine } from '../../js/worker/load.js';
import { fixtures } from '../support.js';

const COUNT = 64;
const WIDTH = 64;

/** Rows of random features, with memory for a trainer. */
async function randomRows(trainers, layers) {
  const compiled = await compile({ threads: 1 });
  const rows = await Rows.create(compiled, COUNT, WIDTH, { trainers, layers });
  const next = random(1);
  for (let row = 0; row < COUNT; row++) rows.set(row, Float32Array.from({ length: WIDTH }, next));
  return rows;
}

/** How many pauses a training makes. */
async function pausesOf(train) {
  let pauses = 0;
  await train(async () => void pauses++);
  return pauses;
}

/** Training is stopped by its n-th pause; the core does nothing afterwards. */
async function stops(core, train) {
  const reason = new Error('stopped');
  let left = 3;
  let calls = 0;
  const { fn } = core;
  core.fn = Object.fromEntries(
    Object.entries(fn).map(([name, call]) => [name, (...args) => ((calls += Number(left === 0)), call(...args))]),
  );
  const pause = async () => {
    if (--left === 0) throw reason;
  };
  await assert.rejects(train(pause), reason);
  core.fn = fn;
  assert.equal(calls, 0);
}

const trainings = {
  async 'logistic regression of many labels'() {
    const classes = 2048;
    const rows = await randomRows((core) => SingleLabelRegression.bytes(core, COUNT, WIDTH, classes), [classes]);
    const labels = Int32Array.from({ length: COUNT }, (_, i) => i);
    const regression = new SingleLabelRegression(rows, COUNT, labels, new Float32Array(classes).fill(1));
    // Logits and gradient, in each iteration and before the first one.
    return [rows.core, (pause) => regression.fit({ c: 1 }, pause), 2 * 2 * COUNT * WIDTH * classes];
  },
  async 'a large hidden layer'() {
    const [hiddenSize, classes] = [4096, 8];
    const options = { hiddenSize, epochs: 1, learningRate: 1e-3, earlyStopping: false };
    const rows = await randomRows((core) => MlpTrainer.bytes(core, WIDTH, classes, options), [hiddenSize, classes]);
    const targets = new SingleLabel(
      Int32Array.from({ length: COUNT }, (_, i) => i % classes),
      classes,
    );
    const trainer = new MlpTrainer(rows, targets, new Float32Array(classes).fill(1), options, 0);
    return [rows.core, (pause) => trainer.fit(1, COUNT, pause, () => {}), 2 * COUNT * (WIDTH + classes) * hiddenSize];
  },
  async 'a random field of many tags'() {
    const tags = 200;
    const options = { hiddenSize: 8, epochs: 1, learningRate: 1e-3, earlyStopping: false };
    const starts = Int32Array.of(0, COUNT / 2, COUNT);
    const rows = await randomRows((core) => CrfTrainer.bytes(core, WIDTH, tags, starts, options), [8, tags]);
    const targets = new SingleLabel(
      Int32Array.from({ length: COUNT }, (_, i) => i % tags),
      tags,
    );
    const trainer = new CrfTrainer(rows, starts, targets, options, 0);
    return [rows.core, (pause) => trainer.fit(1, pause, () => {}), 3 * 8 * (COUNT - 2) * tags * tags];
  },
};

for (const [name, create] of Object.entries(trainings)) {
  test(`${name}: as many pauses as its work asks for, and an end at any of them`, async () => {
    const [core, train, multiplications] = await create();
    const pauses = await pausesOf(train);
    assert.ok(pauses >= multiplications / TURN, `${pauses} pauses in ${multiplications / TURN} turns`);
    await stops(core, train);
  });
}

test('the baseline pauses within an iteration, and refuses what would take too much memory', async () => {
  const texts = Array.from({ length: 400 }, (_, i) => `word${i} word${i + 1} word${i % 7}`);
  const labels = texts.map((_, i) => i);
  const nothing = async () => {};
  const tfidf = await TfIdf.create(texts, nothing);
  const x = await tfidf.transform(texts, nothing);
  let iterations;
  const pauses = await pausesOf(async (pause) => ({ iterations } = await fitSparse(x, labels, 400, { c: 1, pause })));
  assert.ok(pauses > 10 * iterations, `${pauses} pauses in ${iterations} iterations`);
  await assert.rejects(fitSparse({ ...x, width: 1e6 }, labels, 400, { c: 1, pause: nothing }), {
    code: 'OUT_OF_MEMORY',
    message: /400 labels with 400 examples takes \d+ MB .*baseline: false/,
  });
});

/** A small model in this thread, and parameters of a fit. */
async function small(changes) {
  const context = { signal: new AbortController().signal, emit() {} };
  const description = { kind: 'directory', path: join(fixtures, 'checkpoints/bert') };
  const engine = await loadEngine({ description, dtype: 'f32', threads: 1 }, context);
  const texts = ['the a', 'a the', 'the the', 'of a', 'a of', 'of of'].map((text) => [text]);
  const params = {
    task: 'text-classification',
    texts,
    labels: texts.map((_, i) => [i % 2]),
    classes: 2,
    classWeight: new Float32Array(2).fill(1),
    layers: [1],
    poolings: ['mean'],
    standardize: [false],
    validation: 0,
    seed: 0,
    ...changes,
  };
  return { engine, params, context };
}

test('a fit uses the memory of the one before, and gives the same head', async (t) => {
  const { engine, params, context } = await small();
  const first = await fit(engine, params, context);
  const { Memory } = WebAssembly;
  t.after(() => (WebAssembly.Memory = Memory));
  let made = 0;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor) {
      super(descriptor);
      made++;
    }
  };
  const mlp = { hiddenSize: 16, epochs: 2, learningRate: 1e-3, earlyStopping: true };
  for (let i = 0; i < 3; i++) {
    await fit(engine, { ...params, mlp }, context);
    const stopped = { ...context, signal: AbortSignal.abort() };
    await fit(engine, params, stopped).catch(() => {});
    assert.deepEqual((await fit(engine, params, context)).network, first.network);
  }
  assert.equal(made, 0);
});

for (const [name, changes, message] of [
  [
    'a hidden layer',
    { mlp: { hiddenSize: 65_536, epochs: 1, learningRate: 1e-3, earlyStopping: false }, classes: 4000 },
    /A head of \d+ x 65536 x 4000 takes \d+ MB in use, more than the 256 MB .* smaller hiddenSize or fewer labels/,
  ],
  ['labels', { classes: 300_000 }, /A head of \d+ x 300000 takes \d+ MB in use, more than the 256 MB/],
]) {
  test(`too large ${name}: known before a text is read`, async () => {
    const { engine, params, context } = await small({
      ...changes,
      classWeight: new Float32Array(changes.classes).fill(1),
    });
    engine.forward = () => assert.fail('a text was read');
    await assert.rejects(fit(engine, params, context), { code: 'OUT_OF_MEMORY', message });
  });
}

test('the room for a head is that of the model', () => {
  assert.deepEqual([HEAD_BYTES, BATCH_ROWS], [TEXT_GROWTH, BATCH_TOKENS]);
});
