// Reading labelled data: every format, however it is told, and what a person does wrong.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { checkLabels, readExamples } from '../../js/cli/data.js';

const folder = mkdtempSync(join(tmpdir(), 'bertlet-data-'));
after(() => rmSync(folder, { recursive: true }));

/** Reads `content` as a file called `name`. */
function read(name, content, format) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readExamples(path, format);
}

/** Asserts that reading fails with `code` and a message that matches `pattern`. */
async function fails(name, content, code, pattern, format) {
  await assert.rejects(read(name, content, format), (error) => {
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    assert.ok(error.message.includes(name), `${error.message} names ${name}`);
    return true;
  });
}

const two = [
  { text: 'a "fine" film', label: 'good', line: 1 },
  { text: 'dull, long', label: 'bad', line: 2 },
];

test('TSV: nothing is quoted', async () => {
  assert.deepEqual(await read('a.tsv', 'a "fine" film\tgood\ndull, long\tbad\n'), two);
});

test('line ends of Windows, no line end after the last line, a byte order mark, empty lines', async () => {
  assert.deepEqual(await read('b.tsv', '\uFEFFa "fine" film\tgood\r\ndull, long\tbad'), two);
  assert.deepEqual(
    (await read('b.tsv', 'x\t1\n\n \ny\t2\n\n')).map(({ line }) => line),
    [1, 4],
  );
});

test('CSV: quoted cells, which may hold commas, quotes and line ends', async () => {
  assert.deepEqual(await read('c.csv', '"a ""fine"" film",good\n"dull, long",bad\n'), two);
  assert.deepEqual(await read('c.csv', 'text,label\r\n"two\nlines",a\r\none,b\r\n'), [
    { text: 'two\nlines', label: 'a', line: 2 },
    { text: 'one', label: 'b', line: 4 },
  ]);
});

test('JSON Lines: labels are strings or numbers, other fields are ignored', async () => {
  assert.deepEqual(await read('d.jsonl', '{"text":"x\\ny","label":"a"}\n\n{"id":7,"label":1,"text":""}\n'), [
    { text: 'x\ny', label: 'a', line: 1 },
    { text: '', label: '1', line: 3 },
  ]);
});

test('a header tells the columns in CSV and TSV, in any order', async () => {
  assert.deepEqual(await read('e.csv', 'id,Label,Text\n1,a,x\n'), [{ text: 'x', label: 'a', line: 2 }]);
  assert.deepEqual(await read('e.tsv', 'text\tlabel\nx\ta\n'), [{ text: 'x', label: 'a', line: 2 }]);
});

test('without a telling extension the first line tells the format', async () => {
  assert.deepEqual(await read('tabs.txt', 'a "fine" film\tgood\ndull, long\tbad\n'), two);
  assert.deepEqual(await read('commas', '"a ""fine"" film",good\n"dull, long",bad\n'), two);
  assert.equal((await read('objects.json', '{"text":"x, y","label":"a"}\n')).length, 1);
  await fails('prose.txt', 'no separator here\n', 'BAD_DATA', /doesn't look like labelled examples/);
});

test('a format that is given overrides the extension', async () => {
  assert.deepEqual(await read('f.csv', 'a "fine" film\tgood\ndull, long\tbad\n', 'tsv'), two);
});

test('white space around a label is not part of it', async () => {
  assert.deepEqual(
    (await read('g.csv', 'x, a\ny,a \n')).map(({ label }) => label),
    ['a', 'a'],
  );
});

test('a missing column names file and line', async () => {
  await fails('h.tsv', 'x\ta\nno label\n', 'BAD_DATA', /line 2: 1 column where TSV has two/);
  await fails('h.csv', 'x,a\none, two, three\n', 'BAD_DATA', /line 2: 3 columns .*in quotes/);
  await fails('h.csv', 'text,label,id\nx,a,1\ny,b\n', 'BAD_DATA', /line 3: 2 columns, but the header names 3/);
  await fails('h.jsonl', '{"text":"x","label":"a"}\n{"text":"y"}\n', 'BAD_DATA', /line 2: there is no "label"/);
  await fails('h.jsonl', '{"label":"a"}\n', 'BAD_DATA', /line 1: there is no "text"/);
  await fails('h.jsonl', 'null\n', 'BAD_DATA', /line 1: there is no "text"/);
});

test('an empty label names file and line', async () => {
  await fails('i.tsv', 'x\ta\ny\t \n', 'BAD_DATA', /line 2: the label is empty/);
  await fails('i.csv', 'x,a\n"y\nz",\n', 'BAD_DATA', /line 2: the label is empty/);
  await fails('i.jsonl', '{"text":"y","label":""}\n', 'BAD_DATA', /line 1: the label is empty/);
});

test('broken JSON and broken quotes name file and line', async () => {
  await fails('j.jsonl', '{"text":"x","label":"a"}\n{"text":\n', 'BAD_DATA', /line 2: this is not JSON/);
  await fails('j.csv', 'x,a\n"y,b\nz,c\n', 'BAD_DATA', /line 2: a quote .* never closed/);
  await fails('j.csv', 'x,a\nsay "y",b\n', 'BAD_DATA', /line 2: a quote .* middle of a cell/);
  await fails('j.csv', 'x,a\n"y" z,b\n', 'BAD_DATA', /line 2: a quote .* middle of a cell/);
});

test('what is not UTF-8 names file and line', async () => {
  await fails('k.tsv', Buffer.from('x\ta\ncaf\xe9\tb\n', 'latin1'), 'BAD_INPUT', /line 2: this is not UTF-8/);
  await fails('k.tsv', Buffer.from('\uFEFFx\ta\n', 'utf16le'), 'BAD_INPUT', /is UTF-16/);
});

test('an empty file, a header alone, no file', async () => {
  await fails('l.tsv', '', 'NO_EXAMPLES', /is empty/);
  await fails('l.jsonl', ' \n\n', 'NO_EXAMPLES', /is empty/);
  await fails('l.csv', 'text,label\n', 'NO_EXAMPLES', /nothing but a header/);
  await assert.rejects(readExamples(join(folder, 'none.tsv')), {
    code: 'FILE_NOT_FOUND',
    message: /none\.tsv: there is no such file/,
  });
  await assert.rejects(readExamples(folder), { message: /folder/ });
});

test('labels that did not occur in training are refused', () => {
  const examples = [{ text: 'x', label: 'pos', line: 3 }];
  checkLabels(examples, 'dev.tsv', ['neg', 'pos']);
  assert.throws(() => checkLabels(examples, 'dev.tsv', ['0', '1']), {
    code: 'BAD_LABELS',
    message: /dev\.tsv, line 3: the label "pos" did not occur in training, whose labels are "0", "1"/,
  });
});
