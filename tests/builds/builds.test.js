// The public API on one of the WebAssembly builds that ship, BERTLET_BUILD=scalar|simd|simd-mt|relaxed|relaxed-mt: what it says is
// what PyTorch, transformers and scikit-learn say. scripts/test.js runs this file for each of them; without BERTLET_BUILD it
// runs on the build that is chosen here by default.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { compare, fixtures, readExpected, withoutMinilm } from '../support.js';

const MINILM = 'sentence-transformers/all-MiniLM-L6-v2';
const build = process.env.BERTLET_BUILD || undefined;
const multiThreaded = build?.endsWith('-mt');
const TOLERANCE = 1e-4; // of logits and of probabilities, in f32

const readJson = (...path) => JSON.parse(readFileSync(join(fixtures, ...path), 'utf8'));

/** Loads a model on the build under test. */
async function open(model, options) {
  const bert = await load(model, { dtype: 'f32', build, threads: 2, onWarning: assert.fail, ...options });
  if (build) {
    assert.equal(bert.info.build, build);
    assert.equal(bert.info.threads, multiThreaded ? (options?.threads ?? 2) : 1);
  }
  return bert;
}

/** One of the small checkpoints, until the test is over. */
async function openCheckpoint(t, name) {
  const bert = await open(join(fixtures, 'checkpoints', name));
  t.after(() => bert.dispose());
  return bert;
}

const flatten = (vectors) => Float32Array.from(vectors.flatMap((vector) => [...vector]));

function softmax(logits) {
  const powers = Array.from(logits, (logit) => Math.exp(logit));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function assertClose(actual, expected, what) {
  assert.ok(Math.abs(actual - expected) <= TOLERANCE, `${what}: ${actual}, not ${expected}`);
}

test('the build is one that ships', () => {
  assert.ok(
    [undefined, 'scalar', 'simd', 'simd-mt', 'relaxed', 'relaxed-mt'].includes(build),
    `BERTLET_BUILD=${build}`,
  );
});

describe('all-MiniLM-L6-v2', { skip: withoutMinilm }, () => {
  const folder = join('model', 'minilm-sentences');
  const all = readFileSync(join(fixtures, folder, 'texts.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(JSON.parse);
  const some = build === 'scalar' ? all.slice(0, 16) : all; // without SIMD, a sentence takes half a second
  const few = all.slice(0, build === 'scalar' ? 3 : 10);
  let expected, f32, int8;
  before(async () => {
    expected = await readExpected(join(fixtures, folder, 'expected.safetensors'));
    [f32, int8] = await Promise.all(['f32', 'int8'].map((dtype) => open(MINILM, { dtype })));
    assert.equal(int8.info.dtype, 'int8');
  });
  after(() => Promise.all([f32, int8].map((bert) => bert?.dispose())));

  /** How close the vectors of sentences, and those of the tokens of a few, are to PyTorch's. */
  async function closeness(bert) {
    const means = flatten(await bert.embed(some, { pooling: 'mean' }));
    const tokens = (await bert.embed(few, { pooling: 'none' })).flat();
    assert.equal(tokens.length, expected.starts[few.length]);
    return {
      sentences: compare(means, expected.mean.subarray(0, means.length), 384),
      tokens: compare(flatten(tokens), expected.hidden.subarray(0, tokens.length * 384), 384),
    };
  }

  test('f32: the vectors of PyTorch', async () => {
    const { sentences, tokens } = await closeness(f32);
    for (const { worstCosine, maxAbs } of [sentences, tokens]) {
      assert.ok(worstCosine >= 0.99999, `cosine ${worstCosine}`);
      assert.ok(maxAbs <= 1e-4, `max abs ${maxAbs}`);
    }
  });

  test('int8: close to them', async (t) => {
    const { sentences, tokens } = await closeness(int8);
    t.diagnostic(`mean cosine ${sentences.meanCosine.toFixed(5)}, worst token ${tokens.worstCosine.toFixed(5)}`);
    assert.ok(sentences.meanCosine >= 0.9975, `mean cosine ${sentences.meanCosine}`);
    assert.ok(tokens.worstCosine >= 0.99, `worst token ${tokens.worstCosine}`);
  });

  test(`the same bits alone and among others${multiThreaded ? ', on one thread and on two' : ''}`, async (t) => {
    for (const bert of [f32, int8]) {
      const vectors = await bert.embed(few);
      let other = bert;
      if (multiThreaded) {
        other = await open(MINILM, { dtype: bert.info.dtype, threads: 1 });
        t.after(() => other.dispose());
      }
      for (const [i, text] of few.entries()) {
        assert.deepEqual(await other.embed(text), vectors[i], `${bert.info.dtype}, text ${i}`);
      }
    }
  });

  // Twice as far from the exact minimum as scikit-learn's own default, whose tolerance fit() has.
  test("f32: fit() finds scikit-learn's head", async () => {
    const { c, trained, labels, classes, probabilities } = readJson('train', 'sentences.json');
    const examples = labels.slice(0, trained).map((label, i) => ({ text: all[i], label }));
    const head = await f32.fit(examples, { c });
    assert.equal(head.report.converged, true);
    const others = all.slice(trained, build === 'scalar' ? trained + 4 : labels.length);
    const results = await head.classify(others);
    results.forEach((scores, i) => {
      assert.equal(scores.length, classes.length);
      for (const { label, score } of scores) {
        const wanted = probabilities[trained + i][classes.indexOf(label)];
        assert.ok(Math.abs(score - wanted) <= 1e-3, `${others[i]}: ${label} ${score}, not ${wanted}`);
      }
    });
  });
});

describe('small checkpoints, f32', () => {
  test('classify()', async (t) => {
    const { head } = await openCheckpoint(t, 'bert-text');
    const { texts, logits } = readJson('checkpoints', 'bert-text', 'expected.json');
    for (const [i, text] of texts.entries()) {
      const input = Array.isArray(text) ? { text: text[0], textPair: text[1] } : text;
      const scores = await head.classify(input, { onWarning() {} }); // one is cut
      const wanted = softmax(logits[i][0]);
      assert.equal(scores.length, wanted.length);
      for (const { label, score } of scores)
        assertClose(score, wanted[head.labels.indexOf(label)], `${text}: ${label}`);
    }
  });

  test('entities()', async (t) => {
    const { head } = await openCheckpoint(t, 'bert-tokens');
    const { texts, logits } = readJson('checkpoints', 'bert-tokens', 'expected.json');
    const [text] = texts;
    const entities = await head.entities(text, { aggregationStrategy: 'none' });
    const tokens = logits[0].slice(1, -1); // without [CLS] and [SEP]
    assert.equal(entities.length, tokens.length);
    entities.forEach(({ entity, score, word, start, end }, i) => {
      const probabilities = softmax(tokens[i]);
      const best = Math.max(...probabilities);
      assert.equal(entity, head.labels[probabilities.indexOf(best)], word);
      assertClose(score, best, word);
      assert.equal(text.slice(start, end), word);
    });
  });

  test('answer()', async (t) => {
    const { head } = await openCheckpoint(t, 'bert-answers');
    const { texts, logits } = readJson('checkpoints', 'bert-answers', 'expected.json');
    const pair = texts.findIndex((text) => Array.isArray(text) && text[0] !== '');
    const [question, context] = texts[pair];
    const words = context.split(' ');
    const first = question.split(' ').length + 2; // each word is one token; before it [CLS], after it [SEP]
    assert.equal(logits[pair].length, first + words.length + 1);
    // [CLS], which is no answer, and the words of the context
    const allowed = [logits[pair][0], ...logits[pair].slice(first, -1)];
    const [starts, ends] = [0, 1].map((side) => softmax(allowed.map((row) => row[side])).slice(1));
    const spans = words.flatMap((_, from) =>
      words.slice(from).map((_, more) => ({ from, to: from + more, score: starts[from] * ends[from + more] })),
    );
    spans.sort((a, b) => b.score - a.score);
    const answers = await head.answer({ question, context }, { topK: 3 });
    assert.deepEqual(
      answers.map(({ answer }) => answer),
      spans.slice(0, 3).map(({ from, to }) => words.slice(from, to + 1).join(' ')),
    );
    answers.forEach(({ answer, score }, i) => assertClose(score, spans[i].score, answer));
  });

  test('fillMask()', async (t) => {
    const bert = await openCheckpoint(t, 'bert-masked');
    for (const { text, topK, targets, results } of readJson('checkpoints', 'bert-masked', 'fill-mask.json')) {
      const fills = (await bert.fillMask(text, { topK, targets })).flat();
      const wanted = results.flat();
      assert.deepEqual(
        fills.map(({ token }) => token),
        wanted.map(({ token }) => token),
        text,
      );
      fills.forEach(({ token_str: word, score }, i) => assertClose(score, wanted[i].score, `${text}: ${word}`));
    }
  });

  test('embed() of other architectures', async (t) => {
    for (const name of ['distilbert', 'electra']) {
      const bert = await openCheckpoint(t, name);
      const { texts, logits } = readJson('checkpoints', name, 'expected.json');
      const vectors = await bert.embed(texts[2], { pooling: 'none' });
      const wanted = logits[2].flat();
      flatten(vectors).forEach((value, i) => assertClose(value, wanted[i], `${name} ${i}`));
      assert.equal(vectors.length, logits[2].length);
    }
  });
});
