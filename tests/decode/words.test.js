// Words of a text, and their tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstTokens, joinWords, splitWords } from '../../js/decode/words.js';

const words = (text) => splitWords(text).map(([start, end]) => text.slice(start, end));

test('words are between spaces; punctuation around them is apart', () => {
  assert.deepEqual(words('Barack Obama (U.S.) said: "No!"'), [
    ...['Barack', 'Obama', '(', 'U.S', '.', ')', 'said', ':', '"', 'No', '!', '"'],
  ]);
  assert.deepEqual(words("  @paulwalk it's\n#1 "), ['@paulwalk', "it's", '#1']);
  assert.deepEqual(words('東京 Tower。'), ['東', '京', 'Tower', '。']);
  assert.deepEqual(words('... '), ['.', '.', '.']);
  assert.deepEqual(words(''), []);
});

test('words of any text cover everything but spaces, in order', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      let at = 0;
      for (const [start, end] of splitWords(text)) {
        assert.ok(start >= at && end > start);
        assert.match(text.slice(at, start), /^\s*$/);
        at = end;
      }
      assert.match(text.slice(at), /^\s*$/);
    }),
  );
});

test('the first token of each word', () => {
  const { text, spans } = joinWords(['Paris', '\u200b', "isn't"]);
  assert.equal(text, "Paris \u200b isn't");
  // [CLS] par ##is isn ' t [SEP]
  const offsets = [
    ...[
      [0, 0],
      [0, 3],
      [3, 5],
    ],
    ...[
      [8, 11],
      [11, 12],
      [12, 13],
      [0, 0],
    ],
  ];
  assert.deepEqual([...firstTokens(spans, offsets, 7)], [1, -1, 3]);
  assert.deepEqual([...firstTokens(spans, offsets, 4)], [1, -1, -1]);
});
