// How a text of the user's own is cut into what a small model reads at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countWords, piecesOf } from '../../demo/pretrain/texts.js';

test('lines are texts, and paragraphs where empty lines stand between them', () => {
  assert.deepEqual(piecesOf('one line\r\n  another   line \n'), ['one line', 'another line']);
  assert.deepEqual(piecesOf('one line\ngoes on\n \nanother'), ['one line goes on', 'another']);
  assert.deepEqual(piecesOf(' \n\n '), []);
});

test('longer ones are cut between sentences, and a sentence where it must be', () => {
  const sentence = (/** @type {number} */ words) => `Word ${'word '.repeat(words - 2)}end.`;
  const lengths = (/** @type {string} */ text) => piecesOf(text).map(countWords);
  assert.deepEqual(lengths([10, 10, 10, 3].map(sentence).join(' ')), [20, 13]);
  assert.deepEqual(lengths(sentence(60)), [24, 24, 12]);
  assert.deepEqual(lengths(`${sentence(24)}\n${sentence(25)}`), [24, 24, 1]);
});

test('nothing is lost', () => {
  const text = Array.from({ length: 300 }, (_, i) => `w${i}${i % 11 === 10 ? '.' : ''}`).join(' ');
  assert.equal(piecesOf(text).join(' '), text);
});
