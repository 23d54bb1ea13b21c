// Ids and offsets: equal to Hugging Face's tokenizers, for texts of any length.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadEngine } from '../../js/worker/load.js';
import { load, loadTokenizer } from '../../js/index.js';
import { goldens, readFixture, readJsonLines, withoutShared } from '../tokenize/golden.js';
import { fixtures, minilm, shared, tiny, withoutMinilm } from '../support.js';

/** @param {import('../tokenize/golden.js').Line[]} lines */
function assertEncodings(encodings, lines) {
  assert.equal(encodings.length, lines.length);
  assert.ok(lines.length > 100);
  lines.forEach(({ ids, offsets }, i) => {
    assert.deepEqual([...encodings[i].ids], ids, `line ${i}`);
    assert.deepEqual(encodings[i].offsets, offsets, `line ${i}`);
  });
}

describe(
  'golden lines through the API, by the vocabulary of MiniLM, that of bert-base-uncased',
  { skip: withoutMinilm },
  () => {
    let bert;
    before(async () => {
      bert = await load('sentence-transformers/all-MiniLM-L6-v2', { threads: 1 });
    });
    after(() => bert?.dispose());

    for (const { name, skip, read } of goldens.filter(({ name }) =>
      name.startsWith('bert-base-uncased from vocab.txt'),
    )) {
      test(name, { skip }, async () => {
        const lines = read();
        assertEncodings(await bert.tokenize(lines.map(({ text }) => text)), lines);
      });
    }
  },
);

for (const { name, vocabulary, lowercase, skip, read } of goldens) {
  test(`golden lines through loadTokenizer(): ${name}`, { skip }, async () => {
    const tokenizer = await loadTokenizer(vocabulary, { lowercase });
    const lines = read();
    const texts = lines.map(({ text }) => text);
    const encodings = tokenizer.tokenize(texts);
    assertEncodings(encodings, lines);
    const ids = encodings.map((encoding) => encoding.ids);
    assert.deepEqual(tokenizer.encode(texts), ids);
    assert.deepEqual(tokenizer.encode(texts[0]), ids[0]);

    // Joined to one long text they give the same tokens, however that is cut inside: by a space, except that a mark that
    // combines with a space would combine with this one.
    const apart = lines.filter(({ text }) => !/^\p{M}/u.test(text));
    const joined = [];
    for (let length = 0; length <= 10 * 16384;) {
      joined.push(...apart);
      length += apart.reduce((sum, { text }) => sum + text.length + 1, 0);
    }
    const expected = { ids: [], offsets: [] };
    let at = 0;
    for (const { text, ids: own, offsets } of joined) {
      expected.ids.push(...own.slice(1, -1));
      expected.offsets.push(...offsets.slice(1, -1).map(([start, end]) => [start + at, end + at]));
      at += text.length + 1;
    }
    const long = tokenizer.tokenize(joined.map(({ text }) => text).join(' '));
    assert.deepEqual([...long.ids.subarray(1, -1)], expected.ids);
    assert.deepEqual(long.offsets.slice(1, -1), expected.offsets);

    tokenizer.dispose();
    assert.throws(() => tokenizer.encode('a'), { code: 'DISPOSED' });
  });
}

test('every normalizer that a tokenizer.json can ask for', async () => {
  const pieces = readFileSync(join(fixtures, 'tokenizer/characters.vocab.txt'), 'utf8').trimEnd().split('\n');
  const model = { type: 'WordPiece', vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])) };
  const lines = readFixture('characters');
  for (let flags = 0; flags < 16; flags++) {
    const [lowercase, strip_accents, clean_text, handle_chinese_chars] = [1, 2, 4, 8].map((bit) => (flags & bit) !== 0);
    const normalizer = { type: 'BertNormalizer', lowercase, strip_accents, clean_text, handle_chinese_chars };
    const json = { normalizer, pre_tokenizer: { type: 'BertPreTokenizer' }, model };
    const tokenizer = await loadTokenizer({ 'tokenizer.json': Buffer.from(JSON.stringify(json)) });
    const own = lines.filter((line) => line.flags === flags);
    assert.equal(own.length, 22);
    for (const { text, ids, offsets } of own) {
      const encoding = tokenizer.tokenize(text);
      assert.deepEqual([...encoding.ids], ids, `flags ${flags}: ${JSON.stringify(text)}`);
      assert.deepEqual(encoding.offsets, offsets, `flags ${flags}: ${JSON.stringify(text)}`);
    }
    tokenizer.dispose();
  }
});

/** What transformers.js expects: ids alone, of texts and of pairs. */
function assertCases(tokenizer, cases) {
  for (const { text, text_pair: textPair, ids } of cases) {
    const encoding = tokenizer.tokenize(textPair === undefined ? text : { text, textPair });
    assert.deepEqual([...encoding.ids], ids, JSON.stringify(text));
  }
}

test('the cases of transformers.js of bert-base-uncased', { skip: withoutMinilm }, async () => {
  const cases = readJsonLines(join(fixtures, 'tokenizer/transformersjs.jsonl'));
  assert.equal(cases.length, 42);
  const tokenizer = await loadTokenizer(join(minilm, 'vocab.txt'));
  assertCases(tokenizer, cases);
  tokenizer.dispose();
});

test('all cases of transformers.js whose vocabulary is here', { skip: withoutShared }, async () => {
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
  const cases = readJsonLines(join(shared, 'tokenizer-golden/transformersjs-bert.jsonl'));
  let count = 0;
  for (const [vocabulary, names] of Object.entries(models)) {
    const lowercase = vocabulary.endsWith('-uncased');
    const tokenizer = await loadTokenizer(join(shared, 'vocab', `${vocabulary}-vocab.txt`), { lowercase });
    const own = cases.filter(({ model }) => names.includes(model));
    assertCases(tokenizer, own);
    count += own.length;
    tokenizer.dispose();
  }
  assert.equal(count, 99);
});

describe('whole files, by the digests of what Hugging Face makes of them', { skip: withoutShared }, () => {
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
