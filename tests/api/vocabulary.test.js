// trainVocabulary as its caller sees it: what it takes, gives, tells and refuses. That pieces are right is
// tests/tokenize/train-pieces.test.js's subject.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTokenizer, trainVocabulary } from '../../js/index.js';

const texts = ['The quick brown fox', 'the Quicker fox, naïve', 'fox and hounds and foxes'];
const many = Array.from({ length: 3000 }, (_, i) => `${texts[i % 3]} ${(i * 7919).toString(36)} `.repeat(8));
const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/** Fails if there is a warning. */
const quiet = (message) => assert.fail(message);

test('what it gives is what loadTokenizer takes', async () => {
  const { vocabulary, files, ...counts } = await trainVocabulary(texts, { size: 45, onWarning: quiet });
  assert.deepEqual(counts, { texts: 3, words: 14, distinctWords: 10 });
  assert.equal(vocabulary.length, 45);
  assert.deepEqual(vocabulary.slice(0, 7), [...SPECIALS, ',', 'a']);
  assert.equal(new TextDecoder().decode(files['vocab.txt']), `${vocabulary.join('\n')}\n`);
  const tokenizer = await loadTokenizer(files);
  const { ids, tokens } = tokenizer.tokenize('Fox, naïve');
  assert.deepEqual(tokens.slice(0, 3), ['[CLS]', 'fox', ',']);
  assert.ok(!ids.includes(1));
  tokenizer.dispose();
});

test('how texts are normalized is in its files', async () => {
  const cased = await trainVocabulary(texts, { size: 60, lowercase: false, onWarning() {} });
  const tokenizer = await loadTokenizer(cased.files);
  assert.ok(cased.vocabulary.includes('##ï') && cased.vocabulary.includes('Q'));
  assert.ok(!tokenizer.encode('The Quicker naïve').includes(1));
  assert.ok(tokenizer.encode('THE').includes(1));

  const withAccents = await trainVocabulary(texts, { size: 60, stripAccents: false, onWarning() {} });
  assert.ok(withAccents.vocabulary.includes('##ï') && !withAccents.vocabulary.includes('Q'));
  assert.ok(!(await loadTokenizer(withAccents.files)).encode('The NAÏVE fox').includes(1));

  const together = await trainVocabulary(['漢字'], { splitChinese: false, minFrequency: 1, onWarning() {} });
  assert.ok(together.vocabulary.includes('漢字'));
  const { tokens } = (await loadTokenizer(together.files)).tokenize('漢字');
  assert.deepEqual(tokens, ['[CLS]', '漢字', '[SEP]']);
});

test('texts of any iterable, also one that brings them later', async () => {
  const options = { size: 45, onWarning: quiet };
  const { vocabulary } = await trainVocabulary(texts, options);
  async function* later() {
    for (const text of texts) {
      await new Promise((resolve) => setTimeout(resolve));
      yield text;
    }
  }
  assert.deepEqual((await trainVocabulary(new Set(texts), options)).vocabulary, vocabulary);
  assert.deepEqual((await trainVocabulary(later(), options)).vocabulary, vocabulary);
});

test('it warns of a vocabulary that is smaller or larger than it was to be, which can be used', async () => {
  for (const [size, length, warning] of [
    [1000, 50, /^The texts fill 50 of the 1000 pieces .* no other two pieces stand side by side as often as 2 times/],
    [20, 40, /^The vocabulary has 40 pieces, not 20: the special tokens and the characters of the texts alone/],
  ]) {
    const warnings = [];
    const trained = await trainVocabulary(texts, { size, onWarning: (message) => warnings.push(message) });
    assert.equal(trained.vocabulary.length, length);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], warning);
    assert.ok(!(await loadTokenizer(trained.files)).encode(texts[0]).includes(1));
  }
});

test('characters beyond the limit of the alphabet are left out, the rarest first', async () => {
  const { vocabulary } = await trainVocabulary(['aaa bb bb xyz'], {
    limitAlphabet: 3,
    minFrequency: 9,
    onWarning() {},
  });
  assert.deepEqual(vocabulary, [...SPECIALS, 'a', 'b', 'x', '##a', '##b']);
});

test('progress: words, then pieces, to the end', async () => {
  const events = [];
  await trainVocabulary(many, { size: 2000, onWarning: quiet, onProgress: (event) => events.push(event) });
  const phases = ['words', 'pieces'].map((phase) => events.filter((event) => event.phase === phase));
  assert.equal(phases[0].length + phases[1].length, events.length);
  assert.deepEqual(events, phases.flat());
  for (const [i, total] of [many.length, 2000].entries()) {
    const loaded = phases[i].map((event) => event.loaded);
    assert.deepEqual(
      loaded,
      [...loaded].sort((a, b) => a - b),
    );
    assert.equal(loaded.at(-1), total);
    assert.ok(phases[i].every((event) => event.total === total && event.loaded >= 0));
  }
});

test('aborting it rejects with the reason, in both phases and before', async () => {
  const reason = new Error('enough');
  for (const phase of ['words', 'pieces']) {
    const controller = new AbortController();
    let after = 0;
    const onProgress = (event) => {
      if (controller.signal.aborted) after += 1;
      if (event.phase === phase) controller.abort(reason);
    };
    const options = { signal: controller.signal, size: 4000, onProgress, onWarning() {} };
    await assert.rejects(trainVocabulary(many, options), reason);
    assert.equal(after, 0);
  }
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(trainVocabulary(texts, { signal: aborted }), reason);
});

test('what it lets others do meanwhile', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  await trainVocabulary(many, { size: 4000, onWarning() {} });
  clearInterval(timer);
  assert.ok(turns > 0);
});

test('what it refuses', async () => {
  for (const [given, options, code, message] of [
    ['a text', {}, 'BAD_INPUT', /must be an array of strings/],
    [undefined, {}, 'BAD_INPUT', /must be an array of strings/],
    [{}, {}, 'BAD_INPUT', /must be an array of strings/],
    [['a', 7], {}, 'BAD_INPUT', /^Text 1 is not a string, but of type number/],
    [[{ text: 'a' }], {}, 'BAD_INPUT', /^Text 0 is not a string/],
    [[], {}, 'NO_EXAMPLES', /no word/],
    [['', ' \n', '\u00ad'], {}, 'NO_EXAMPLES', /no word/],
    [texts, { size: 0 }, 'BAD_INPUT', /^size is 0/],
    [texts, { size: '8192' }, 'BAD_INPUT', /^size is 8192; it must be a positive integer/],
    [texts, { minFrequency: 0 }, 'BAD_INPUT', /^minFrequency is 0/],
    [texts, { limitAlphabet: 1.5 }, 'BAD_INPUT', /^limitAlphabet is 1.5/],
    [texts, { lowercase: 'no' }, 'BAD_INPUT', /^lowercase is "no"/],
    [texts, { vocabSize: 100 }, 'BAD_INPUT', /no option "vocabSize"/],
  ])
    await assert.rejects(trainVocabulary(given, options), { name: 'BertletError', code, message });
});

test('what the texts throw comes back as it is, unless there is no memory', async () => {
  const throwing = (error) => ({
    *[Symbol.iterator]() {
      yield 'a';
      throw error;
    },
  });
  for (const error of [new TypeError('no more'), new RangeError('mine')])
    await assert.rejects(trainVocabulary(throwing(error)), error);
  await assert.rejects(trainVocabulary(throwing(new RangeError('Array buffer allocation failed'))), {
    code: 'OUT_OF_MEMORY',
  });
});
