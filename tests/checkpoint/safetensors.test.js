// The safetensors reader against files made to order, and against anything at all.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BertletError } from '../../js/errors.js';
import { parseSafetensors, readSafetensors, toFloats } from '../../js/checkpoint/safetensors.js';
import { cutAt, safetensors, splitAdapterTensors, tiny } from '../support.js';

/** All that the reader says about a file. */
async function collect(chunks) {
  let header;
  const parts = new Map();
  let last = 0;
  await readSafetensors(
    chunks,
    'x.safetensors',
    (found) => (header = found),
    ({ name }, bytes, loaded) => {
      assert.ok(header, 'the header comes first');
      assert.ok(loaded > last && loaded <= header.fileSize);
      last = loaded;
      parts.set(name, Buffer.concat([parts.get(name) ?? new Uint8Array(0), bytes]));
    },
  );
  return { header, parts };
}

const file = safetensors(
  {
    __metadata__: { format: 'pt' },
    b: { dtype: 'F16', shape: [3], data_offsets: [8, 14] },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    empty: { dtype: 'I64', shape: [0, 4], data_offsets: [14, 14] },
    other: { dtype: 'F8_E5M2', shape: [5], data_offsets: [14, 19] },
  },
  Uint8Array.from({ length: 19 }, (_, i) => i),
);

test('tensors come out whole, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(file.length)), async (cuts) => {
      const { header, parts } = await collect(cutAt(file, cuts));
      assert.deepEqual(header.metadata, { format: 'pt' });
      assert.equal(header.fileSize, file.length);
      assert.deepEqual([...parts.get('a')], [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.deepEqual([...parts.get('b')], [8, 9, 10, 11, 12, 13]);
      assert.deepEqual([...parts.get('other')], [14, 15, 16, 17, 18]);
      assert.equal(parts.has('empty'), false);
    }),
  );
});

test('a checkpoint that PyTorch wrote', async () => {
  const bytes = await readFile(join(tiny(), 'model.safetensors'));
  const { header: expected, data } = splitAdapterTensors(bytes);
  const { parts } = await collect(cutAt(bytes, [9, 1000, 50000]));
  const entries = { ...expected };
  delete entries.__metadata__;
  assert.deepEqual([...parts.keys()].sort(), Object.keys(entries).sort());
  for (const [name, { data_offsets: offsets }] of Object.entries(entries)) {
    assert.deepEqual(parts.get(name), Buffer.from(data.subarray(...offsets)), name);
  }
});

test('every cut end is a truncated file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.array(fc.nat(file.length - 1)), async (length, cuts) => {
      const short = file.subarray(0, length);
      const error = { name: 'BertletError', code: 'TRUNCATED_FILE', message: /x\.safetensors ends after \d+ of/ };
      await assert.rejects(
        collect(
          cutAt(
            short,
            cuts.map((cut) => Math.min(cut, length)),
          ),
        ),
        error,
      );
      assert.throws(() => parseSafetensors(short, 'x.safetensors'), error);
    }),
  );
});

test('a file that ends before its header does: how many bytes there would have to be', async () => {
  for (const [length, least] of [
    [0, 8],
    [7, 8],
    [8, file.length - 19],
  ]) {
    const message = `x.safetensors ends after ${length} of at least ${least} bytes. Download it again.`;
    await assert.rejects(collect(cutAt(file.subarray(0, length), [])), { message });
    assert.throws(() => parseSafetensors(file.subarray(0, length), 'x.safetensors'), { message });
  }
});

test('a longer file is refused', async () => {
  const long = new Uint8Array(file.length + 1);
  long.set(file);
  await assert.rejects(collect(cutAt(long, [3])), { code: 'BAD_SAFETENSORS', message: /longer/ });
});

const wrongHeaders = {
  'not JSON': ['{"a":', /not JSON/],
  'not an object': ['[1]', /not an object/],
  null: ['null', /not an object/],
  'metadata with a number': ['{"__metadata__":{"a":1}}', /__metadata__/],
  'metadata null': ['{"__metadata__":null}', /__metadata__/],
  'an entry that is null': ['{"a":null}', /no dtype/],
  'no dtype': ['{"a":{"shape":[1],"data_offsets":[0,4]}}', /no dtype/],
  'a negative size': ['{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', /shape/],
  'a fraction of a size': ['{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}', /shape/],
  'no shape': ['{"a":{"dtype":"F32","data_offsets":[0,4]}}', /shape/],
  'one offset': ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', /data_offsets/],
  'offsets the wrong way round': ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', /data_offsets/],
  'huge offsets': ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e300]}}', /data_offsets/],
  'bytes that do not fit the shape': ['{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', /can't have 4 bytes/],
  'bytes that do not fit a later shape': [
    '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,6]}}',
    /tensor b .* can't have 4 bytes/,
  ],
  'a size beyond all bounds': ['{"a":{"dtype":"F32","shape":[9e15,9e15],"data_offsets":[0,4]}}', /can't have 4 bytes/],
  overlap: [
    '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
    /tensor b overlaps/,
  ],
  'the same bytes twice': [
    '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
    /overlaps/,
  ],
  hole: [
    '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}',
    /2 stray bytes before tensor b/,
  ],
};

for (const [what, [json, message]] of Object.entries(wrongHeaders)) {
  test(`a header with ${what}`, async () => {
    const bytes = safetensors(json, new Uint8Array(6));
    await assert.rejects(collect(cutAt(bytes, [])), { code: 'BAD_SAFETENSORS', message });
  });
}

test('other files under that name are named', async () => {
  const encode = (text) => new TextEncoder().encode(text.padEnd(100));
  await assert.rejects(collect(cutAt(encode('{"error":"Not authorized"}'), [])), {
    code: 'NOT_A_MODEL',
    message: /JSON/,
  });
  await assert.rejects(collect(cutAt(encode('PK\x03\x04archive/data.pkl'), [])), {
    code: 'NOT_A_MODEL',
    message: /PyTorch/,
  });
  await assert.rejects(collect(cutAt(encode('anything at all'), [])), {
    code: 'BAD_SAFETENSORS',
    message: /bytes long/,
  });
});

test('numbers of 32 and 16 bits', () => {
  const floats = (dtype, bits, size) => {
    const bytes = new Uint8Array(1 + bits.length * size); // not aligned, as in a file
    const view = new DataView(bytes.buffer, 1);
    bits.forEach((value, i) => (size === 4 ? view.setUint32(4 * i, value, true) : view.setUint16(2 * i, value, true)));
    const tensor = { name: 'a', dtype, shape: [1, bits.length], begin: 0, end: bits.length * size };
    return toFloats(tensor, bytes.subarray(1), 'x.safetensors');
  };
  assert.deepEqual(floats('F32', [0x3f800000, 0xc0490fdb, 1], 4), {
    shape: [1, 3],
    values: Float32Array.of(1, -Math.PI, 2 ** -149),
  });
  const bf16 = floats('BF16', [0x3f80, 0xc049, 0x8000, 0x0001, 0x7f7f], 2).values;
  assert.deepEqual([...bf16], [1, -3.140625, -0, 2 ** -133, 255 * 2 ** 120]);
  const f16 = floats('F16', [0x3c00, 0xc248, 0x8000, 0x0001, 0x03ff, 0x0400, 0x7bff], 2).values;
  assert.deepEqual([...f16], [1, -3.140625, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504]);
  for (const [dtype, bits, size] of [
    ['F32', 0x7f800000, 4],
    ['BF16', 0xff80, 2],
    ['F16', 0x7c00, 2],
    ['F16', 0x7e01, 2],
  ])
    // prettier-ignore
    assert.throws(() => floats(dtype, [bits], size), { code: 'BAD_WEIGHTS' });
  assert.throws(() => floats('I32', [1], 4), { code: 'UNSUPPORTED_DTYPE', message: /tensor a is of type I32/ });
});

test("the header's length has 64 bits", async () => {
  for (const [upper, lower, length] of [
    [1, 2, 2 ** 32 + 2],
    [2 ** 31, 0, 2 ** 63],
    [0, 10_000_001, 10_000_001],
  ]) {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setUint32(0, lower, true);
    new DataView(bytes.buffer).setUint32(4, upper, true);
    const error = { code: 'BAD_SAFETENSORS', message: new RegExp(`header would be ${length} bytes long`) };
    await assert.rejects(collect(cutAt(bytes, [])), error);
    assert.throws(() => parseSafetensors(bytes, 'x.safetensors'), error);
  }
  const longest = new Uint8Array(64);
  new DataView(longest.buffer).setUint32(0, 10_000_000, true);
  assert.throws(() => parseSafetensors(longest, 'x.safetensors'), { code: 'TRUNCATED_FILE' });
});

test('no bytes, however corrupt, bring anything but tensors or a BertletError', async () => {
  const damaged = fc
    .array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    .map((changes) => {
      const copy = file.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })),
      fc.array(fc.nat(file.length)),
      async (bytes, cuts) => {
        const inside = cuts.map((cut) => Math.min(cut, bytes.length));
        const streamed = await collect(cutAt(bytes, inside)).catch((error) => error);
        if (streamed instanceof Error) assert.ok(streamed instanceof BertletError, streamed.stack);
        // Both readers agree on what is valid.
        try {
          parseSafetensors(bytes, 'x');
          assert.ok(!(streamed instanceof Error), streamed.message);
        } catch (error) {
          assert.ok(error instanceof BertletError, error.stack);
          assert.equal(streamed.code, error.code);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
