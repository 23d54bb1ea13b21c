// Added tokens in every form that versions of transformers have written, against its tokenizers
// (tests/fixtures/make_compatibility_fixtures.py); time and bounds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTokenizer } from '../../js/index.js';
import { fixtures } from '../support.js';

const forms = JSON.parse(readFileSync(join(fixtures, 'tokenizer/added-token-files.json'), 'utf8'));
const bytesOf = (content) => new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content));
const open = (files) =>
  loadTokenizer(Object.fromEntries(Object.entries(files).map(([name, content]) => [name, bytesOf(content)])));

for (const [form, { files, cases }] of Object.entries(forms)) {
  test(`${form}: ids and offsets as in transformers`, async () => {
    const tokenizer = await open(files);
    for (const { text, ids, offsets } of cases) {
      const encoding = tokenizer.tokenize(text);
      assert.deepEqual([...encoding.ids], ids, JSON.stringify(text));
      assert.deepEqual(encoding.offsets, offsets, JSON.stringify(text));
      assert.deepEqual([...tokenizer.encode(text)], ids);
    }
    tokenizer.dispose();
  });
}

const { files } = forms['added_tokens_decoder'];
const withDecoder = (decoder) => ({ ...files, 'tokenizer_config.json': { added_tokens_decoder: decoder } });

test('white space around a token that includes it, so much that quadratic time would be half an hour', async () => {
  const tokenizer = await open(withDecoder({ 94: { content: '<ent>', lstrip: true, rstrip: true } }));
  const { ids, offsets } = tokenizer.tokenize(
    `${' '.repeat(800_000)}a${' '.repeat(800_000)}<ent>${' '.repeat(800_000)}`,
  );
  assert.equal(ids[2], 94);
  assert.deepEqual(offsets[2], [800_001, 2_400_006]);
  tokenizer.dispose();
});

test('ids beyond all bounds and lists that are none: refused', async () => {
  const json = forms['tokenizer.json'].files['tokenizer.json'];
  for (const damaged of [
    withDecoder({ 1000000000: { content: '<ent>' } }),
    withDecoder(7),
    { 'tokenizer.json': { ...json, added_tokens: {} } },
    { 'tokenizer.json': { ...json, added_tokens: [{ id: 1e9, content: '<ent>' }] } },
    { ...files, 'tokenizer_config.json': {}, 'added_tokens.json': { '<ent>': 1e9 } },
    { ...files, 'tokenizer_config.json': {}, 'special_tokens_map.json': { cls_token: '<s>' } },
  ])
    await assert.rejects(open(damaged), { code: 'BAD_VOCABULARY' });
});
