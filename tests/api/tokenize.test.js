// Ids and offsets: equal to Hugging Face's tokenizers, for texts of any length.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadEngine } from '../../js/worker/load.js';
import { load, loadTokenizer } from '../../js/index.js';
import { fixtures, shared, tiny, withoutMinilm } from '../support.js';

const golden = join(shared, 'tokenizer-golden');
const withoutGolden = existsSync(golden) ? false : '../shared/data is absent';
const readLines = (name) =>
  readFileSync(join(golden, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Offsets in code points to UTF-16. */
function toUtf16(text, offsets) {
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return offsets.map(([start, end]) => [units[start], units[end]]);
}

/** Several thousand texts with what Hugging Face makes of them. */
async function compareAll(tokenize, model) {
  const texts = readLines('texts.jsonl').map(({ text }) => text);
  const expected = readLines(`${model}.ids.jsonl`);
  assert.equal(texts.length, expected.length);
  assert.ok(texts.length > 1000);
  const encodings = await tokenize(texts);
  texts.forEach((text, i) => {
    const { ids, off } = expected[i];
    assert.deepEqual([...encodings[i].ids], ids, `line ${i}`);
    assert.deepEqual(encodings[i].offsets, toUtf16(text, off), `line ${i}`);
  });
  return { texts, encodings };
}

describe('golden lines through the API', { skip: withoutGolden || withoutMinilm }, () => {
  let bert;
  before(async () => {
    bert = await load('sentence-transformers/all-MiniLM-L6-v2', { threads: 1 });
  });
  after(() => bert?.dispose());

  test('bert-base-uncased, whose vocabulary MiniLM has', () =>
    compareAll((texts) => bert.tokenize(texts), 'bert-base-uncased'));
});

describe('golden lines through loadTokenizer()', { skip: withoutGolden }, () => {
  const vocabularies = {
    'bert-base-uncased': ['bert-base-uncased-vocab.txt', undefined],
    'bert-base-cased': ['bert-base-cased-vocab.txt', false],
    'bert-base-chinese': ['bert-base-chinese-vocab.txt', true],
    'bert-base-multilingual-cased': ['bert-base-multilingual-cased-tokenizer.json', undefined],
  };
  const fromJson = {
    'bert-base-uncased': ['bert-base-uncased-tokenizer.json'],
    'bert-base-chinese': ['bert-base-chinese-tokenizer.json', true],
  };
  for (const [model, [file, lowercase]] of [...Object.entries(vocabularies), ...Object.entries(fromJson)]) {
    test(`${model} from ${file}`, async () => {
      const tokenizer = await loadTokenizer(join(shared, 'vocab', file), { lowercase });
      const { texts, encodings } = await compareAll((texts) => tokenizer.tokenize(texts), model);
      const ids = encodings.map((encoding) => encoding.ids);
      assert.deepEqual(tokenizer.encode(texts), ids);
      assert.deepEqual(tokenizer.encode(texts[0]), ids[0]);
      tokenizer.dispose();
      assert.throws(() => tokenizer.encode('a'), { code: 'DISPOSED' });
    });
  }

  test('texts joined to one long one give the same tokens, however it is cut inside', async () => {
    const tokenizer = await loadTokenizer(join(shared, 'vocab/bert-base-uncased-vocab.txt'));
    // Joined by a space, except that a mark that combines with a space would combine with this one.
    const texts = readLines('texts.jsonl')
      .map(({ text }) => text)
      .filter((text) => !/^\p{M}/u.test(text));
    const long = texts.join(' ');
    assert.ok(long.length > 10 * 16384);
    const ids = [];
    const offsets = [];
    let at = 0;
    for (const text of texts) {
      const one = tokenizer.tokenize(text);
      ids.push(...one.ids.subarray(1, -1));
      offsets.push(...one.offsets.slice(1, -1).map(([start, end]) => [start + at, end + at]));
      at += text.length + 1;
    }
    const whole = tokenizer.tokenize(long);
    assert.deepEqual([...whole.ids.subarray(1, -1)], ids);
    assert.deepEqual(whole.offsets.slice(1, -1), offsets);
  });
});

test('the cases of transformers.js whose vocabulary is here', { skip: withoutGolden }, async () => {
  const models = {
    'bert-base-uncased': ['Xenova/bert-base-uncased', 'Xenova/distilbert-base-uncased-finetuned-sst-2-english'],
    'bert-base-cased': [
      'Xenova/bert-base-cased',
      'google-bert/bert-base-cased',
      'Xenova/distilbert-base-cased-distilled-squad',
    ],
    'bert-base-multilingual-cased': [
      'Xenova/bert-base-multilingual-cased-ner-hrl',
      'distilbert/distilbert-base-multilingual-cased',
    ],
  };
  const cases = readLines('transformersjs-bert.jsonl');
  let count = 0;
  for (const [vocabulary, names] of Object.entries(models)) {
    const lowercase = vocabulary.endsWith('-uncased');
    const tokenizer = await loadTokenizer(join(shared, 'vocab', `${vocabulary}-vocab.txt`), { lowercase });
    for (const { text, text_pair: textPair, ids } of cases.filter(({ model }) => names.includes(model))) {
      const encoding = tokenizer.tokenize(textPair === undefined ? text : { text, textPair });
      assert.deepEqual([...encoding.ids], ids, JSON.stringify(text));
      count += 1;
    }
    tokenizer.dispose();
  }
  assert.equal(count, 99);
});

describe('whole files, by the digests of what Hugging Face makes of them', { skip: withoutGolden }, () => {
  const digests = JSON.parse(readFileSync(join(fixtures, 'tokenizer/corpora.json'), 'utf8'));
  for (const [vocabulary, files] of Object.entries(digests)) {
    test(vocabulary, async () => {
      const lowercase = !vocabulary.endsWith('-cased');
      const tokenizer = await loadTokenizer(join(shared, 'vocab', `${vocabulary}-vocab.txt`), { lowercase });
      for (const [file, digest] of Object.entries(files)) {
        const content = readFileSync(join(shared, file), 'utf8');
        const texts = file.endsWith('.json') ? JSON.parse(content) : content.split('\n');
        const hash = createHash('sha256');
        for (const text of texts) {
          const { ids, offsets } = tokenizer.tokenize(text);
          hash.update(JSON.stringify([[...ids], offsets]));
        }
        assert.equal(hash.digest('hex'), digest, file);
      }
      tokenizer.dispose();
    });
  }
});

test('added tokens of all kinds: ids and offsets as Hugging Face', async () => {
  const { tokenizer: json, cases } = JSON.parse(readFileSync(join(fixtures, 'tokenizer/added-tokens.json'), 'utf8'));
  const { added_tokens: added, ...rest } = json;
  const spec = { 'tokenizer.json': Buffer.from(JSON.stringify(json)) };
  const config = Object.fromEntries(added.map(({ id, ...token }) => [id, token]));
  const old = {
    'vocab.txt': readFileSync(join(tiny(), 'vocab.txt')),
    'tokenizer_config.json': Buffer.from(JSON.stringify({ added_tokens_decoder: config })),
  };
  assert.ok(rest.model.vocab && cases.length === 400);
  for (const files of [spec, old]) {
    const tokenizer = await loadTokenizer(files);
    for (const { text, ids, offsets } of cases) {
      const encoding = tokenizer.tokenize(text);
      assert.deepEqual([...encoding.ids], ids, JSON.stringify(text));
      assert.deepEqual(encoding.offsets, offsets, JSON.stringify(text));
    }
    assert.deepEqual(tokenizer.tokenize('a <plain> b').tokens, ['[CLS]', 'a', '<plain>', 'b', '[SEP]']);
    tokenizer.dispose();
  }
});

test('tokens and offsets of a text', async () => {
  const bert = await load(tiny());
  const text = 'The GOOD movies 😀!';
  const { ids, tokens, offsets } = await bert.tokenize(text);
  assert.ok(ids instanceof Int32Array);
  assert.deepEqual(tokens, ['[CLS]', 'the', 'good', 'movie', '##s', '[UNK]', '!', '[SEP]']);
  const parts = offsets.map(([start, end]) => text.slice(start, end));
  assert.deepEqual(parts, ['', 'The', 'GOOD', 'movie', 's', '😀', '!', '']);
  assert.deepEqual(
    (await bert.tokenize(['', 'good'])).map((one) => one.tokens),
    [
      ['[CLS]', '[SEP]'],
      ['[CLS]', 'good', '[SEP]'],
    ],
  );
  const half = await bert.tokenize('\ud800 good');
  assert.deepEqual(half.tokens, ['[CLS]', 'good', '[SEP]'], 'half a surrogate pair counts as U+FFFD, which is dropped');
  assert.deepEqual(half.offsets[1], [2, 6]);
  await bert.dispose();
});

test('a long text without any space', async () => {
  const tokenizer = await loadTokenizer(tiny());
  const count = 300000;
  const { ids, offsets } = tokenizer.tokenize('!'.repeat(count));
  assert.equal(ids.length, count + 2);
  assert.deepEqual(offsets[count], [count - 1, count]);
  assert.deepEqual(
    tokenizer.tokenize('é'.repeat(count)).tokens,
    ['[CLS]', '[UNK]', '[SEP]'],
    'one word of too many letters',
  );
  const bert = await load(tiny());
  assert.equal((await bert.embed('!'.repeat(count), { onWarning() {} })).length, 32);
  await bert.dispose();
});

test('loadTokenizer(): a directory, one file; what is missing, what was disposed of', async () => {
  for (const spec of [tiny(), join(tiny(), 'vocab.txt')]) {
    const tokenizer = await loadTokenizer(spec);
    assert.deepEqual(tokenizer.tokenize('good')?.tokens, ['[CLS]', 'good', '[SEP]']);
    assert.throws(() => tokenizer.tokenize(5), { code: 'BAD_INPUT' });
    tokenizer.dispose();
    assert.throws(() => tokenizer.tokenize('good'), { code: 'DISPOSED' });
  }
  const cased = await loadTokenizer(tiny(), { lowercase: false });
  assert.deepEqual(cased.tokenize('Good').tokens, ['[CLS]', '[UNK]', '[SEP]']);
  await assert.rejects(loadTokenizer(join(tiny(), 'nothing.txt')), { code: 'FILE_NOT_FOUND' });
  await assert.rejects(loadTokenizer(join(tiny(), '..')), { code: 'FILE_NOT_FOUND', message: /vocab\.txt/ });
  await assert.rejects(loadTokenizer(tiny(), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('pairs of texts, whole and cut', async () => {
  const lines = readFileSync(join(fixtures, 'tokenizer/pairs.jsonl'), 'utf8').trimEnd().split('\n').map(JSON.parse);
  const context = { signal: new AbortController().signal, emit() {} };
  const description = { kind: 'directory', path: tiny() };
  const { tokenizer } = await loadEngine({ description, dtype: 'f32', threads: 1 }, context);
  let cuts = 0;
  for (const { text, textPair, max_length: maxLength, ids, type_ids: tokenTypeIds, cut } of lines) {
    const encoded = tokenizer.encode([text, textPair], maxLength);
    assert.deepEqual([...encoded.ids], ids, `"${text}" and "${textPair}" in ${maxLength}`);
    assert.equal(encoded.second, tokenTypeIds.indexOf(1));
    assert.equal(encoded.cut, cut);
    cuts += cut;
    if (cut) continue;
    const whole = tokenizer.tokenize([text, textPair]);
    assert.deepEqual([...whole.ids], ids);
    assert.deepEqual([...whole.tokenTypeIds], tokenTypeIds);
  }
  assert.ok(cuts > 50 && cuts < 150);
});
