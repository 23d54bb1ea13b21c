// Pasted tables and JSON Lines, and files that are no text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../../demo/examples/file-text.js';
import { parseExamples } from '../../demo/examples/parse-lines.js';

const listed = (pasted, kind = 'single') =>
  parseExamples(pasted, kind).examples.map(({ text, textPair, label }) => [
    text,
    ...(textPair ? [textPair] : []),
    label,
  ]);

const two = [
  ['Well, well; well', 'surprised'],
  ['Oh no', 'sad'],
];

test('a header tells the columns, whatever stands between them', () => {
  assert.deepEqual(listed('review,sentiment\n"Well, well; well",surprised\nOh no,sad\n'), two);
  assert.deepEqual(listed('text;category\r\n"Well, well; well";surprised\r\nOh no;sad\r\n;\r\n'), two);
  assert.deepEqual(listed(',label,text,source\n0,surprised,"Well, well; well",web\n1,sad,Oh no,web\n'), two);
  assert.deepEqual(listed('id\tlabel\ttweet\n1\tsurprised\tWell, well; well\n2\tsad\tOh no\n'), two);
  assert.deepEqual(listed('sep=;\n"Well, well; well";surprised\nOh no;sad\nNo;sad'), [...two, ['No', 'sad']]);
});

test('lines that lack a cell are left out', () => {
  const { examples, unlabelled } = parseExamples('text;label\nOh no;sad\nwhat\nwell;\n', 'single');
  assert.deepEqual(examples, [{ text: 'Oh no', label: 'sad' }]);
  assert.deepEqual(unlabelled, ['what', 'well;']);
});

test('typed lines are no table', () => {
  assert.deepEqual(listed('text,label\nWell, well, surprised\nOh no,sad'), [
    ['Well, well', 'surprised'],
    ['Oh no', 'sad'],
  ]);
  assert.deepEqual(listed('So; so, sad\nOh; well, well, fine'), [
    ['So; so', 'sad'],
    ['Oh; well, well', 'fine'],
  ]);
});

test('pairs, and several labels in a cell', () => {
  assert.deepEqual(listed('premise;hypothesis;label\na, b;c;same\n', 'pairs'), [['a, b', 'c', 'same']]);
  assert.deepEqual(listed('text;labels\na, b;x,y\nc;x\n', 'several'), [
    ['a, b', 'x'],
    ['a, b', 'y'],
    ['c', 'x'],
  ]);
});

test('JSON Lines; other JSON is refused', () => {
  const lines = '{"text":"Well, well; well","label":"surprised"}\n{"text":"Oh no","label":"sad"}\n';
  assert.deepEqual(listed(lines), two);
  assert.deepEqual(listed('{"text":"a","labels":["x","y"]}', 'several'), [
    ['a', 'x'],
    ['a', 'y'],
  ]);
  assert.deepEqual(listed('{"text":"a","text_pair":"b","label":"x"}', 'pairs'), [['a', 'b', 'x']]);
  for (const pasted of [
    '{"review":"a, b","class":"positive"}\n',
    '{"a": 1,\n"b": 2}',
    `[${lines.trim().replace('\n', ',')}]`,
  ]) {
    const { examples, problem } = parseExamples(pasted, 'single');
    assert.deepEqual(examples, []);
    assert.match(problem, /there is no "text"|not JSON|one JSON array/);
  }
});

test('what is no text in UTF-8 is named', async () => {
  const read = (...parts) => textOf(new File(parts, 'x.csv'));
  assert.deepEqual(await read('\uFEFFa,b'), { text: 'a,b' });
  const problem = async (bytes) => (await read(Buffer.from(bytes, 'latin1'))).problem;
  assert.match(await problem('\x89PNG\r\n\x1a\n\0\0'), /^x\.csv is a PNG image, not text\.$/);
  assert.match(await problem('caf\xe9,b\n'), /^x\.csv is not UTF-8 but probably Windows-1252/);
  assert.match(await problem('\xff\xfea\0,\0b\0'), /^x\.csv is UTF-16/);
  assert.match(await problem('a\0b'), /^x\.csv is /);
});
