// Heads as files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BertletError } from '../../js/errors.js';
import { readHead, writeHead } from '../../js/checkpoint/head-file.js';
import { safetensors, splitAdapterTensors } from '../support.js';

const weight = Float32Array.from({ length: 12 }, (_, i) => i / 7);
const bias = Float32Array.of(-1, 0, 1e-30);
const head = {
  task: 'text-classification',
  labels: ['neutral', 'négatif', '😀'],
  network: { layer: 2, pooling: 'mean', normalize: true, dense: [{ weight, bias, activation: 'none' }] },
  baseModel: 'org/name',
  fingerprint: '0123456789abcdef',
  report: { examples: 3, classes: 3, c: 1, iterations: 2, converged: true, trainAccuracy: 1, search: [] },
};

const transitions = { start: Float64Array.of(0, 1, 2), next: new Float64Array(9).fill(0.5), end: new Float64Array(3) };
/** @type {[string, object][]} */
const others = [
  ['linear', {}],
  ['linear', { task: 'multi-label', report: undefined }],
  ['linear', { network: { ...head.network, pooling: 'cls' } }],
  ['linear', { network: { ...head.network, pooling: 'max' } }],
  ['classifier', { task: 'token-classification', network: { ...head.network, pooling: 'none', normalize: false } }],
  [
    'qa_outputs',
    {
      task: 'question-answering',
      labels: [],
      network: {
        ...head.network,
        pooling: 'none',
        layer: 0,
        dense: [{ weight: weight.slice(0, 8), bias: bias.slice(0, 2), activation: 'none' }],
      },
    },
  ],
];
test('what is written is read; tensors have the names that Python expects', () => {
  for (const [name, changes] of others) {
    const one = { ...head, ...changes };
    const bytes = writeHead(one);
    assert.deepEqual(readHead(bytes), one);
    const names = Object.keys(splitAdapterTensors(bytes).header).filter((key) => key !== '__metadata__');
    assert.deepEqual(names, [`${name}.weight`, `${name}.bias`]);
  }
});

test('hidden layers and transitions', () => {
  const hidden = { weight: new Float32Array(20).fill(2), bias: new Float32Array(4).fill(1), activation: 'relu' };
  const network = { ...head.network, pooling: 'none', dense: [hidden, ...head.network.dense] };
  const one = { ...head, task: 'token-classification', network, transitions };
  assert.deepEqual(readHead(writeHead(one)), one);
  const { header } = splitAdapterTensors(writeHead(one));
  assert.deepEqual(header['hidden.0.weight'].shape, [4, 5]);
  assert.deepEqual(header['crf.transitions'].shape, [3, 3]);
  assert.deepEqual(header['crf.start_transitions'].shape, [3]);
});

test('the file is what safetensors readers expect', () => {
  const bytes = writeHead(head);
  const { header, data } = splitAdapterTensors(bytes);
  assert.equal(header.__metadata__.format, 'pt');
  assert.deepEqual(header['linear.weight'], { dtype: 'F32', shape: [3, 4], data_offsets: [0, 48] });
  assert.deepEqual(header['linear.bias'], { dtype: 'F32', shape: [3], data_offsets: [48, 60] });
  assert.equal(data.byteOffset % 8, 0, 'tensors are aligned');
  assert.deepEqual(new Float32Array(data.slice().buffer), Float32Array.of(...weight, ...bias));
  const metadata = JSON.parse(header.__metadata__.bertlet);
  assert.equal(metadata.version, 2);
  assert.deepEqual(metadata.labels, head.labels);
});

/** The file with other metadata or tensors. */
function changed(metadata, entries = {}) {
  const { header, data } = splitAdapterTensors(writeHead(head));
  const bertlet =
    typeof metadata === 'string'
      ? metadata
      : JSON.stringify({ ...JSON.parse(header.__metadata__.bertlet), ...metadata });
  return safetensors({ ...header, __metadata__: { bertlet }, ...entries }, data);
}

test('a head on [CLS] under its older name', () => {
  const one = { ...head, network: { ...head.network, pooling: 'cls' } };
  const { header, data } = splitAdapterTensors(writeHead(one));
  const older = JSON.parse(JSON.stringify(header).replaceAll('"linear.', '"classifier.'));
  assert.deepEqual(readHead(safetensors(older, data)), one);
});

const wrong = {
  'no metadata': safetensors({}),
  'metadata that are not JSON': changed('{'),
  'another version': changed({ version: 1 }),
  'another task': changed({ task: 'poetry' }),
  'no labels': changed({ labels: undefined }),
  'labels that are not strings': changed({ labels: [1, 2, 3] }),
  'fewer labels than rows': changed({ labels: ['a', 'b'] }),
  'an unknown activation': changed({ activations: ['sine'] }),
  'more layers than tensors': changed({ activations: ['relu', 'none'] }),
  'an unknown pooling': changed({ pooling: 'sum' }),
  'no layer': changed({ layer: undefined }),
  'no base model': changed({ fingerprint: undefined }),
  'a bias of another length': changed({}, { 'linear.bias': { dtype: 'I32', shape: [3], data_offsets: [48, 60] } }),
  'NaN among the weights': (() => {
    const bytes = writeHead(head);
    bytes.fill(0xff, bytes.length - 4);
    return bytes;
  })(),
  nothing: new Uint8Array(0),
};
for (const [what, bytes] of Object.entries(wrong)) {
  test(`a file with ${what}`, () => assert.throws(() => readHead(bytes), { name: 'BertletError', code: 'BAD_HEAD' }));
}

test('the fewest labels of each task', () => {
  const withLabels = (task, outputs, labels) => {
    const dense = [{ weight: new Float32Array(4 * outputs), bias: new Float32Array(outputs), activation: 'none' }];
    return writeHead({ ...head, task, labels: ['a', 'b'].slice(0, labels), network: { ...head.network, dense } });
  };
  for (const [task, least] of [
    ['text-classification', 2],
    ['multi-label', 1],
    ['regression', 1],
  ]) {
    // prettier-ignore
    assert.equal(readHead(withLabels(task, least, least)).labels.length, least);
    assert.throws(() => readHead(withLabels(task, least, least - 1)), { code: 'BAD_HEAD', message: /no labels/ });
  }
});

test('layers whose shapes do not fit are named with their shapes', () => {
  const tensors = (weightShape, biasShape) => {
    const entry = (shape, begin) => ({
      dtype: 'F32',
      shape,
      data_offsets: [begin, begin + 4 * shape.reduce((a, b) => a * b, 1)],
    });
    const first = entry(weightShape, 0);
    const second = entry(biasShape, first.data_offsets[1]);
    const { header } = splitAdapterTensors(writeHead(head));
    const all = { __metadata__: header.__metadata__, 'linear.weight': first, 'linear.bias': second };
    return safetensors(all, new Uint8Array(second.data_offsets[1]));
  };
  assert.equal(readHead(tensors([3, 4], [3])).network.dense[0].weight.length, 12);
  for (const [weightShape, biasShape] of [
    [[3, 4], [2]],
    [
      [3, 4],
      [3, 1],
    ],
    [[12], [12]],
    [[3, 2, 2], [3]],
    [[3, 0], [3]],
  ]) {
    const message = `tensors linear have the shapes [${weightShape}] and [${biasShape}]`;
    assert.throws(() => readHead(tensors(weightShape, biasShape)), (error) => error.code === 'BAD_HEAD' && error.message.includes(message)); // prettier-ignore
  }
});

test('what is not even safetensors is called what it is', () => {
  const page = new TextEncoder().encode('<!doctype html><title>Not found</title>');
  assert.throws(() => readHead(page), { code: 'BAD_HEAD', message: /^The head is an HTML page\. Check the address/ });
  const cut = writeHead(head).subarray(0, -10);
  assert.throws(() => readHead(cut), { code: 'BAD_HEAD', message: /^The head ends after \d+ of \d+ bytes\. [^.]+\.$/ });
});

test('no bytes, however corrupt, bring anything but a head or a BertletError', () => {
  const good = writeHead(head);
  const damaged = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
    .map((changes) => {
      const copy = good.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(
      fc.oneof(
        damaged,
        fc.nat(good.length - 1).map((end) => good.subarray(0, end)),
      ),
      (bytes) => {
        try {
          readHead(bytes);
        } catch (error) {
          assert.ok(error instanceof BertletError, error.stack);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
