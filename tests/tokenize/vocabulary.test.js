// vocab.txt, tokenizer_config.json and tokenizer.json to what the core wants.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describe } from '../../js/io/describe.js';
import { openSource } from '../../js/io/sources.js';
import { readVocabulary } from '../../js/tokenize/vocabulary.js';
import { minilm, shared } from '../support.js';

const LOWERCASE = 1;
const STRIP_ACCENTS = 2;
const CLEAN_TEXT = 4;
const SPLIT_CHINESE_CHARS = 8;
const ALL = 15;

const encode = (value) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

/** readVocabulary() from files given as objects or text. */
async function read(files, options) {
  const contents = Object.fromEntries(Object.entries(files).map(([name, value]) => [name, encode(value)]));
  const { description, close } = await describe(contents);
  try {
    const { bytes, flags } = await readVocabulary(await openSource(description, { keep: false }), options);
    return { text: new TextDecoder().decode(bytes), flags };
  } finally {
    close();
  }
}

const tokenizerJson = (changes = {}) => ({
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    vocab: { '[UNK]': 0, a: 2, '##b': 3 },
  },
  ...changes,
});

test('vocab.txt alone: as bert-base-uncased', async () => {
  assert.deepEqual(await read({ 'vocab.txt': '[UNK]\na\n' }), { text: '[UNK]\na\n', flags: ALL });
});

test('tokenizer_config.json decides about case, accents and Chinese', async () => {
  const flags = async (config, options) =>
    (await read({ 'vocab.txt': 'a\n', 'tokenizer_config.json': config }, options)).flags;
  assert.equal(await flags({ do_lower_case: false }), CLEAN_TEXT | SPLIT_CHINESE_CHARS);
  assert.equal(
    await flags({ do_lower_case: true, strip_accents: false }),
    LOWERCASE | CLEAN_TEXT | SPLIT_CHINESE_CHARS,
  );
  assert.equal(
    await flags({ do_lower_case: false, strip_accents: true }),
    STRIP_ACCENTS | CLEAN_TEXT | SPLIT_CHINESE_CHARS,
  );
  assert.equal(await flags({ tokenize_chinese_chars: false }), LOWERCASE | STRIP_ACCENTS | CLEAN_TEXT);
  assert.equal(await flags({ do_lower_case: false }, { lowercase: true }), ALL);
  assert.equal(await flags({}, { lowercase: false }), CLEAN_TEXT | SPLIT_CHINESE_CHARS);
});

test('tokenizer.json: pieces in the order of their ids, holes and added tokens as empty lines', async () => {
  assert.deepEqual(await read({ 'tokenizer.json': tokenizerJson() }), { text: '[UNK]\n\na\n##b\n', flags: ALL });
  const added = tokenizerJson({
    added_tokens: [
      { id: 4, content: '[NEW]' },
      { id: 0, content: '[UNK]' },
    ],
  });
  // A line without a piece: WordPiece must not find it.
  assert.equal((await read({ 'tokenizer.json': added })).text, '[UNK]\n\na\n##b\n\n');
  const cased = tokenizerJson({ normalizer: { ...tokenizerJson().normalizer, lowercase: false, clean_text: false } });
  assert.equal((await read({ 'tokenizer.json': cased })).flags, SPLIT_CHINESE_CHARS);
});

const whole = (name) => [join(shared, 'vocab', `${name}-vocab.txt`), join(shared, 'vocab', `${name}-tokenizer.json`)];
const withBoth = {
  'all-MiniLM-L6-v2': [join(minilm, 'vocab.txt'), join(minilm, 'tokenizer.json')],
  'bert-base-uncased': whole('bert-base-uncased'),
  'bert-base-chinese': whole('bert-base-chinese'),
  'bert-base-multilingual-cased': whole('bert-base-multilingual-cased'),
};
for (const [model, [vocabulary, json]] of Object.entries(withBoth)) {
  const skip = existsSync(json) ? false : `${json} is absent`;
  test(`tokenizer.json and vocab.txt of ${model} hold the same`, { skip }, async () => {
    const { text } = await read({ 'tokenizer.json': readFileSync(json, 'utf8') });
    assert.equal(text, readFileSync(vocabulary, 'utf8'));
  });
}

/** Puts [CLS] and [SEP] around texts; the second one of a pair has a type, and so has the only one. */
const template = (type, sepType = type, single = 0) => {
  const special = (id, typeId) => ({ SpecialToken: { id, type_id: typeId } });
  const sequence = (id, typeId) => ({ Sequence: { id, type_id: typeId } });
  const first = (typeId) => [special('[CLS]', 0), sequence('A', typeId), special('[SEP]', 0)];
  return {
    type: 'TemplateProcessing',
    single: first(single),
    pair: [...first(0), sequence('B', type), special('[SEP]', sepType)],
  };
};

test('tokenizer.json with the template of BERT', async () => {
  await read({ 'tokenizer.json': tokenizerJson({ post_processor: template(1) }) });
});

const foreign = {
  'another model': { model: { type: 'BPE', vocab: {} } },
  'no vocabulary': { model: { type: 'WordPiece' } },
  'null for a vocabulary': { model: { type: 'WordPiece', vocab: null } },
  'added tokens that have no content': { added_tokens: [null] },
  'a piece of two lines': { model: { type: 'WordPiece', vocab: { a: 0, 'b\nc': 1, d: 2 } } },
  'another prefix': { model: { ...tokenizerJson().model, continuing_subword_prefix: '@@' } },
  'longer words': { model: { ...tokenizerJson().model, max_input_chars_per_word: 200 } },
  'added tokens that are no list': { added_tokens: {} },
  'an added token of two lines': { added_tokens: [{ id: 9, content: 'a\nb' }] },
  'another post-processor': { post_processor: { type: 'RobertaProcessing' } },
  'another template': {
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
      pair: [],
    },
  },
  'another template for pairs': { post_processor: template(1, 0) },
  'another template for single texts': { post_processor: template(1, 1, 1) },
  'another normalizer': { normalizer: { type: 'NFC' } },
  'no normalizer': { normalizer: null },
  'another pre-tokenizer': { pre_tokenizer: { type: 'Whitespace' } },
  'an id used twice': { model: { type: 'WordPiece', vocab: { a: 1, b: 1 } } },
  'a negative id': { model: { type: 'WordPiece', vocab: { a: -1 } } },
  'a huge id': { model: { type: 'WordPiece', vocab: { a: 2 ** 31 } } },
};
for (const [what, change] of Object.entries(foreign)) {
  test(`tokenizer.json with ${what}`, async () => {
    await assert.rejects(read({ 'tokenizer.json': tokenizerJson(change) }), {
      code: 'BAD_VOCABULARY',
      message: /tokenizer\.json/,
    });
  });
}

test('tokenizer_config.json of a Japanese model', async () => {
  const files = { 'vocab.txt': '[UNK]\n', 'tokenizer_config.json': { word_tokenizer_type: 'mecab' } };
  await assert.rejects(read(files), { code: 'BAD_VOCABULARY', message: /tokenizer_config\.json.*mecab/ });
});

test('tokenizer_config.json: ids of added tokens are lines too, wherever the file ends', async () => {
  const config = { added_tokens_decoder: { 0: { content: '[UNK]' }, 4: { content: '<new>', special: true } } };
  for (const text of ['[UNK]\na\n', '[UNK]\na'])
    assert.equal((await read({ 'vocab.txt': text, 'tokenizer_config.json': config })).text, '[UNK]\na\n\n\n\n');
});

test('neither file', async () => {
  await assert.rejects(read({ 'config.json': {} }), { code: 'FILE_NOT_FOUND', message: /vocab\.txt/ });
});
