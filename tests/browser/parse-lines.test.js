import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLines, parsePairs } from '../../demo/parse-lines.js';

const examplesOf = (pasted) => parseLines(pasted).examples.map(({ text, label }) => [text, label]);

test('a tab stands between text and label, commas belong to the text', () => {
  assert.deepEqual(examplesOf('Well, well, well\tsurprised\r\nOh no\tsad\n'), [
    ['Well, well, well', 'surprised'],
    ['Oh no', 'sad'],
  ]);
});

test('without a tab the last comma does', () => {
  assert.deepEqual(examplesOf('Well, well, surprised\nOh no ,  sad '), [
    ['Well, well', 'surprised'],
    ['Oh no', 'sad'],
  ]);
});

test('fields may be in quotes, as spreadsheets write them', () => {
  assert.deepEqual(examplesOf('"He said ""no"", twice",sad\n"Fine"\t"happy"'), [
    ['He said "no", twice', 'sad'],
    ['Fine', 'happy'],
  ]);
});

test('a first line that names the columns and empty lines are passed over', () => {
  assert.deepEqual(examplesOf('text,label\n\n  \nOh no,sad'), [['Oh no', 'sad']]);
  assert.deepEqual(examplesOf('"text"\t"label"\nOh no\tsad'), [['Oh no', 'sad']]);
  assert.deepEqual(examplesOf('Oh no,sad\ntext,label'), [
    ['Oh no', 'sad'],
    ['text', 'label'],
  ]);
});

test('lines without a label or without a text are left out and named', () => {
  const { examples, unlabelled } = parseLines('hello\nhello,\n,sad\n\tsad\nOh no,sad');
  assert.deepEqual(examples, [{ text: 'Oh no', label: 'sad' }]);
  assert.deepEqual(unlabelled, ['hello', 'hello,', ',sad', '\tsad']);
});

test('pairs have three fields, with tabs or commas between them, those with commas in quotes', () => {
  const { examples, unlabelled } = parsePairs(
    'text,text_pair,label\nWell, hello\tHi, you\tsame\r\n"Well, hello", "He said ""hi"", twice" ,same\none,two,other\n',
  );
  assert.deepEqual(examples, [
    { text: 'Well, hello', textPair: 'Hi, you', label: 'same' },
    { text: 'Well, hello', textPair: 'He said "hi", twice', label: 'same' },
    { text: 'one', textPair: 'two', label: 'other' },
  ]);
  assert.deepEqual(unlabelled, []);
});

test('lines with fewer or more fields are no pairs', () => {
  const lines = [
    'one,two',
    'one, and,two,same',
    'one\ttwo',
    'one\ttwo\tthree\tsame',
    'one,,same',
    'one,two,',
    '"one,two',
  ];
  assert.deepEqual(parsePairs(lines.join('\n')), { examples: [], unlabelled: lines });
});
