// The words that a vocabulary is trained on. Oracle: BertNormalizer and BertPreTokenizer of Hugging Face's tokenizers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { STATUS, TOKENIZER_FLAGS } from '../../js/core/abi.js';
import { createCore } from '../../js/core/instance.js';
import { compileWasm } from '../../js/node/platform.js';
import { TEXT_GROWTH } from '../../js/tokenize/tokenizer.js';
import { createWordCounter, WordCounter } from '../../js/tokenize/words.js';
import { fixtures } from '../support.js';

const rows = JSON.parse(readFileSync(join(fixtures, 'tokenizer/words.json'), 'utf8'));
const flags = Object.values(TOKENIZER_FLAGS).reduce((sum, flag) => sum | flag);

/** Words in the order in which they occur first, and how often each does. @param {string[]} words */
function countsOf(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts];
}

async function count(texts, withFlags = flags) {
  const counter = await createWordCounter(withFlags);
  for (const text of texts) counter.add(text);
  counter.flush();
  return counter;
}

describe('words as Hugging Face', () => {
  rows.forEach(({ flags: ofRow, text, words }, row) =>
    test(`text ${row}`, async () => {
      const counter = await count([text], ofRow);
      const expected = words === '' ? [] : words.split(' ');
      assert.deepEqual([...counter.counts], countsOf(expected));
      assert.equal(counter.total, expected.length);
    }),
  );

  test('there are many long words among them', () => {
    const long = rows.flatMap(({ words }) => words.split(' ').filter((word) => [...word].length > 100));
    assert.ok(long.length > 50, `${long.length}`);
  });
});

test('words are the same however texts are put together and cut', async () => {
  const texts = rows.map(({ text }) => text);
  const all = await count(texts);
  const joined = await count([texts.join('\n')]);
  const singly = await createWordCounter(flags);
  for (const text of texts) {
    singly.add(text);
    singly.flush();
  }
  assert.ok(all.total > 500);
  for (const other of [joined, singly]) {
    assert.deepEqual([...other.counts], [...all.counts]);
    assert.equal(other.total, all.total);
  }
});

test('a text without white space that is longer than all memory for it', async () => {
  await assert.rejects(count(['a'.repeat(Math.ceil(TEXT_GROWTH / 11))]), {
    code: 'TEXT_TOO_LONG',
    message: /has 24403224 characters without white space/,
  });
});

test('a core that fails is no text without words', async () => {
  const core = await createCore(
    { module: await compileWasm('train-scalar'), shared: false, heapBase: 0 },
    0,
    TEXT_GROWTH,
  );
  core.fn = { ...core.fn, words: () => STATUS.ERROR_CAPACITY };
  const counter = new WordCounter(core, flags);
  counter.add('a');
  assert.throws(() => counter.flush(), { message: 'bertlet_words: -3' });
});

test('more different words than are counted', async () => {
  const counter = await createWordCounter(flags);
  Object.defineProperty(counter.counts, 'size', { value: 2 ** 23, configurable: true });
  counter.add('a');
  counter.flush();
  Object.defineProperty(counter.counts, 'size', { value: 2 ** 23 + 1 });
  counter.add('b');
  assert.throws(() => counter.flush(), { code: 'OUT_OF_MEMORY', message: /more than 8388608 different words/ });
});
