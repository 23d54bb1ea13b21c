// Models in a file for web pages, bertlet-int8.safetensors, and in half precision. Oracle: the file decoded in numpy by what docs/formats.md says,
// and what PyTorch computes with these weights (tests/fixtures/make_converted_fixtures.py).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toHalves } from '../../js/checkpoint/half.js';
import { packingOf } from '../../js/checkpoint/packed-plan.js';
import { PackedFile } from '../../js/checkpoint/packed-reader.js';
import { readSafetensors, toFloats } from '../../js/checkpoint/safetensors.js';
import { tensorsOf } from '../../js/core/tensors.js';
import { piecesOf } from '../../js/engine/tensor-pieces.js';
import { load } from '../../js/index.js';
import { describe as describeModel } from '../../js/io/describe.js';
import { loadEngine } from '../../js/worker/load.js';
import { cutAt, fixtures, safetensors, serve, splitAdapterTensors, tiny, toyExamples } from '../support.js';
import { packedMatrix, RANGES } from './converted.js';
import { parseFile } from './written.js';

const FILE = 'bertlet-int8.safetensors';
const folder = (name) => join(fixtures, 'converted', name);
const checkpoint = (name) => join(fixtures, 'checkpoints', name);
const readJson = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
const filesOf = (path) =>
  Object.fromEntries(
    readdirSync(path)
      .filter((name) => /\.(json|txt|safetensors)$/.test(name))
      .map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]),
  );
const open = (spec, options) => load(spec, { dtype: 'f32', threads: 1, cache: false, ...options });

/** Loads, works, and disposes. */
async function using(spec, options, work) {
  const bert = await open(spec, options);
  try {
    return await work(bert);
  } finally {
    await bert.dispose();
  }
}

const near = (actual, expected, what, tolerance = 2e-5) =>
  expected.forEach((value, i) =>
    assert.ok(
      Math.abs(actual[i] - value) <= tolerance * Math.max(1, Math.abs(value)),
      `${what}: ${actual[i]}, not ${value}`,
    ),
  );

function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** The engine of a model, without a worker. */
async function engineOf(spec, dtype, adapter) {
  const { description, close } = await describeModel(spec);
  const second = adapter && (await describeModel(adapter)).description;
  const params = { description, adapter: second, names: {}, dtype, threads: 1, build: 'simd' };
  try {
    return await loadEngine(params, { signal: new AbortController().signal, emit() {} });
  } finally {
    close();
  }
}

/** The numbers of an engine's tensors, by name. */
const numbersOf = (engine) =>
  new Map(
    [...tensorsOf(engine.core, engine.model)].map(([name, { index }]) => [
      name,
      Float32Array.from([...piecesOf(engine, index)].flatMap(({ values }) => [...values])),
    ]),
  );

describe('a matrix in 8, 6 and 4 bits', () => {
  const given = parseFile(readFileSync(folder('matrix.safetensors')));
  const packed = new Uint8Array(readFileSync(folder('packed.safetensors')));
  const { shape, values: original } = given.get('original');
  const decoded = given.get('decoded').values;

  test('is packed as it was', async () => {
    assert.deepEqual(await packedMatrix(readFileSync(folder('matrix.safetensors'))), packed);
  });

  test('comes out as numpy decodes it, wherever its bytes are cut', async () => {
    for (const step of [1, 7, 100, 803, 2 ** 20]) {
      const read = [];
      const cuts = Array.from({ length: Math.floor(packed.length / step) }, (_, i) => i * step);
      let consumers;
      await readSafetensors(
        cutAt(packed, cuts),
        'packed',
        async (header) => {
          const file = new PackedFile(header, 'packed');
          assert.deepEqual(file.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })), [{ name: 'matrix', dtype: 'F32', shape }]); // prettier-ignore
          consumers = file.unpack(new Map([[file.tensors[0], (bytes) => read.push(...bytes)]]));
        },
        (tensor, bytes) => consumers.get(tensor)(bytes),
      );
      assert.deepEqual(new Float32Array(Uint8Array.from(read).buffer), decoded, `every ${step} bytes`);
    }
  });

  test('loses half a step of 8 and 6 bits at most; of 4 bits a hundredth of the variance', () => {
    let row = 0;
    for (const { rows, bits, block } of RANGES)
      for (const end = row + rows; row < end; row++) {
        const [from, to] = [row * shape[1], (row + 1) * shape[1]];
        const errors = original.slice(from, to).map((value, i) => decoded[from + i] - value);
        const sumOfSquares = (numbers) => numbers.reduce((sum, value) => sum + value ** 2, 0);
        // In row 10 one number is so large that the blocks of the others are coarse.
        if (bits === 4 && row !== 10)
          assert.ok(sumOfSquares(errors) <= 0.01 * sumOfSquares(original.subarray(from, to)), `row ${row}`);
        for (let begin = from; bits > 4 && begin < to; begin += block) {
          const numbers = original.subarray(begin, Math.min(begin + block, to));
          const step = (Math.max(...numbers, 0) - Math.min(...numbers, 0)) / (2 ** bits - 2);
          const largest = Math.max(...errors.slice(begin - from, begin - from + block).map(Math.abs));
          assert.ok(largest <= 0.5001 * step, `row ${row}, from ${begin - from}: ${largest} of ${step}`);
        }
      }
  });
});

describe('converted folders: what PyTorch computes with their weights', () => {
  for (const name of [
    'bert-masked',
    'bert-text',
    'distilbert-tokens',
    'electra-text',
    'megatron-bert',
    'sentence-mean',
  ])
    test(name, async () => {
      const { texts, vectors, probabilities, masked, fills } = readJson(folder(name), 'expected.json');
      const [original, int8] = await Promise.all([open(checkpoint(name)), open(folder(name), { dtype: 'int8' })]);
      await using(folder(name), {}, async (bert) => {
        const pooling = 'mean';
        (await bert.embed(texts, { pooling })).forEach((vector, i) => near(vector, vectors[i], texts[i]));
        (await int8.embed(texts, { pooling })).forEach((vector, i) => assert.ok(cosine(vector, vectors[i]) > 0.99));
        for (const [i, text] of (probabilities ? texts : []).entries()) {
          const scores = await bert.head.classify(text);
          const labels = Object.values(bert.info.config.id2label);
          near(
            labels.map((label) => scores.find((one) => one.label === label).score),
            probabilities[i],
            text,
          );
        }
        if (fills) {
          const found = await bert.fillMask(masked, { topK: fills.length });
          assert.deepEqual(found.map(({ token }) => token), fills.map(([token]) => token)); // prettier-ignore
          near(found.map(({ score }) => score), fills.map(([, score]) => score), masked); // prettier-ignore
        }
        for (const one of [bert, int8]) {
          assert.equal(one.info.fingerprint, original.info.fingerprint);
          assert.equal(one.info.hasMaskedLMHead, original.info.hasMaskedLMHead);
          assert.deepEqual([one.head?.task, one.head?.labels], [original.head?.task, original.head?.labels]);
        }
        const isNear = (note) => /keeps 4 to 8 bits of each/.test(note);
        assert.ok(bert.info.notes.some(isNear), 'who computes in f32 is told');
        assert.ok(!int8.info.notes.some(isNear));
      });
      await Promise.all([original.dispose(), int8.dispose()]);
    });
});

describe('which rows of word embeddings get 6 bits', () => {
  const ranges = (pieces, rows = pieces.length) =>
    packingOf({ shape: [rows, 8], canonical: 'embeddings.word_embeddings.weight' }, pieces).ranges.map(
      ({ rows, bits, block }) => [rows, bits, block],
    );
  const words = (count) => Array.from({ length: count }, (_, i) => `word${i}`);
  const unused = (count) => Array.from({ length: count }, (_, i) => `[unused${i}]`);

  test('the first tenth', () => {
    const expected = [
      [3, 6, 384],
      [27, 4, 32],
    ];
    assert.deepEqual(ranges(words(30)), expected);
    assert.deepEqual(ranges(words(20), 30), expected, 'a matrix with more rows than there are pieces');
  });

  test('not those of unused pieces, but as many others', () => {
    assert.deepEqual(ranges(['[PAD]', ...unused(9), '[UNK]', '[CLS]', ...unused(8), ...words(30)]), [
      [1, 6, 384],
      [9, 4, 32],
      [2, 6, 384],
      [8, 4, 32],
      [2, 6, 384],
      [28, 4, 32],
    ]);
  });

  test('however unused pieces lie, there are ten ranges at most, of all rows', () => {
    const pieces = words(1000).flatMap((word, i) => [word, `[unused${i}]`]);
    const found = ranges(pieces);
    assert.ok(found.length <= 10, String(found.length));
    assert.equal(
      found.reduce((sum, [rows]) => sum + rows, 0),
      2000,
    );
  });
});

test('the matrices of an int8 model are those that the original weights give, code by code', async () => {
  for (const name of ['bert-text', 'electra-text']) {
    const [own, converted] = await Promise.all([checkpoint(name), folder(name)].map((spec) => engineOf(spec, 'int8')));
    const [all, others] = [own, converted].map(numbersOf);
    const matrices = [...all].filter(([key]) => /\.(dense|query|key|value)\.weight$/.test(key));
    assert.equal(matrices.length, 12);
    for (const [key, values] of matrices) near(others.get(key), values, `${name} ${key}`, 1e-6);
  }
});

describe('which file is taken', () => {
  /** A server of a model with both files; and what was asked of it. */
  async function serveBoth(t, without = []) {
    const { [FILE]: weights } = filesOf(folder('bert-text'));
    const files = { ...filesOf(checkpoint('bert-text')), [FILE]: weights };
    for (const name of without) delete files[name];
    const asked = [];
    const address = await serve(t, (req, res) => {
      const name = req.url.slice(1);
      if (name.endsWith('.safetensors')) asked.push(`${req.method} ${name}`);
      const bytes = files[name];
      if (bytes) res.writeHead(200, { 'Content-Length': bytes.length, ETag: `"${bytes.length}"` });
      else res.writeHead(404);
      res.end(req.method === 'HEAD' ? undefined : bytes);
    });
    return { address, asked, files };
  }

  test('both are there: int8 asks once, for the small one; f32 for the other', async (t) => {
    const { address, asked } = await serveBoth(t);
    await using(address, { dtype: 'int8' }, () => {});
    assert.deepEqual(asked.splice(0), [`GET ${FILE}`]);
    await using(address, {}, ({ info }) => assert.ok(!info.notes.some((note) => note.includes(FILE))));
    assert.deepEqual(asked, ['GET model.safetensors']);
  });

  test('one of them is missing: the other', async (t) => {
    const small = await serveBoth(t, ['model.safetensors']);
    await using(small.address, {}, ({ info }) => assert.ok(info.notes.some((note) => note.includes(FILE))));
    const large = await serveBoth(t, [FILE]);
    await using(large.address, { dtype: 'int8' }, () => {});
    assert.deepEqual(large.asked, [`GET ${FILE}`, 'GET model.safetensors']);
    const none = await serveBoth(t, [FILE, 'model.safetensors']);
    for (const dtype of ['f32', 'int8'])
      await assert.rejects(open(none.address, { dtype }), {
        code: 'FILE_NOT_FOUND',
        message: /model\.safetensors does not exist/,
      });
  });

  test('the second load comes from the cache, with the same numbers and notes, until the file is another', async (t) => {
    for (const dtype of ['int8', 'f32']) {
      const { address, files } = await serveBoth(t, ['model.safetensors']);
      const run = () =>
        using(address, { dtype, cache: true }, async ({ info, ...bert }) => ({ info, bert })).then(({ info }) => info);
      const [first, second] = [await run(), await run()];
      assert.deepEqual([first.fromCache, second.fromCache], [false, true]);
      assert.equal(second.fingerprint, first.fingerprint);
      assert.deepEqual(second.notes, first.notes);
      files['model.safetensors'] = filesOf(checkpoint('bert-text'))['model.safetensors'];
      assert.equal((await run()).fromCache, dtype === 'int8', 'only f32 has asked for model.safetensors');
    }
  });
});

describe('heads and adapters', () => {
  test('an adapter is merged into the numbers that the codes stand for', async () => {
    const files = await using(checkpoint('bert'), {}, (bert) => bert.export());
    const plain = numbersOf(await engineOf(files, 'f32'));
    const adapter = checkpoint('lora-features');
    const engine = await engineOf(files, 'f32', adapter);
    const merged = numbersOf(engine);
    const { r, lora_alpha: alpha } = readJson(adapter, 'adapter_config.json');
    const stored = parseFile(readFileSync(join(adapter, 'adapter_model.safetensors')));
    const adapted = [...stored].filter(([name]) => name.endsWith('lora_A.weight'));
    assert.ok(adapted.length > 0);
    const changed = new Set();
    for (const [nameOfA, { shape, values: a }] of adapted) {
      const b = stored.get(nameOfA.replace('lora_A', 'lora_B'));
      const name = nameOfA.replace(/^base_model\.model\.(bert\.)?/, '').replace('.lora_A', '');
      const [rank, columns] = shape;
      const expected = plain.get(name).map((value, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        let sum = 0;
        for (let k = 0; k < rank; k++) sum += b.values[row * rank + k] * a[k * columns + column];
        return value + (alpha / r) * sum;
      });
      near(merged.get(name), expected, name);
      changed.add(name);
    }
    for (const [key, { values }] of stored) {
      const name = key.replace(/^base_model\.model\.(bert\.)?/, '');
      if (key.includes('lora_')) continue;
      assert.deepEqual(merged.get(name), values, name); // a whole module
      changed.add(name);
    }
    for (const [name, values] of plain) if (!changed.has(name)) assert.deepEqual(merged.get(name), values, name);
    const original = await engineOf(checkpoint('bert'), 'f32');
    assert.notEqual(engine.fingerprint, original.fingerprint);
  });

  test('a head of the original model, with an adapter of its own, opens beside the converted one', async () => {
    const examples = toyExamples(24);
    const { head, files } = await using(tiny(), {}, async (bert) => {
      const fitted = await bert.fit(examples, { method: 'lora', epochs: 30, learningRate: 0.02 });
      return {
        head: await fitted.save(),
        files: { int8: await bert.export(), f16: await bert.export({ dtype: 'f16' }) },
      };
    });
    const texts = examples.map(({ text }) => text);
    const labelsOf = async (bert) => (await (await bert.loadHead(head)).classify(texts)).map(([{ label }]) => label);
    const expected = await using(tiny(), {}, labelsOf);
    assert.equal(new Set(expected).size, 2);
    assert.deepEqual(await using(files.int8, { dtype: 'int8' }, labelsOf), expected);
    assert.deepEqual(await using(files.f16, {}, labelsOf), expected);
  });

  test('adapters are trained beside the int8 model; all weights in f32, which tells that they began as codes', async () => {
    const files = await using(tiny(), {}, (bert) => bert.export());
    await using(files, { dtype: 'int8' }, async (bert) => {
      const head = await bert.fit(toyExamples(24), { method: 'lora', epochs: 30, learningRate: 0.02 });
      assert.equal((await head.classify('pos')).length, 2);
      await assert.rejects(bert.fit(toyExamples(24), { method: 'full' }), {
        code: 'BAD_INPUT',
        message: /must be in f32/,
      });
      await assert.rejects(bert.export(), { code: 'UNSUPPORTED_DTYPE', message: /was loaded with dtype 'int8'/ });
    });
    await using(files, {}, async (bert) => {
      const before = bert.info.fingerprint;
      const warnings = [];
      const again = await bert.save({ onWarning: (message) => warnings.push(message) });
      assert.match(warnings.join(), /keeps 4 to 8 bits/);
      await using(again, {}, ({ info }) => assert.equal(info.fingerprint, before));
      const head = await bert.fit(toyExamples(24), { method: 'full', epochs: 2 });
      assert.notEqual(head.report, undefined);
    });
  });
});

describe('half precision', () => {
  /** Every number of binary16 that is finite and not negative, as f32, in order. */
  const all = toFloats(
    { name: '', dtype: 'F16', shape: [0x7c00] },
    new Uint8Array(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits).buffer),
    '',
  ).values;

  test('rounds to the nearest, ties to even', () => {
    assert.deepEqual([...toHalves(all)], [...all.keys()]);
    assert.deepEqual(
      [...toHalves(all.map((value) => -value))],
      [...all.keys()].map((bits) => bits + 0x8000),
    );
    const middles = all.subarray(1).map((value, i) => (value + all[i]) / 2);
    assert.deepEqual(
      [...toHalves(middles)],
      [...middles.keys()].map((i) => i + (i & 1)),
    );
    const next = (value, step) => new Float32Array(new Uint32Array(new Float32Array([value]).buffer).map((bits) => bits + step).buffer)[0]; // prettier-ignore
    assert.deepEqual(
      [...toHalves(middles.map((value) => next(value, 1)))],
      [...middles.keys()].map((i) => i + 1),
    );
    assert.deepEqual([...toHalves(middles.map((value) => next(value, -1)))], [...middles.keys()]);
    assert.equal(toHalves(Float32Array.of(1, 65520)), undefined);
    assert.deepEqual([...toHalves(Float32Array.of(65519))], [0x7bff]);
  });

  test('a folder that any program reads, of half the size', async () => {
    const files = await using(checkpoint('bert-text'), {}, (bert) => bert.export({ dtype: 'f16' }));
    assert.equal(JSON.parse(new TextDecoder().decode(files['config.json'])).dtype, 'float16');
    const { header } = splitAdapterTensors(new Uint8Array(await files['model.safetensors'].arrayBuffer()));
    const original = parseFile(readFileSync(join(checkpoint('bert-text'), 'model.safetensors')));
    assert.deepEqual(Object.keys(header).sort(), ['__metadata__', ...original.keys()].sort());
    for (const [name, { shape }] of original)
      assert.deepEqual([header[name].dtype, header[name].shape], ['F16', shape], name);
    const { texts, logits } = readJson(checkpoint('bert-text'), 'expected.json');
    await using(files, {}, async (bert) => {
      const scores = await bert.head.classify(texts[0]);
      const powers = logits[0][0].map(Math.exp);
      const expected = powers.map((power) => power / powers.reduce((a, b) => a + b));
      const labels = Object.values(bert.info.config.id2label);
      near(
        labels.map((label) => scores.find((one) => one.label === label).score),
        expected,
        texts[0],
        2e-3,
      );
      assert.ok(!bert.info.notes.some((note) => /bits of each/.test(note)));
    });
  });

  test('numbers that it does not have', async () => {
    const files = filesOf(tiny());
    const { header, data } = splitAdapterTensors(files['model.safetensors']);
    new Float32Array(data.buffer, data.byteOffset)[header['encoder.layer.0.attention.self.key.bias'].data_offsets[0] / 4] = 7e4; // prettier-ignore
    files['model.safetensors'] = safetensors(header, data);
    await using(files, {}, async (bert) => {
      for (const dtype of ['f16', 'int8'])
        await assert.rejects(bert.export({ dtype }), { code: 'UNSUPPORTED_DTYPE', message: /key\.bias has numbers beyond 65504/ }); // prettier-ignore
      await assert.rejects(bert.export({ dtype: 'q4' }), { code: 'UNSUPPORTED_DTYPE' });
    });
  });
});

describe('files that are damaged or foreign', () => {
  let files;
  before(() => (files = filesOf(folder('bert-text'))));
  after(() => (files = undefined));

  /** The file with another header, or other data. */
  function changed(change) {
    const { header, data } = splitAdapterTensors(files[FILE]);
    const described = JSON.parse(header.__metadata__.bertlet_weights);
    change({ header, described, data });
    if (header.__metadata__) header.__metadata__.bertlet_weights ??= '';
    if (header.__metadata__?.bertlet_weights) header.__metadata__.bertlet_weights = JSON.stringify(described);
    return safetensors(header, data);
  }
  const rejected = async (weights, expected, what) => {
    for (const dtype of ['int8', 'f32'])
      await assert.rejects(open({ ...files, [FILE]: weights }, { dtype }), expected, `${what}, ${dtype}`);
  };
  const NAME = 'bert.encoder.layer.1.output.dense.weight';

  test('truncated, anywhere', async () => {
    for (const size of [0, 7, 100, 5000, files[FILE].length - 1])
      await rejected(files[FILE].subarray(0, size), { code: 'TRUNCATED_FILE' }, `${size} bytes`);
    await rejected(new Uint8Array([...files[FILE], 0]), { code: 'BAD_SAFETENSORS' }, 'a byte too many');
  });

  test('another version', async () => {
    const newer = changed(({ described }) => (described.version = 2));
    await rejected(newer, { code: 'BAD_SAFETENSORS', message: /version 2.*reads version 1.*Update bertlet/ }, '2');
  });

  test('parts that are missing, or of another size or type', async () => {
    for (const part of ['scale', 'offset', 'values']) {
      const key = `${NAME}.0.${part}`;
      const renamed = changed(({ header }) => {
        header.other = header[key];
        delete header[key];
      });
      await rejected(renamed, { code: 'BAD_SAFETENSORS', message: new RegExp(`${key} is missing`) }, part);
    }
    const wider = changed(({ header }) => header[`${NAME}.0.values`].shape.reverse());
    await rejected(wider, { code: 'BAD_SAFETENSORS', message: /values is U8 \[/ }, 'another shape');
    const typed = changed(({ header }) => (header[`${NAME}.0.scale`].dtype = 'I32'));
    await rejected(typed, { code: 'BAD_SAFETENSORS', message: /scale is I32/ }, 'another type');
  });

  test('codes before what they need', async () => {
    const swapped = changed(({ header, data }) => {
      const [offset, values] = ['offset', 'values'].map((part) => header[`${NAME}.0.${part}`]);
      const [begin, end] = [offset.data_offsets[0], values.data_offsets[1]];
      const size = values.data_offsets[1] - values.data_offsets[0];
      const moved = [...data.slice(...values.data_offsets), ...data.slice(...offset.data_offsets)];
      data.set(moved, begin);
      values.data_offsets = [begin, begin + size];
      offset.data_offsets = [begin + size, end];
    });
    await rejected(swapped, { code: 'BAD_SAFETENSORS', message: /stands before what its numbers need/ }, 'swapped');
  });

  test('what it says of itself is nonsense', async () => {
    const wrong = [
      ({ header }) => (header.__metadata__.bertlet_weights = undefined),
      ({ described }) => (described.packed = null),
      ({ described }) => (described.hashes = { a: 'xyz' }),
      ({ described }) => (described.packed[NAME] = null),
      ({ described }) => (described.packed[NAME].ranges[0].bits = 5),
      ({ described }) => (described.packed[NAME].ranges[0].rows += 1),
      ({ described }) => (described.packed[NAME].ranges[0].block = 0),
      ({ described }) => (described.packed[NAME].ranges[0].block = 0.5),
      ({ described }) => (described.packed[NAME].shape = [2 ** 40, 1]),
      ({ described }) => (described.packed.unknown = { shape: [16, 4], ranges: [{ rows: 16, bits: 8, block: 4 }] }),
    ];
    for (const [i, change] of wrong.entries())
      await rejected(changed(change), { code: /BAD_SAFETENSORS|MISSING_TENSOR/ }, `change ${i}`);
    const { header, data } = splitAdapterTensors(files[FILE]);
    header.__metadata__.bertlet_weights = '{';
    await rejected(safetensors(header, data), { code: 'BAD_SAFETENSORS', message: /is not JSON/ }, 'no JSON');
  });

  test('of another program, or another model', async () => {
    const foreign = changed(({ header }) => delete header.__metadata__);
    await rejected(foreign, { code: 'MISSING_TENSOR' }, 'without metadata');
    await rejected(filesOf(folder('electra-text'))[FILE], { code: 'MISSING_TENSOR' }, 'ELECTRA');
    const config = JSON.parse(new TextDecoder().decode(files['config.json']));
    const larger = { ...config, hidden_size: 2 * config.hidden_size, intermediate_size: 2 * config.intermediate_size };
    const other = { ...files, 'config.json': new TextEncoder().encode(JSON.stringify(larger)) };
    await assert.rejects(open(other, { dtype: 'int8' }), { code: 'SHAPE_MISMATCH', message: /by config\.json it should be/ }); // prettier-ignore
  });

  test('scales that are no numbers', async () => {
    const infinite = changed(({ header, data }) =>
      new DataView(data.buffer, data.byteOffset).setFloat32(header[`${NAME}.0.scale`].data_offsets[0], NaN, true),
    );
    await rejected(infinite, { code: 'BAD_WEIGHTS', message: new RegExp(NAME) }, 'NaN');
  });
});
