// Adapters in the memory of an engine: room for any number of them, each where it is found again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Adapters } from '../../js/engine/adapters.js';
import { ADAPTER_BYTES } from '../../js/engine/engine.js';
import { loadEngine } from '../../js/worker/load.js';
import { fixtures } from '../support.js';

const context = { signal: new AbortController().signal, emit() {} };
const query = 'encoder.layer.0.attention.self.query.weight';

async function open() {
  const description = { kind: 'directory', path: join(fixtures, 'checkpoints/bert') };
  const engine = await loadEngine({ description, names: {}, dtype: 'f32', threads: 1 }, context);
  engine.adapters = new Adapters(engine);
  return engine;
}

/** One that adds to each query, and what else is named, what depends on `seed`. */
function adapterOf(seed, rank = 4, names = [query]) {
  const numbers = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * 7 + seed));
  const delta = { a: numbers(rank * 16), b: numbers(rank * 16), rank, rows: 16, columns: 16, scale: 1 };
  return new Map(names.map((name) => [name, delta]));
}

function vectorOf(engine, lora) {
  const batch = engine.forward([{ index: 0, ...engine.tokenizer.encode(['a good movie'], 24) }], 0, undefined, {
    lora,
  });
  const vector = [...engine.pool(batch, 'mean', false)];
  engine.finish(batch);
  return vector;
}

test('freed memory is used again, and what lies behind it stays', async () => {
  const engine = await open();
  const { adapters, core } = engine;
  const begin = core.end;
  const [one, two, three, four] = [1, 2, 3, 4].map((seed) => adapterOf(seed));
  const alone = [one, two, three, four].map((lora) => {
    const vector = vectorOf(engine, lora);
    adapters.free(lora);
    assert.equal(core.end, begin);
    return vector;
  });
  const [first, second, third] = [one, two, three].map((lora) => adapters.place(lora));
  assert.ok(begin <= first && first < second && second < third && third < core.end);
  assert.equal(adapters.place(one), first);
  adapters.free(two);
  assert.equal(adapters.place(four), second, 'in the gap');
  const wide = adapterOf(5, 16);
  assert.ok(adapters.place(wide) > third, 'which is too large for any gap');
  assert.deepEqual(
    [one, four, three].map((lora) => vectorOf(engine, lora)),
    [alone[0], alone[3], alone[2]],
  );
  assert.deepEqual(vectorOf(engine, two), alone[1], 'packed again');
  for (const lora of [one, two, three, four, wide]) adapters.free(lora);
  assert.equal(core.end, begin);
});

test('more than there is room for: those that were used last stay', async () => {
  const engine = await open();
  const { adapters, core } = engine;
  const begin = core.end;
  const all = ['query', 'key', 'value'].map((part) => query.replace('query', part));
  const many = Array.from({ length: 3 }, (_, seed) => adapterOf(seed, 16, all));
  const vectors = many.map((lora) => vectorOf(engine, lora));
  const size = (core.end - begin) / many.length;
  const count = Math.ceil(ADAPTER_BYTES / size) + 10;
  const others = Array.from({ length: count }, (_, seed) => adapterOf(seed + 10, 16, all));
  for (const lora of others) {
    adapters.place(lora);
    assert.ok(core.end - begin <= ADAPTER_BYTES);
  }
  assert.deepEqual(
    many.map((lora) => vectorOf(engine, lora)),
    vectors,
  );
  assert.ok(core.end - begin <= ADAPTER_BYTES);
});

test('an adapter that does not fit the model, or holds no numbers', async () => {
  const { adapters, core } = await open();
  const end = core.end;
  const [delta] = adapterOf(1).values();
  const refused = (name, changes, message) =>
    assert.throws(() => adapters.check(new Map([[name, { ...delta, ...changes }]])), { code: 'BAD_ADAPTER', message });
  refused('pooler.dense.weight', {}, /no such tensor/);
  refused(query, { rows: 8 }, /shape \[8,16\].*\[16,16\]/);
  refused(query, { rank: 3 }, /shape/);
  refused(query, { rank: 0, a: new Float32Array(0), b: new Float32Array(0) }, /rank 0/);
  const wide = new Float32Array(17 * 16);
  refused(query, { rank: 17, a: wide, b: wide }, /rank 17/);
  const table = { rows: 94, b: new Float32Array(94 * 4) };
  refused('embeddings.word_embeddings.weight', table, /only linear layers.*load\(model, \{ adapter \}\)/s);
  const damaged = new Map([[query, { ...delta, b: delta.b.with(3, NaN) }]]);
  adapters.check(damaged);
  assert.throws(() => adapters.place(damaged), { code: 'BAD_ADAPTER', message: /NaN/ });
  assert.equal(core.end, end, 'nothing is left of it');
});
