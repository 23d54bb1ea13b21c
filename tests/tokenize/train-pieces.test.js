// Trained vocabularies. Oracle: WordPieceTrainer of Hugging Face's tokenizers (tests/fixtures/make_vocabulary_fixtures.py says how its ties are
// settled).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadTokenizer, trainVocabulary } from '../../js/index.js';
import { trainPieces } from '../../js/tokenize/train-pieces.js';
import { fixtures, shared } from '../support.js';
import { readFixture } from './golden.js';

const oracle = JSON.parse(readFileSync(join(fixtures, 'tokenizer/vocabularies.json'), 'utf8'));
const onWarning = () => {};
const linesOf = (path) => readFileSync(join(shared, path), 'utf8').split('\n');

/** The lines of a data set. @param {string} name of a file or folder */
function textsOf(name) {
  if (name !== 'multiscript-text') return linesOf(name);
  const scripts = ['arabic', 'english', 'hindi', 'japanese', 'korean', 'mandarin', 'russian', 'source_code'];
  return scripts.flatMap((script) => linesOf(`${name}/${script}.txt`));
}

describe('the same pieces in the same order as Hugging Face', () => {
  const texts = readFixture('uncased').map(({ text }) => text);
  for (const { options, pieces } of oracle.fixtures)
    test(`texts of many scripts, ${JSON.stringify(options)}`, async () => {
      const { vocabulary } = await trainVocabulary(texts, { ...options, onWarning });
      assert.deepEqual(vocabulary, pieces.split('\n'));
    });

  oracle.few.forEach(({ texts: few, options, pieces }, i) =>
    test(`words of few letters ${i}, ${JSON.stringify(options)}`, async () => {
      const { vocabulary } = await trainVocabulary(few, { ...options, onWarning });
      assert.deepEqual(vocabulary, pieces.split('\n'));
    }),
  );

  for (const { data, size, cased, pieces, sha256 } of oracle.shared) {
    const skip = existsSync(join(shared, data)) ? false : `../shared/data/${data} is absent`;
    test(`${data}, ${size} pieces, ${cased ? 'cased' : 'lowercased'}`, { skip }, async () => {
      const { vocabulary, files } = await trainVocabulary(textsOf(data), { size, lowercase: !cased, onWarning });
      assert.equal(vocabulary.length, pieces);
      assert.equal(createHash('sha256').update(files['vocab.txt']).digest('hex'), sha256);
    });
  }
});

test('random texts: no word is unknown, no piece is there twice or beyond the size, and their order does not matter', async () => {
  const word = fc.stringMatching(/^[a-cÀ-Åא-ג\u0e01-\u0e03あ-う漢字]{1,9}$/u);
  const text = fc.array(word, { maxLength: 20 }).map((words) => words.join(' '));
  const options = fc.record({
    size: fc.integer({ min: 100, max: 300 }),
    minFrequency: fc.integer({ min: 1, max: 4 }),
    lowercase: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 8 }), options, async (texts, given) => {
      fc.pre(texts.some((each) => each !== ''));
      const { vocabulary, files } = await trainVocabulary(texts, { ...given, onWarning });
      assert.ok(vocabulary.length <= given.size);
      assert.equal(new Set(vocabulary).size, vocabulary.length);
      const turned = await trainVocabulary([...texts].reverse(), { ...given, onWarning });
      assert.deepEqual(turned.vocabulary, vocabulary);
      const tokenizer = await loadTokenizer(files);
      const unknown = vocabulary.indexOf('[UNK]');
      for (const ids of tokenizer.encode(texts)) assert.ok(!ids.includes(unknown));
      tokenizer.dispose();
    }),
    { numRuns: 60 },
  );
});

test('it pauses within each of its steps, and within a merge', () => {
  const words = 2560;
  const counts = new Map(Array.from({ length: words }, (_, i) => [`ab${i}`, 1]));
  let merges = 0;
  const pauses = Array.from({ length: 8 }, () => 0);
  const training = trainPieces(counts, { size: 35, minFrequency: 2, limitAlphabet: 99 }, () => merges++);
  while (!training.next().done) pauses[merges] += 1;
  assert.equal(merges, 7);
  assert.equal(pauses[0], 4 * (words / 256)); // alphabet, characters, pairs, and the first merge, which is "ab"
});
