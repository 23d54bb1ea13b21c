// Texts in parts: where they begin and end, and a core that fails.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTokenizer } from '../../js/index.js';
import { STATUS } from '../../js/core/abi.js';
import { TEXT_GROWTH } from '../../js/tokenize/tokenizer.js';
import { loadEngine } from '../../js/worker/load.js';
import { tiny } from '../support.js';

const engineOf = () =>
  loadEngine(
    { description: { kind: 'directory', path: tiny() }, dtype: 'f32', threads: 1 },
    { signal: new AbortController().signal, emit() {} },
  );

test('what stands behind an added token of one character, and before one', async () => {
  const added = { added_tokens_decoder: { 94: { content: '§' } } };
  const tokenizer = await loadTokenizer({
    'vocab.txt': await readFile(join(tiny(), 'vocab.txt')),
    'tokenizer_config.json': new TextEncoder().encode(JSON.stringify(added)),
  });
  const { tokens, offsets } = tokenizer.tokenize('§good movie');
  assert.deepEqual(tokens, ['[CLS]', '§', 'good', 'movie', '[SEP]']);
  assert.deepEqual(offsets.slice(1, -1), [
    [0, 1],
    [1, 5],
    [6, 11],
  ]);
  assert.deepEqual(tokenizer.tokenize('good movie§').tokens, ['[CLS]', 'good', 'movie', '§', '[SEP]']);
  tokenizer.dispose();
});

test('a pair for which there is no room: its special tokens alone', async () => {
  const { tokenizer } = await engineOf();
  for (const [maxTokens, ids] of [
    [3, 0],
    [4, 1],
    [5, 2],
  ]) {
    const encoded = tokenizer.encode(['good', 'movie'], maxTokens);
    assert.equal(encoded.ids.length, 3 + ids);
    assert.equal(encoded.cut, ids < 2);
  }
});

test('a core that fails for another reason than room is no text without tokens, and not asked for ever', async () => {
  const { tokenizer, core } = await engineOf();
  let calls = 0;
  core.fn = { ...core.fn, tokenize: () => (calls++ < 9 ? STATUS.ERROR_ARGUMENT : 0) };
  assert.throws(() => tokenizer.encode(['good'], 8), { message: 'bertlet_tokenize: -1' });
  // Every byte has room for a token: more can't be missing.
  calls = 0;
  core.fn = { ...core.fn, tokenize: () => (calls++ < 9 ? STATUS.ERROR_CAPACITY : 0) };
  assert.throws(() => tokenizer.encode(['good'], 8), { message: 'bertlet_tokenize: -3' });
});

test('a text without white space that is longer than all memory for it', async () => {
  const { tokenizer } = await engineOf();
  const text = 'a'.repeat(Math.ceil(TEXT_GROWTH / 3));
  for (const read of [() => tokenizer.encode([text], 8), () => tokenizer.tokenize([text])])
    assert.throws(read, { code: 'TEXT_TOO_LONG', message: /has 89478486 characters without white space/ });
});
