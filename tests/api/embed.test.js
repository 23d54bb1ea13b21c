// Vectors: equal to PyTorch's, the same bits alone and in a batch, on one thread and on several. (For each of the builds, and how
// close int8 is: tests/builds/builds.test.js.)
import { forEachBatch } from '../../js/engine/batches.js';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Engine } from '../../js/engine/engine.js';
import { loadEngine } from '../../js/worker/load.js';
import { load } from '../../js/index.js';
import { toTexts } from '../../js/api/texts.js';
import { compare, fixtures, readExpected, tiny, withoutMinilm } from '../support.js';

const MINILM = 'sentence-transformers/all-MiniLM-L6-v2';

const flatten = (vectors) => Float32Array.from(vectors.flatMap((vector) => [...vector]));

function assertEqual(actual, expected, size) {
  const { worstCosine, maxAbs } = compare(actual, expected, size);
  assert.ok(worstCosine >= 0.99999, `cosine ${worstCosine}`);
  assert.ok(maxAbs <= 1e-4, `max abs ${maxAbs}`);
}

const minilmTexts = (fixture) =>
  readFileSync(join(fixtures, 'model', fixture, 'texts.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('all-MiniLM-L6-v2 against PyTorch', { skip: withoutMinilm }, () => {
  const texts = minilmTexts('minilm');
  let expected;
  let bert;
  let means;
  before(async () => {
    expected = await readExpected(join(fixtures, 'model/minilm/expected.safetensors'));
    bert = await load(MINILM, { dtype: 'f32' });
    means = await bert.embed(texts, { pooling: 'mean', onWarning() {} });
  });
  after(() => bert?.dispose());

  test('mean vectors of 128 texts', () => {
    assert.equal(means.length, 128);
    assertEqual(flatten(means), expected.mean, 384);
  });

  test('without options, sentence vectors: the mean, normalized, of texts that are cut at 256 tokens', async () => {
    const warned = [];
    const vectors = await bert.embed(texts, { onWarning: (_, indices) => warned.push(...indices) });
    const tokens = texts.map((_, i) => expected.starts[i + 1] - expected.starts[i]);
    const long = [...texts.keys()].filter((i) => tokens[i] > 256);
    assert.ok(long.length > 0);
    assert.deepEqual(warned, long);
    const normalized = await bert.embed(texts, { pooling: 'mean', normalize: true, onWarning() {} });
    for (const [i, vector] of vectors.entries()) {
      if (tokens[i] > 256) continue;
      const mean = expected.mean.subarray(i * 384, (i + 1) * 384);
      assertEqual(
        vector,
        mean.map((value) => value / Math.hypot(...mean)),
        384,
      );
      assert.deepEqual(normalized[i], vector, `text ${i}`);
    }
    for (const i of long) {
      assert.ok(Math.abs(Math.hypot(...vectors[i]) - 1) < 1e-5);
      assert.notDeepEqual(normalized[i], vectors[i], `text ${i}: of 512 tokens it is another`);
    }
  });

  test('vectors of tokens, and of [CLS]', async () => {
    const { starts, hidden } = expected;
    const known = texts.slice(0, 14);
    const tokens = await bert.embed(known, { pooling: 'none' });
    assert.deepEqual(
      tokens.map((vectors) => vectors.length),
      known.map((_, i) => starts[i + 1] - starts[i]),
    );
    assertEqual(flatten(tokens.flat()), hidden, 384);
    const cls = await bert.embed(known, { pooling: 'cls' });
    assertEqual(flatten(cls), flatten(known.map((_, i) => hidden.slice(starts[i] * 384, (starts[i] + 1) * 384))), 384);
  });

  test('a text gives the same bits alone as among 127 others', async () => {
    for (const index of [0, 3, 12, 25, 40, 60, 80]) {
      assert.deepEqual(await bert.embed(texts[index], { pooling: 'mean' }), means[index], `text ${index}`);
    }
  });

  test('ids are those of the Hugging Face tokenizer', async () => {
    const encodings = await bert.tokenize(texts);
    encodings.forEach(({ ids }, i) => {
      const wanted = expected.ids.subarray(expected.starts[i], expected.starts[i + 1]);
      // What is longer was cut to 512 with [SEP] at the end.
      const count = wanted.length === 512 ? 511 : 512;
      assert.deepEqual(ids.subarray(0, count), wanted.subarray(0, count), `text ${i}`);
    });
  });

  test('one thread and several give the same bits', async () => {
    const some = texts.slice(0, 24);
    const others = await Promise.all([1, 2, 3].map((threads) => load(MINILM, { dtype: 'f32', threads })));
    try {
      assert.deepEqual(
        others.map(({ info }) => info.threads),
        [1, 2, 3],
      );
      const results = await Promise.all(others.map((other) => other.embed(some)));
      assert.deepEqual(results[1], results[0]);
      assert.deepEqual(results[2], results[0]);
    } finally {
      await Promise.all(others.map((other) => other.dispose()));
    }
  });
});

test('all-MiniLM-L6-v2 in int8: one thread and several give the same bits', { skip: withoutMinilm }, async () => {
  const some = minilmTexts('minilm-sentences').slice(0, 24);
  const models = await Promise.all([1, 2, 3].map((threads) => load(MINILM, { dtype: 'int8', threads })));
  const results = await Promise.all(models.map((bert) => bert.embed(some)));
  assert.deepEqual(results[1], results[0]);
  assert.deepEqual(results[2], results[0]);
  await Promise.all(models.map((bert) => bert.dispose()));
});

test('checkpoints in F32, F16 (with the prefix "bert.") and BF16 against PyTorch', async () => {
  for (const dtype of ['f32', 'f16', 'bf16']) {
    const expected = await readExpected(join(tiny(dtype), 'expected.safetensors'));
    const context = { signal: new AbortController().signal, emit() {} };
    const engine = await loadEngine(
      { description: { kind: 'directory', path: tiny(dtype) }, dtype: 'f32', threads: 1 },
      context,
    );
    assert.ok(engine instanceof Engine);
    let compared = 0;
    for (let i = 0; i + 1 < expected.starts.length; i++) {
      const [start, end] = expected.starts.subarray(i, i + 2);
      const second = expected.type_ids.subarray(start, end).indexOf(1);
      const ids = expected.ids.slice(start, end);
      const encoded = { index: 0, ids, second: second < 0 ? ids.length : second, cut: false };
      for (const layer of [0, 1, 2]) {
        const batch = engine.forward([encoded], 0, layer);
        const all = expected.layers.subarray(32 * layer * expected.ids.length);
        assertEqual(engine.hidden(batch, false), all.slice(32 * start, 32 * end), 32);
      }
      if (second >= 0) compared += 1;
    }
    assert.ok(compared >= 2);
  }
});

describe('what embed() takes and gives', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32' });
  });
  after(() => bert.dispose());
  const long = 'good movie '.repeat(50);

  test('one text, none, and many', async () => {
    assert.ok((await bert.embed('a good movie')) instanceof Float32Array);
    assert.deepEqual(await bert.embed([]), []);
    const texts = Array.from({ length: 5000 }, (_, i) => 'very '.repeat(i % 30) + 'good');
    const events = [];
    const vectors = await bert.embed(texts, { onProgress: (event) => events.push(event) });
    assert.equal(vectors.length, 5000);
    for (const i of [0, 29, 2047, 2048, 4999]) assert.deepEqual(vectors[i], vectors[i % 30], `text ${i}`);
    assert.ok(events.every(({ phase, loaded, total }) => phase === 'embed' && loaded <= total && total === 5000));
    assert.deepEqual(events.at(-1), { phase: 'embed', loaded: 5000, total: 5000 });
    assert.notEqual(vectors[0].buffer, vectors[1].buffer, 'each vector is an array of its own');
  });

  test('a text that is too long: cut with a warning, or an error', async () => {
    const warnings = [];
    const cut = await bert.embed(['good', long, 'bad', long], { onWarning: (message) => warnings.push(message) });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^2 texts \(the first is text 1\) were longer than the model's 40 tokens/);
    // [CLS], 38 pieces, [SEP]
    assert.deepEqual(cut[1], await bert.embed('good movie '.repeat(19), { truncation: 'error' }));
    await assert.rejects(bert.embed(['good', long], { truncation: 'error' }), {
      code: 'TEXT_TOO_LONG',
      message: /Text 1/,
    });
    assert.equal((await bert.embed(long, { pooling: 'none', onWarning() {} })).length, 40);
  });

  test('without a listener, warnings go to the console', async (t) => {
    const warn = t.mock.method(console, 'warn', () => {});
    await bert.embed(long);
    assert.equal(warn.mock.callCount(), 1);
    assert.match(warn.mock.calls[0].arguments[0], /^bertlet: Text 0 was longer/);
  });

  test('normalized token vectors have length 1', async () => {
    for (const vector of await bert.embed('a good movie', { pooling: 'none', normalize: true })) {
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
    }
  });

  test('wrong arguments', async () => {
    const error = { name: 'BertletError', code: 'BAD_INPUT' };
    await assert.rejects(bert.embed(), error);
    await assert.rejects(bert.embed(7), error);
    await assert.rejects(bert.embed(['a', null]), { ...error, message: /Text 1/ });
    await assert.rejects(bert.embed('a', { pooling: 'sum' }), { ...error, message: /mean or cls or max or none/ });
    await assert.rejects(bert.embed('a', { layer: 3 }), { ...error, message: /layer is 3; .* 0 to 2/ });
    await assert.rejects(bert.embed('a', { truncation: 'never' }), error);
    await assert.rejects(bert.embed('a', { poolling: 'cls' }), { ...error, message: /no option "poolling"/ });
    await assert.rejects(bert.tokenize({}), error);
    await assert.rejects(bert.embed({ text: 'a', textPair: 7 }), { ...error, message: /Text 0/ });
  });

  test('cancelling really stops the work', async () => {
    const controller = new AbortController();
    const texts = Array.from({ length: 200000 }, () => long);
    const onProgress = () => controller.abort();
    await assert.rejects(bert.embed(texts, { signal: controller.signal, onProgress, onWarning() {} }), {
      name: 'AbortError',
    });
    assert.equal((await bert.embed('good')).length, 32, 'the model goes on');

    const engine = await loadEngine(
      { description: { kind: 'directory', path: tiny() }, dtype: 'int8', threads: 1 },
      { signal: new AbortController().signal, emit() {} },
    );
    const stop = new AbortController();
    let after = 0;
    const use = () => {
      if (stop.signal.aborted) after += 1;
    };
    setImmediate(() => stop.abort());
    await assert.rejects(
      forEachBatch(engine, toTexts(texts), { phase: 'embed' }, use, { signal: stop.signal, emit() {} }),
      {
        name: 'AbortError',
      },
    );
    assert.equal(after, 0, 'no batch is computed after the abort is seen');
  });

  test('calls share the worker in turns', async () => {
    const texts = Array.from({ length: 3000 }, () => long);
    let slow = false;
    const big = bert.embed(texts, { onWarning() {} }).then(() => (slow = true));
    await bert.embed('good');
    assert.equal(slow, false, 'a short call does not wait for the long one before it');
    await big;
  });
});
