// Every argument, option and field of every method, replaced by values that nobody expects: what comes back is a result, or a
// BertletError that is no "please report".
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as bertlet from '../../js/index.js';
import { fixtures, tiny } from '../support.js';

const { BertletError, load, loadTokenizer } = bertlet;

const thrown = () => {
  throw new Error('mine');
};

/** Made anew for each use, since some can be used once only. */
const nasty = {
  null: () => null,
  NaN: () => NaN,
  Infinity: () => Infinity,
  '-1': () => -1,
  0.5: () => 0.5,
  'a large number': () => 1e300,
  bigint: () => 1n,
  symbol: () => Symbol('s'),
  true: () => true,
  'an empty string': () => '',
  'a string': () => 'constructor',
  'a lone surrogate': () => '\ud800',
  'a String object': () => new String('a'),
  'an empty object': () => ({}),
  'an object without prototype': () => Object.create(null),
  'a frozen object': () => Object.freeze({ a: 1 }),
  'a cycle': () => {
    const cycle = {};
    return Object.assign(cycle, { cycle });
  },
  'a throwing getter': () => ({
    get text() {
      return thrown();
    },
    get length() {
      return thrown();
    },
    get any() {
      return thrown();
    },
  }),
  'a throwing proxy': () => new Proxy({}, { get: thrown, has: thrown, ownKeys: thrown, getPrototypeOf: thrown }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  },
  'an empty array': () => [],
  'a frozen array': () => Object.freeze(['a']),
  'a sparse array': () => new Array(2),
  'an array of arrays': () => [[['a']]],
  'an array of symbols': () => [Symbol('s')],
  'an array of bigints': () => [1n],
  'a typed array': () => new Float32Array(3),
  'typed bigints': () => new BigInt64Array(2),
  'a buffer': () => new ArrayBuffer(3),
  'a function': () => thrown,
  'a date': () => new Date(NaN),
  'a map': () => new Map([['a', 1]]),
  'a promise': () => Promise.resolve(1),
  'a throwing toString': () => ({ toString: thrown, toJSON: thrown, [Symbol.toPrimitive]: thrown }),
  'a detached view': () => {
    const view = new Uint8Array(4);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    return view;
  },
};

/** All paths in a value to what can be replaced; what begins an array stands for its other elements. */
function* paths(value, path = []) {
  if (path.length > 0) yield path;
  const inside = Array.isArray(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype;
  for (const key of inside ? Object.keys(value).slice(0, Array.isArray(value) && path.length > 0 ? 1 : 99) : [])
    yield* paths(value[key], [...path, key]);
}

/** A copy with the value at a path replaced. */
function replaced(value, [key, ...rest], by) {
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = rest.length > 0 ? replaced(value[key], rest, by) : by;
  return copy;
}

/** Calls a function with each of its arguments, and of what is in them, replaced by each nasty value. */
async function tryAll(name, call, args) {
  const failures = [];
  for (const path of paths(args)) {
    for (const [what, create] of Object.entries(nasty)) {
      try {
        const result = await call(...replaced(args, path, create()));
        await result?.dispose?.();
      } catch (error) {
        // A listener's own error comes back as it is.
        if (error instanceof BertletError ? !['INTERNAL', 'WORKER_FAILED'].includes(error.code) : isOwn(error, path))
          continue;
        failures.push(`${name}, ${path.join('.')} = ${what}: ${error?.stack?.slice(0, 300) ?? String(error)}`);
      }
    }
  }
  assert.deepEqual(failures, []);
}

const isOwn = (error, path) => error?.message === 'mine' && /^on(Progress|Warning|Checkpoint)$/.test(path.at(-1));

const quiet = { onWarning() {} };
const listeners = { signal: new AbortController().signal, onProgress() {}, ...quiet };
const examples = ['the a', 'a the', 'of the', 'in of', 'to a', 'and of'].map((text, i) => ({
  text,
  textPair: 'and',
  label: 'ab'[i % 2],
}));
const severalLabels = examples.map(({ text, label }) => ({ text, labels: [label] }));
const sentences = examples.map(() => ({ words: ['the', 'a', 'of'], tags: ['O', 'B-x', 'O'] }));
const answered = examples.map(() => ({
  question: 'the a',
  context: 'of in the to',
  answers: [{ text: 'the', start: 6 }],
}));
const model = (name) => load(join(fixtures, name), { dtype: 'f32', threads: 1, cache: false, ...quiet });

describe('methods of a model and its heads', () => {
  const loaded = {};
  let heads;
  before(async () => {
    for (const name of [
      'checkpoints/bert-text',
      'checkpoints/bert-masked',
      'checkpoints/bert-single',
      'compatibility/bert-regression',
    ])
      loaded[basename(name)] = await model(name);
    const bert = loaded['bert-text'];
    heads = {
      regressor: loaded['bert-regression'].head,
      classifier: await bert.fit(examples, quiet),
      several: await bert.fit(severalLabels, { task: 'multi-label', ...quiet }),
      tagger: await bert.fit(sentences.concat({ words: ['to'], tags: ['B-y'] }), {
        task: 'token-classification',
        ...quiet,
      }),
      answerer: await bert.fit(answered, { task: 'question-answering', maxTokens: 20, stride: 2, ...quiet }),
      tuned: await bert.fit(examples, { method: 'lora', epochs: 1, ...quiet }),
    };
  });
  after(() => Promise.all(Object.values(loaded).map((bert) => bert.dispose())));

  const fits = { validation: 0.3, c: 1, layer: 1, standardize: false, seed: 1, ...quiet };
  const mlp = { head: 'mlp', hiddenSize: 4, epochs: 1, learningRate: 0.01, earlyStopping: false };
  const windows = { maxTokens: 20, stride: 2 };
  const classify = { topK: 1, threshold: 0.1, ...listeners };
  const calls = {
    tokenize: [['a text', { text: 'a', textPair: 'b' }], { signal: listeners.signal }],
    embed: [
      ['a', { text: 'a', textPair: 'b' }],
      { pooling: 'mean', layer: 1, normalize: true, truncation: 'cut', ...listeners },
    ],
    fit: [
      examples,
      { task: 'text-classification', head: 'linear', pooling: 'mean', classWeight: { a: 1, b: 2 }, ...fits },
    ],
    'fit, hidden layer': [examples, { ...mlp, ...quiet }],
    'fit, several labels': [severalLabels, { task: 'multi-label', classWeight: 'balanced', c: 1, ...quiet }],
    'fit, tags': [
      sentences,
      { task: 'token-classification', scheme: 'IOB2', c: 1, layer: 1, standardize: true, ...quiet },
    ],
    'fit, answers': [
      answered,
      { task: 'question-answering', epochs: 1, learningRate: 0.01, seed: 1, ...windows, ...quiet },
    ],
    'fit, adapters': [
      examples,
      {
        method: 'lora',
        pooling: 'mean',
        classWeight: 'balanced',
        validation: 0.3,
        seed: 1,
        ...{ rank: 2, alpha: 4, rslora: true, dropout: 0.1, targetModules: ['query'], epochs: 1, batchSize: 8 },
        ...{ learningRate: 0.01, warmup: 0.1, weightDecay: 0.1, maxTokens: 10, memory: 2 ** 30, earlyStopping: false },
        modulesToSave: [],
        resume: undefined,
        onCheckpoint() {},
        ...listeners,
      },
    ],
    'fit, numbers': [
      examples.map(({ text }, score) => ({ text, textPair: 'b', score })),
      { task: 'regression', c: 1, layer: 1, pooling: 'mean', validation: 0.3, seed: 1, ...quiet },
    ],
    'fit, adapters for numbers': [
      examples.map(({ text }, score) => ({ text, textPair: 'b', score })),
      { task: 'regression', method: 'lora', epochs: 1, ...quiet },
    ],
    'fit, adapters for tags': [
      sentences,
      { task: 'token-classification', method: 'lora', scheme: 'IOB2', crf: true, epochs: 1, ...quiet },
    ],
    learningCurve: [examples, { test: examples.slice(0, 2), sizes: [1], draws: 1, baseline: true, c: 1, ...listeners }],
    'learningCurve, adapters': [
      examples,
      {
        ...{ sizes: [1], draws: 1, method: 'lora', rank: 2, alpha: 4, rslora: true, dropout: 0.1 },
        ...{ targetModules: ['query'], epochs: 1, batchSize: 8, learningRate: 0.01, warmup: 0.1, weightDecay: 0.1 },
        ...{ maxTokens: 10, memory: 2 ** 30, ...listeners },
      },
    ],
    loadHead: [new Uint8Array(4), { signal: listeners.signal }],
  };
  for (const [name, args] of Object.entries(calls)) {
    test(name, () => tryAll(name, (...given) => loaded['bert-text'][name.split(',')[0]](...given), args));
  }
  test('rerank', () =>
    tryAll('rerank', (...given) => loaded['bert-single'].rerank(...given), [
      'a',
      ['b', 'c'],
      { topK: 1, ...listeners },
    ]));
  test('fillMask', () =>
    tryAll('fillMask', (...given) => loaded['bert-masked'].fillMask(...given), [
      ['the [MASK] was', 'a [MASK]'],
      { topK: 2, targets: ['good'], ...listeners },
    ]));

  test('pretrain', () =>
    tryAll('pretrain', (...given) => loaded['bert-masked'].pretrain(...given), [
      ['the film was good', 'a good film'],
      {
        ...{ method: 'lora', steps: 1, batchSize: 2, maxTokens: 8, packed: true, learningRate: 0.01, warmup: 0.1 },
        ...{ weightDecay: 0.1, mlmProbability: 0.3, wholeWords: true, validation: ['good'], memory: 2 ** 30, seed: 1 },
        ...{ rank: 2, alpha: 4, rslora: true, dropout: 0.1, targetModules: ['query'], resume: undefined },
        onCheckpoint() {},
        ...listeners,
      },
    ]));

  test('save', () =>
    tryAll('save', (options) => loaded['bert-text'].save(options), [{ head: heads.classifier, ...listeners }]));

  test('export', () =>
    tryAll('export', (options) => loaded['bert-text'].export(options), [
      { head: heads.classifier, dtype: 'f16', ...listeners },
    ]));

  const ofHeads = {
    'tuned.saveAdapter': [{ baseModel: 'org/name' }],
    'classifier.classify': [['a', { text: 'a', textPair: 'b' }], classify],
    'classifier.score': [['a'], listeners],
    'classifier.evaluate': [examples, listeners],
    'several.classify': [['a'], classify],
    'several.evaluate': [severalLabels, { threshold: 0.5, ...listeners }],
    'regressor.evaluate': [examples.map(({ text }, score) => ({ text, score })), listeners],
    'regressor.score': [['a', { text: 'a', textPair: 'b' }], listeners],
    'tagger.entities': [['a text'], { aggregationStrategy: 'simple', ...listeners }],
    'tagger.tag': [[['a', 'text']], { decoding: 'viterbi', ...listeners }],
    'tagger.evaluate': [sentences, { decoding: 'argmax', scheme: 'IOB2', ...listeners }],
    'answerer.answer': [answered, { topK: 1, maxAnswerTokens: 3, noAnswer: true, ...windows, ...listeners }],
    'answerer.evaluate': [answered, { maxAnswerTokens: 3, noAnswer: true, ...windows, ...listeners }],
  };
  for (const [name, args] of Object.entries(ofHeads)) {
    const [head, method] = name.split('.');
    test(name, () => tryAll(name, (...given) => heads[head][method](...given), args));
  }

  test('every method is tried', () => {
    const methodsOf = (object) =>
      object === Object.prototype
        ? []
        : [...Object.getOwnPropertyNames(object), ...methodsOf(Object.getPrototypeOf(object))].filter(
            (name) => !['constructor', 'dispose', 'save', 'saveAdapter', 'ranking', 'labels', 'logits'].includes(name),
          );
    const tried = (head) =>
      Object.keys(ofHeads).flatMap((name) => (name.startsWith(`${head}.`) ? [name.split('.')[1]] : []));
    assert.deepEqual(
      [...new Set(methodsOf(bertlet.Model.prototype))].sort(),
      [
        ...new Set([
          ...Object.keys(calls).map((name) => name.split(',')[0]),
          'export',
          'fillMask',
          'pretrain',
          'rerank',
        ]),
      ].sort(),
    );
    for (const [name, head] of Object.entries(heads))
      if (name !== 'several' && name !== 'tuned')
        assert.deepEqual([...new Set(methodsOf(Object.getPrototypeOf(head)))].sort(), tried(name).sort(), name);
  });
});

test('methods of a tokenizer', async () => {
  const tokenizer = await loadTokenizer(join(fixtures, 'checkpoints/bert'));
  for (const method of ['tokenize', 'encode'])
    await tryAll(method, async (...args) => void tokenizer[method](...args), [['a', { text: 'a', textPair: 'b' }]]);
});

describe('functions without a model', () => {
  const bert = join(fixtures, 'checkpoints/bert');
  const files = Object.fromEntries(
    ['config.json', 'vocab.txt', 'model.safetensors'].map((name) => [name, readFileSync(join(tiny(), name))]),
  );
  const place = {
    hub: 'http://localhost:1',
    revision: 'main',
    token: 'hf_a',
    headers: { a: 'b' },
    signal: listeners.signal,
  };
  const calls = {
    load: [
      files,
      {
        dtype: 'f32',
        adapter: undefined,
        worker: false,
        threads: 1,
        build: 'simd',
        cache: false,
        ...place,
        ...listeners,
      },
    ],
    createModel: [
      {
        vocabulary: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##b'],
        ...{ lowercase: true, stripAccents: true, splitChinese: true, layers: 1, hiddenSize: 8, heads: 1 },
        ...{ intermediateSize: 8, maxTokens: 8, dropout: 0.1, seed: 1, worker: false, threads: 1, cache: false },
        ...listeners,
      },
    ],
    createPool: [{ model: files, size: 2, worker: false, threads: 1, cache: false, dtype: 'f32', ...listeners }],
    loadTokenizer: [bert, { lowercase: true, ...place }],
    trainVocabulary: [
      ['the film', 'a film'],
      {
        size: 30,
        minFrequency: 1,
        limitAlphabet: 9,
        lowercase: true,
        stripAccents: true,
        splitChinese: true,
        ...listeners,
      },
    ],
    search: [
      new Float32Array([1, 2]),
      [
        [1, 2],
        [2, 1],
      ],
      { topK: 1 },
    ],
    cosineSimilarity: [
      [1, 2],
      [2, 1],
    ],
    listCache: ['unused'],
    clearCache: ['unused'],
  };
  for (const [name, args] of Object.entries(calls))
    test(name, () => tryAll(name, async (...given) => bertlet[name](...given), args));

  test('every function is tried', () => {
    const functions = Object.keys(bertlet).filter((name) => !['BertletError', 'Model'].includes(name));
    assert.deepEqual(functions.sort(), Object.keys(calls).sort());
  });
});
