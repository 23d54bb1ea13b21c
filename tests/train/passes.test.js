// How often the encoder reads the texts while features are chosen.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fit } from '../../js/train/fit.js';
import { passes } from '../../js/train/frozen/features.js';
import { loadEngine } from '../../js/worker/load.js';
import { tiny, toyExamples } from '../support.js';

/** An engine that counts the layers that it runs for how many texts: 0 are the embeddings. */
async function countingEngine() {
  const params = { description: { kind: 'directory', path: tiny() }, dtype: 'f32', threads: 1 };
  const engine = await loadEngine(params, context());
  const runs = {};
  const { embed, run_layers: runLayers } = engine.core.fn;
  const count = (layer, texts) => (runs[layer] = (runs[layer] ?? 0) + texts);
  engine.core.fn.embed = (model, ids, types, starts, texts, hidden) => {
    count(0, texts);
    return embed(model, ids, types, starts, texts, hidden);
  };
  engine.core.fn.run_layers = (model, starts, texts, begin, end, hidden) => {
    for (let layer = begin; layer < end; layer++) count(layer + 1, texts);
    return runLayers(model, starts, texts, begin, end, hidden);
  };
  return { engine, runs };
}

const context = () => ({ signal: new AbortController().signal, emit() {} });

/** Texts that are all different. */
const examples = (count) => toyExamples(count).map(({ text, label }, i) => ({ text: `${text} ${i}`, label }));

const classification = (layers, count = 60) => ({
  task: 'text-classification',
  texts: examples(count).map(({ text }) => [text]),
  labels: examples(count).map(({ label }) => [Number(label === 'pos')]),
  classes: 2,
  classWeight: new Float32Array(2).fill(1),
  layers,
  poolings: ['mean', 'cls', 'max'],
  standardize: [false],
  validation: 0,
  seed: 0,
});

describe('layer and pooling of a classifier', () => {
  test('all candidates in one pass; what is known is not computed again', async () => {
    const { engine, runs } = await countingEngine();
    const { report } = await fit(engine, classification([1, 2]), context());
    assert.equal(report.featureSearch.length, 6);
    assert.deepEqual(runs, { 0: 60, 1: 60, 2: 60 });
    await fit(engine, classification([1, 2]), context());
    assert.deepEqual(runs, { 0: 60, 1: 60, 2: 60 });
    await fit(engine, classification([1, 2], 70), context());
    assert.deepEqual(runs, { 0: 70, 1: 70, 2: 70 }, 'only what is new');
  });

  test('each candidate is as good as a fit that was told to take it', async () => {
    const { engine } = await countingEngine();
    const chosen = await fit(engine, classification([1, 2]), context());
    for (const { layer, pooling, logLoss, accuracy } of chosen.report.featureSearch) {
      const alone = await countingEngine();
      const params = { ...classification([layer]), poolings: [pooling] };
      const { network, report } = await fit(alone.engine, params, context());
      const step = report.search.find(({ c }) => c === report.c);
      assert.deepEqual([step.logLoss, step.accuracy], [logLoss, accuracy]);
      if (layer === chosen.report.layer && pooling === chosen.report.pooling) assert.deepEqual(network, chosen.network);
    }
  });

  test('what candidates take together is bounded: some layers at a time', () => {
    const MB = 2 ** 20;
    assert.deepEqual(passes([1, 2, 3, 4, 5, 6], 4 * 3 * 2000 * 384), [[1, 2, 3, 4, 5, 6]]);
    assert.deepEqual(passes([1, 2, 3, 4, 5], 50 * MB), [[1, 2], [3, 4], [5]]);
    assert.deepEqual(passes([1, 2], 1024 * MB), [[1], [2]]);
    assert.deepEqual(passes([1, 2], 0), [[1, 2]]);
  });
});

test('layers of a tagger: all candidates in one pass, which the head is trained on too', async () => {
  const words = Array.from({ length: 50 }, (_, i) => ['the', i % 2 ? 'good' : 'bad', 'movie', `${i}`]);
  const params = {
    task: 'token-classification',
    words,
    tags: words.map((_, i) => [0, 1 + (i % 2), 0, 0]),
    classes: 3,
    outside: 0,
    layers: [1, 2],
    standardize: true,
    validation: 0,
    seed: 0,
  };
  const { engine, runs } = await countingEngine();
  const { report, network } = await fit(engine, params, context());
  assert.ok(report.featureSearch.length >= 1);
  assert.deepEqual(runs, { 0: 50, 1: 50, 2: 50 });

  const told = await fit((await countingEngine()).engine, { ...params, layers: [report.layer] }, context());
  assert.deepEqual(network, told.network);
});
