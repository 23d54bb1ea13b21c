// Calls that run beside each other on one engine: each layer ends a turn, and what one call computes is not disturbed by another.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { forEachEncoded } from '../../js/engine/batches.js';
import { loadEngine } from '../../js/worker/load.js';
import { load } from '../../js/index.js';
import { fixtures } from '../support.js';

const model = join(fixtures, 'checkpoints/bert');
const bulk = Array.from({ length: 60 }, (_, i) => [`the ${'a in of '.repeat(i % 7)}end`]);
const small = [['a small text, beside'], ['and', 'a pair of texts']];

/** The vectors of texts in some layers; `turn` is called between turns. */
async function vectors(engine, texts, layers, turn = async () => {}) {
  const { hiddenSize, maxPositions } = engine.config;
  const encoded = texts.map((text, index) => ({ index, ...engine.tokenizer.encode(text, maxPositions) }));
  const results = {};
  const use = (batch) => {
    const rows = engine.pool(batch, 'mean', false);
    batch.indices.forEach((index, i) => {
      results[`${index}, layer ${batch.layer}`] = [...rows.slice(i * hiddenSize, (i + 1) * hiddenSize)];
    });
  };
  await forEachEncoded(engine, encoded, layers, use, turn);
  return results;
}

for (const dtype of ['f32', 'int8']) {
  test(`${dtype}: a call in every turn of another one: the bits of each alone`, async () => {
    const context = { signal: new AbortController().signal, emit() {} };
    const engine = await loadEngine({ description: { kind: 'directory', path: model }, dtype, threads: 1 }, context);
    const { numLayers } = engine.config;
    assert.ok(numLayers > 1);
    const layers = [0, numLayers];
    const [alone, smallAlone] = [await vectors(engine, bulk, layers), await vectors(engine, small, layers)];
    let turns = 0;
    const together = await vectors(engine, bulk, layers, async () => {
      turns++;
      assert.deepEqual(await vectors(engine, small, layers), smallAlone);
    });
    assert.deepEqual(together, alone);
    const batches = (turns + 1) / numLayers; // a turn ends between any two layers, and between any two batches
    assert.ok(Number.isInteger(batches) && batches > 1, `${turns} turns`);
  });
}

test('small calls beside a large one, through the public API', async () => {
  const bert = await load(model, { dtype: 'f32', threads: 1, cache: false });
  const texts = Array.from({ length: 12000 }, (_, i) => bulk[i % bulk.length][0]);
  const expected = await bert.embed(texts.slice(0, 60));
  const expectedSmall = await bert.embed('a small text, beside');
  let running = true;
  const large = bert.embed(texts).finally(() => (running = false));
  let answered = 0;
  while (running) {
    assert.deepEqual(await bert.embed('a small text, beside'), expectedSmall);
    if (running) answered++;
  }
  assert.deepEqual((await large).slice(0, 60), expected);
  assert.ok(answered > 3, `${answered} small calls were answered while the large one ran`);
  await bert.dispose();
});
