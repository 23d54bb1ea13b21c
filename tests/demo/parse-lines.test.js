// Pasted lines to examples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLines, parsePairs } from '../../demo/examples/parse-lines.js';
import { readRows } from '../../demo/examples/rows.js';

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
  assert.deepEqual(parsePairs(lines.join('\n')), { examples: [], unlabelled: lines, unclosed: [7] });
});

test('a text in quotes may have line ends of any kind, delimiters and quotes in it', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const rows = ['text,label', '"first', '', 'second, ""third"" ",sad', 'Oh no,"very, very sad"', ''];
    assert.deepEqual(examplesOf(rows.join(end)), [
      ['first\n\nsecond, "third"', 'sad'],
      ['Oh no', 'very, very sad'],
    ]);
    // As a spreadsheet copies cells: in quotes only if it has to.
    assert.deepEqual(examplesOf(['"first', 'second, or ""so"""\tsad', 'Oh, no\tsad', '"a\tb"\tsad'].join(end)), [
      ['first\nsecond, or "so"', 'sad'],
      ['Oh, no', 'sad'],
      ['a\tb', 'sad'],
    ]);
  }
  assert.deepEqual(parsePairs('"one\ntwo"\tthree, four\tsame\n"a\nb","c ""d""",other').examples, [
    { text: 'one\ntwo', textPair: 'three, four', label: 'same' },
    { text: 'a\nb', textPair: 'c "d"', label: 'other' },
  ]);
  const long = Array.from({ length: 1000 }, (_, i) => `line ${i}`).join('\n');
  assert.deepEqual(examplesOf(`one,a\n"${long}",b\ntwo,c`), [
    ['one', 'a'],
    [long, 'b'],
    ['two', 'c'],
  ]);
});

test('quotes that belong to the text stay in it', () => {
  const lines = [
    ['"Great", she said, happy', '"Great", she said'],
    ['"Great" was all she said, happy', '"Great" was all she said'],
    ['He said "no, never" , happy', 'He said "no, never"'],
    ['He said, "no, never", happy', 'He said, "no, never"'],
    ['5" nails,happy', '5" nails'],
    ['"Great", he said\thappy', '"Great", he said'],
    ['so, "so"\thappy', 'so, "so"'],
    ['well,  well, "happy"', 'well,  well'],
    ['"",he said, happy', '"",he said'],
  ];
  const expected = lines.map(([, text]) => ({ text, label: 'happy' }));
  for (const [i, [line]] of lines.entries()) assert.deepEqual(parseLines(line).examples, [expected[i]]);
  const all = lines.map(([line]) => line).join('\n');
  assert.deepEqual(parseLines(all), { examples: expected, unlabelled: [], unclosed: [] });
});

test('a quote that is never closed is named, and takes no other line with it', () => {
  for (const delimiter of [',', '\t']) {
    const rows = ['text|label', '', '"one|a', 'two|b', '"three|c', '"four ""so""|d', '"five "so"|e', 'six|"f', 'seven'];
    const { examples, unlabelled, unclosed } = parseLines(rows.join('\n').replaceAll('|', delimiter));
    assert.deepEqual(
      examples.map(({ text, label }) => [text, label]),
      [
        ['"one', 'a'],
        ['two', 'b'],
        ['"three', 'c'],
        ['"four ""so""', 'd'],
        ['"five "so"', 'e'],
        ['six', '"f'],
      ],
    );
    assert.deepEqual(unlabelled, ['seven']);
    assert.deepEqual(unclosed, [3, 5, 6, 8]);
  }
});

test('no line is lost, whatever its quotes', () => {
  const parts = ['"', '""', ',', '\t', 'a', ' ', '\n', 'b,c'];
  for (let seed = 1; seed <= 2000; seed += 1) {
    let state = seed * 7919;
    const next = () => (state = (state * 48271) % 2147483647);
    const pasted = Array.from({ length: 3 + (next() % 12) }, () => parts[next() % parts.length]).join('');
    const rows = readRows(pasted);
    const filled = (text) => text.split('\n').filter((line) => line.trim() !== '');
    assert.deepEqual(filled(rows.map(({ source }) => source).join('\n')), filled(pasted), JSON.stringify(pasted));
    for (const { source, line } of rows) assert.equal(pasted.split('\n')[line - 1], source.split('\n')[0]);
  }
});
