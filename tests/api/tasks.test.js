// Heads for tokens and for answers, on a model of random weights: trained, used, saved, brought back.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readHead, writeHead } from '../../js/checkpoint/head-file.js';
import { convertTags, schemes } from '../../js/decode/schemes.js';
import { load } from '../../js/index.js';
import { fixtures, tiny } from '../support.js';

let bert;
before(async () => {
  bert = await load(tiny(), { dtype: 'f32', threads: 1 });
});
after(() => bert.dispose());

const people = ['good', 'great', 'love'];
const places = ['bad', 'awful', 'hate'];

/** Sentences in which some words are always persons, of one or two words, and some always places. */
function taggedExamples(count) {
  return Array.from({ length: count }, (_, i) => {
    const person = people.slice(0, 1 + (i % 2)).map((_, k) => people[(i + k) % 3]);
    const words = ['the', ...person, 'movie', places[i % 3], 'the'];
    const tags = ['O', 'B-person', ...person.slice(1).map(() => 'I-person'), 'O', 'B-place', 'O'];
    return { words, tags };
  });
}

describe('token classification', () => {
  for (const options of [{}, { head: 'mlp', hiddenSize: 16, epochs: 15, learningRate: 0.02, layer: 1 }]) {
    test(`learns, decodes valid sequences, saves: ${JSON.stringify(options)}`, async () => {
      const examples = taggedExamples(60);
      const head = await bert.fit(examples, { task: 'token-classification', validation: 0.1, ...options });
      assert.deepEqual([head.report.examples, head.report.validation.n], [54, 6]);
      assert.ok(head.report.validation.f1 > 0.9);
      assert.equal(head.task, 'token-classification');
      assert.deepEqual(head.labels, ['B-person', 'B-place', 'I-person', 'O']);
      const metrics = await head.evaluate(examples);
      assert.ok(metrics.f1 > 0.95, JSON.stringify({ metrics, report: head.report }));
      assert.deepEqual(Object.keys(metrics.types), ['person', 'place']);
      assert.equal(metrics.n, 60);

      const text = 'the great love movie awful the';
      const words = text.split(' ');
      const [person, place] = await head.entities(text);
      assert.deepEqual([person.entity_group, person.word], ['person', 'great love']);
      assert.deepEqual([place.entity_group, place.word, place.start, place.end], ['place', 'awful', 21, 26]);
      for (const { word, start, end } of [person, place]) assert.equal(text.slice(start, end), word);
      const tokens = await head.entities(text, { aggregationStrategy: 'none' });
      assert.ok(tokens.every(({ entity, index, word }) => head.labels.includes(entity) && index > 0 && word));
      const bad = (call, message) => assert.rejects(call, { name: 'BertletError', code: 'BAD_INPUT', message });
      await bad(head.entities(text, { aggregationStrategy: 'best' }), /aggregationStrategy/);
      await bad(head.entities(['a', { text, textPair: 'b' }]), /Text 1 is a pair/);
      await bad(head.tag(words), /arrays of words/);
      await bad(head.tag(), /arrays of words/);
      await bad(head.tag([words], { decode: 'argmax' }), /no option "decode"/);

      const back = await bert.loadHead(await head.save());
      assert.deepEqual(await back.entities([text, '']), [await head.entities(text), []]);
      const sentences = examples.map(({ words }) => words);
      assert.deepEqual(await back.tag(sentences), await head.tag(sentences));
    });
  }

  test("a checkpoint's own head says what transformers says: each word's best tag, entities as 'simple' makes them", async () => {
    const checkpoint = await load(join(fixtures, 'checkpoints', 'bert-tokens'), { dtype: 'f32', threads: 1 });
    const { head } = checkpoint;
    const words = ['good', 'bad', 'movie', 'the', 'great', 'awful'];
    const own = [];
    await head.logits([[words.join(' ')]], {}, (_, logits) => {
      const rows = words.map((_, i) => [
        ...logits.subarray((i + 1) * head.labels.length, (i + 2) * head.labels.length),
      ]);
      own.push(...rows.map((row) => head.labels[row.indexOf(Math.max(...row))]));
    });
    assert.deepEqual(await head.tag([words]), [own]);
    const text = words.join(' ');
    assert.deepEqual(await head.entities(text), await head.entities(text, { aggregationStrategy: 'simple' }));
    await assert.rejects(head.tag([words], { decoding: 'best' }), { code: 'BAD_INPUT' });
    await checkpoint.dispose();
  });

  /** Sentences with persons of one or two words, some of which touch. */
  function touching(count) {
    return Array.from({ length: count }, (_, i) => {
      const second = i % 3 === 0 ? { words: [people[i % 2]], tags: ['B-person'] } : { words: [], tags: [] };
      const long = i % 2 ? { words: ['love'], tags: ['I-person'] } : { words: [], tags: [] };
      return {
        words: ['the', people[i % 2], ...long.words, ...second.words, 'movie', 'the'],
        tags: ['O', 'B-person', ...long.tags, ...second.tags, 'O', 'O'],
      };
    });
  }

  test('tags of every scheme train a head as good as those of IOB2, and measure it the same', async () => {
    const task = 'token-classification';
    const iob2 = touching(60);
    const inScheme = (scheme) => iob2.map(({ words, tags }) => ({ words, tags: convertTags(tags, scheme) }));
    const expected = await bert.fit(iob2, { task, layer: 1, c: 1 });
    const metrics = await expected.evaluate(iob2);
    assert.ok(metrics.f1 > 0.9, JSON.stringify(metrics));
    for (const scheme of schemes) {
      const examples = inScheme(scheme);
      const head = await bert.fit(examples, { task, layer: 1, c: 1 });
      const ownScheme = ['IOBES', 'BILOU'].includes(scheme) ? scheme : 'IOB2';
      assert.equal(head.report.scheme, ownScheme);
      if (ownScheme === 'IOB2') {
        assert.deepEqual(head.labels, expected.labels);
        assert.deepEqual(await head.evaluate(examples), metrics);
      }
      assert.deepEqual(await expected.evaluate(examples), metrics, `${scheme} measures`);
      const strict = await expected.evaluate(examples, { scheme });
      if (scheme !== 'IOE1') assert.deepEqual(strict, metrics, `${scheme} measures strictly`); // seqeval reads IOE1 in part
      assert.ok((await head.evaluate(iob2)).f1 > 0.9);
      await bert.fit(examples, { task, layer: 1, c: 1, scheme });
    }
    const fit = (examples, scheme) => bert.fit(examples, { task, scheme });
    await assert.rejects(fit(inScheme('IOB1'), 'IOB2'), {
      code: 'BAD_LABELS',
      message: /^Word 1 of example 0 has the tag "I-person"; in IOB2 it would be "B-person"/,
    });
    await assert.rejects(fit(iob2, 'BIO'), { code: 'BAD_INPUT', message: /scheme is "BIO"/ });
    await assert.rejects(expected.evaluate(iob2, { scheme: 'BIO' }), { code: 'BAD_INPUT' });
    await assert.rejects(expected.evaluate(inScheme('BILOU'), { scheme: 'IOB2' }), { code: 'BAD_LABELS' });
  });

  test('a head whose labels are IOB1, not trained here, decodes what its own best tags say', async () => {
    const task = 'token-classification';
    const iob1 = touching(60).map(({ words, tags }) => ({ words, tags: convertTags(tags, 'IOB1') }));
    const head = await bert.fit(touching(60), { task, layer: 1, c: 1 });
    // The same head with its two labels changed, so that persons begin with I-person, as a checkpoint of IOB1 says it.
    const data = readHead(await head.save());
    const report = { ...data.report, scheme: undefined };
    const swapped = { 'B-person': 'I-person', 'I-person': 'B-person', O: 'O' };
    const labels = data.labels.map((label) => swapped[label]);
    const single = iob1.filter(({ tags }) => tags.filter((tag) => tag !== 'O').length === 1);
    for (const changed of [{ report }, { report: undefined }]) {
      const other = await bert.loadHead(writeHead({ ...data, ...changed, labels }));
      const metrics = await other.evaluate(single, { decoding: 'viterbi' });
      assert.equal(metrics.f1, (await head.evaluate(single)).f1);
      assert.equal(metrics.accuracy, (await head.evaluate(single)).accuracy);
      const [entity] = await other.entities('the good movie', { aggregationStrategy: 'sequence' });
      assert.equal(entity?.word, 'good');
    }
  });

  test('layers are tried; words without tokens and past the end are O', async () => {
    const head = await bert.fit(taggedExamples(60), { task: 'token-classification' });
    assert.ok(head.report.featureSearch.length > 1);
    const long = [...new Array(100).fill('good'), '\u200b'];
    const [tags] = await head.tag([long], { onWarning() {} });
    assert.equal(tags.length, 101);
    assert.deepEqual(new Set(tags.slice(45)), new Set(['O']));
    assert.deepEqual(await head.tag([['\u200b', 'the']]), [['O', 'O']]);
  });

  test('examples that are none', async () => {
    const fails = (examples, code) =>
      assert.rejects(bert.fit(examples, { task: 'token-classification' }), { name: 'BertletError', code });
    await fails([], 'NO_EXAMPLES');
    await fails([{ text: 'a', label: 'b' }], 'BAD_INPUT');
    await fails([{ words: ['a', 'b'], tags: ['O'] }], 'BAD_LABELS');
    await fails([{ words: ['a'], tags: [''] }], 'BAD_LABELS');
    await fails([{ words: ['a'], tags: ['O'] }], 'ONE_CLASS');
  });

  test('cancelling in each phase', async () => {
    for (const phase of ['features', 'search', 'train']) {
      const controller = new AbortController();
      const onProgress = (event) => event.phase === phase && controller.abort(new Error(phase));
      const options = { task: 'token-classification', head: 'mlp', signal: controller.signal, onProgress };
      await assert.rejects(bert.fit(taggedExamples(100), options), new Error(phase));
    }
  });
});

/** The answer is the word after "the". */
function answeredExamples(count) {
  const words = ['good', 'bad', 'great', 'awful', 'love'];
  return Array.from({ length: count }, (_, i) => {
    const before = `${'movie '.repeat(i % 4)}the `;
    const text = words[i % words.length];
    const context = `${before}${text} movie movie`;
    return { question: 'new movie?', context, answers: [{ text, start: before.length }] };
  });
}

describe('question answering', () => {
  test('learns, finds the answer in one of several windows, saves', async () => {
    const examples = answeredExamples(80);
    const options = { epochs: 25, learningRate: 0.05, validation: 0.1 };
    const head = await bert.fit(examples, { task: 'question-answering', ...options });
    assert.deepEqual([head.report.examples, head.report.validation.n], [72, 8]);
    assert.equal(head.task, 'question-answering');
    const { exactMatch, f1, n } = await head.evaluate(examples);
    assert.equal(n, 80);
    assert.ok(exactMatch > 80 && f1 >= exactMatch, `${exactMatch} ${f1} ${JSON.stringify(head.report)}`);

    const [{ question, context }] = examples;
    const [best, ...others] = await head.answer({ question, context }, { topK: 3 });
    assert.equal(context.slice(best.start, best.end), best.answer);
    assert.equal(others.length, 2);
    assert.ok(others.every(({ score }) => score <= best.score));
    const long = { question, context: `${'movie '.repeat(60)}${context}` };
    const [[found]] = await head.answer([long], { maxTokens: 16, stride: 4 });
    assert.equal(long.context.slice(found.start, found.end), found.answer);

    const back = await bert.loadHead(await head.save());
    assert.deepEqual(await back.answer(long), await head.answer(long));
    const withNone = [...examples, { question, context: 'movie movie', answers: [] }];
    assert.equal((await head.evaluate(withNone)).n, 81);
    await assert.rejects(head.evaluate([]), { code: 'NO_EXAMPLES' });
    await assert.rejects(head.evaluate([{ question, context }]), {
      code: 'BAD_INPUT',
      message: /Example 0 has no answers/,
    });
  });

  test('examples and options that are none', async () => {
    const fails = (examples, code, options = {}) =>
      assert.rejects(bert.fit(examples, { task: 'question-answering', ...options }), { name: 'BertletError', code });
    const [good] = answeredExamples(1);
    await fails([], 'NO_EXAMPLES');
    await fails([{ ...good, question: 1 }], 'BAD_INPUT');
    await fails([{ ...good, answers: [{ text: 'nowhere', start: 0 }] }], 'BAD_INPUT');
    await fails([good], 'BAD_INPUT', { maxTokens: 1000 });
    await fails([{ ...good, answers: [null] }], 'BAD_INPUT');
    await fails([good], 'BAD_INPUT', { layer: 'auto' });
    await fails([good], 'BAD_INPUT', { earlyStopping: true });
    const lengthy = [...answeredExamples(5), { ...good, question: 'movie '.repeat(50) }];
    await assert.rejects(bert.fit(lengthy, { task: 'question-answering' }), {
      code: 'TEXT_TOO_LONG',
      message: /^Question 5 has 50 tokens/,
    });
  });

  test('an answer that no window shows as a whole is told', async () => {
    const text = 'movie '.repeat(30).trim();
    const examples = [...answeredExamples(6), { question: 'new movie?', context: text, answers: [{ text, start: 0 }] }];
    const warnings = [];
    const onWarning = (...warning) => warnings.push(warning);
    await bert.fit(examples, { task: 'question-answering', maxTokens: 24, stride: 4, onWarning });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0][0], /answer of example 6 is in no window as a whole/);
    assert.deepEqual(warnings[0][1], [6]);
  });
});
