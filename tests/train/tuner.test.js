// Training of the encoder: the losses of twenty steps, of all weights, of the last layer and of LoRA adapters, for labels, tags and
// answers. Oracle: PyTorch (tests/fixtures/make_tuning_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describe as describeModel } from '../../js/io/describe.js';
import { loadEngine } from '../../js/worker/load.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { fixtures } from '../support.js';

const { cases, rates, rank, scale, decay } = JSON.parse(readFileSync(join(fixtures, 'train/tuning.json'), 'utf8'));
const context = { signal: new AbortController().signal, emit() {} };

async function engineOf(checkpoint, threads = 1) {
  const folder = join(fixtures, 'checkpoints', checkpoint);
  const { description } = await describeModel(folder);
  return loadEngine({ description, names: { model: folder }, dtype: 'f32', threads }, context);
}

/** Names of modules in transformers, as BERT has them. */
const asInBert = (name) =>
  name
    .replace('transformer.layer.', 'encoder.layer.')
    .replace(/attention\.(q|k|v)_lin$/, (_, part) => `attention.self.${{ q: 'query', k: 'key', v: 'value' }[part]}`)
    .replace('attention.out_lin', 'attention.output.dense')
    .replace('ffn.lin1', 'intermediate.dense')
    .replace('ffn.lin2', 'output.dense');

/** A batch of texts of the fixture, some of them, as the core wants it, with the loss of its task. */
function partOf(task, given, begin, end) {
  const some = (list) => list.slice(begin, end);
  const ids = some(given.ids);
  const starts = ids.reduce((all, { length }) => [...all, all.at(-1) + length], [0]);
  const batch = { ids: ids.flat(), tokenTypeIds: some(given.types).flat(), starts };
  const put = (core, values) => {
    const at = core.scratch(4 * values.length);
    core.ints(at, values.length).set(values);
    return at;
  };
  const losses = {
    labels: (core, logits, rows) => core.fn.softmax_loss(logits, put(core, some(given.labels)), 0, rows, 3),
    tags: (core, logits, rows) => core.fn.softmax_loss(logits, put(core, some(given.tags).flat()), 0, rows, 5),
    answers(core, logits) {
      const spans = some(given.spans).flat();
      const at = put(core, [...starts, ...spans]);
      return core.fn.span_loss(logits, at, at + 4 * starts.length, ids.length);
    },
  };
  const tokens = given.ids.flat().length;
  const share = task === 'tags' ? starts.at(-1) / tokens : ids.length / given.ids.length;
  return { batch, loss: losses[task], share };
}

/** How the tensors are tuned, and which has which adapter. */
function tuningOf(names, { method, adapters }) {
  const lastLayer = Math.max(...names.map((name) => Number(/layer\.(\d+)/.exec(name)?.[1] ?? -1)));
  const adapterOf = new Map(Object.entries(adapters).map(([name, of]) => [`${asInBert(name)}.weight`, of]));
  const tuning = names.map((name) => {
    if (method === 'full') return 'TRAINED';
    if (method === 'layers') return name.includes(`layer.${lastLayer}.`) ? 'TRAINED' : 'FROZEN';
    return adapterOf.has(name) ? 'ADAPTED' : 'FROZEN';
  });
  return { tuning, adapterOf };
}

/** The losses of all steps. `cuts`: where each batch of four texts is cut into smaller ones. */
async function train(engine, given, { cuts = [0, 4], keptLayers } = {}) {
  const names = tensorNames(engine);
  const { tuning, adapterOf } = tuningOf(names, given);
  if (given.method === 'lora') assert.equal(tuning.filter((how) => how === 'ADAPTED').length, adapterOf.size);
  const tuner = await Tuner.create(engine, await compileTrainer(engine.compiled), {
    tuning,
    maxTokens: Math.max(...given.batches.map(({ ids }) => ids.flat().length)),
    keptLayers,
    pooling: given.task === 'labels' ? 'mean' : 'none',
    rank: given.method === 'lora' ? rank : 0,
    scale,
    outputs: given.head.length,
  });
  tuner.head.set(given.head.flat());
  for (const [name, { a, b }] of adapterOf)
    tuner.writeAdapter(names.indexOf(name), { a: Float32Array.from(a.flat()), b: Float32Array.from(b.flat()) });
  const losses = rates.map((learningRate, step) => {
    const batch = given.batches[step % given.batches.length];
    const parts = cuts.slice(1).map((end, i) => partOf(given.task, batch, cuts[i], end));
    return tuner.step(parts, { learningRate, weightDecay: decay, maxNorm: 1, seed: 0 }).loss;
  });
  tuner.dispose();
  return losses;
}

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
  assert.throws(() => tuner.step([part, wrong], options), { code: 'BAD_WEIGHTS', message: /Step 1/ });
  assert.deepEqual(tuner.logits(part.batch), before);
  tuner.step([part], options);
  assert.notDeepEqual(tuner.logits(part.batch), before);
  tuner.dispose();
});
