// Reading labelled data: every format, however it is told, and what a person does wrong.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { checkLabels, readExamples, readLabelFile } from '../../js/cli/data/examples.js';
import { shared } from '../support.js';

const folder = mkdtempSync(join(tmpdir(), 'bertlet-data-'));
after(() => rmSync(folder, { recursive: true }));

/** Reads `content` as a file called `name`. */
function read(name, content, format) {
  return readTask('text-classification', name, content, { format });
}

function readTask(task, name, content, options) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readExamples(path, task, options);
}

/** Asserts that reading fails with `code` and a message that matches `pattern`. */
async function fails(name, content, code, pattern, format) {
  await failsTask('text-classification', name, content, code, pattern, { format });
}

async function failsTask(task, name, content, code, pattern, options) {
  await assert.rejects(readTask(task, name, content, options), (error) => {
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

/** Reads a table with warnings and options. */
async function readTable(name, content, table, task = 'text-classification') {
  const warnings = [];
  const examples = await readTask(task, name, content, { table, warn: (message) => warnings.push(message) });
  return { examples: examples.map(({ text, label, labels }) => [text, label ?? labels.join('+')]), warnings };
}

const rows = [
  ['The food was cold and late', 'bad'],
  ['We loved it, every bit', 'good'],
  ['Never again; never', 'bad'],
  ['A fine evening for all', 'good'],
  ['What a waste of money', 'bad'],
  ['Best place in the town', 'good'],
];
const quote = (cell, delimiter) =>
  /[",;|\t\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
const table = (lists, delimiter = ',', end = '\n') =>
  lists.map((cells) => cells.map((cell) => quote(cell, delimiter)).join(delimiter) + end).join('');

test('a header of other names is a header', async () => {
  for (const header of [
    ['review', 'sentiment'],
    ['text', 'category'],
    ['sentence', 'label'],
    ['Review Text', 'Stars'],
    ['tweet', 'whatever'],
    ['anything', 'target'],
  ])
    for (const delimiter of [',', ';', '\t', '|'])
      assert.deepEqual(
        await readTable(delimiter === '\t' ? 'h.csv' : 'h.txt', table([header, ...rows], delimiter)),
        { examples: rows, warnings: [] },
        `${header} ${delimiter}`,
      );
  const example = [['short', '7'], ...rows];
  assert.deepEqual(await readTable('h.csv', table(example)), { examples: example, warnings: [] }, 'no header');
  const swapped = [['category', 'utterance'], ...rows.map(([text, label]) => [label, text])];
  assert.deepEqual((await readTable('h.csv', table(swapped))).examples, rows);
  assert.deepEqual((await readTable('h.tsv', 'sentence\tlabel\nx\t1,2\ny\t0\n', {}, 'multi-label')).examples, [
    ['x', '1+2'],
    ['y', '0'],
  ]);
});

test('what is too little to tell a header by, and numbers that do not count the rows', async () => {
  const alike = Array.from({ length: 5 }, (_, i) => [`a text that is as long as texts are, number ${i}`, 'pos']);
  const header = ['avis', 'note'];
  assert.deepEqual((await readTable('h.csv', table([header, ...alike.slice(0, 3)]))).examples, [
    header,
    ...alike.slice(0, 3),
  ]);
  assert.deepEqual((await readTable('h.csv', table([header, ...alike.slice(0, 4)]))).examples, alike.slice(0, 4));
  for (const numbers of [
    ['5', '3', '9'],
    ['1', '2', '4'],
    ['1', '2', 'x'],
  ]) {
    const lists = numbers.map((number, i) => [number, `text ${i}`, 'ab'[i % 2]]);
    await failsTask('text-classification', 'h.csv', table(lists), 'BAD_DATA', /3 columns where CSV has two/, {});
  }
});

test('a header of unknown names is told by its looks, with a warning', async () => {
  for (const header of [
    ['avis', 'note'],
    ['v2', 'v1'],
  ]) {
    const { examples, warnings } = await readTable('h.csv', table([header, ...rows]));
    assert.deepEqual(examples, rows);
    assert.match(
      warnings.join(),
      /h\.csv, line 1: the first row \("\w+", "\w+"\) is taken for the names of the columns/,
    );
  }
  assert.deepEqual((await readTable('h.csv', table([['avis', 'note'], ...rows]), { header: false })).examples, [
    ['avis', 'note'],
    ...rows,
  ]);
});

test('a first row that is an example stays one', async () => {
  assert.deepEqual(await readTable('h.csv', table(rows)), { examples: rows, warnings: [] });
  for (const first of [
    ['Dreadful', 'bad'],
    ['label', 'bad'],
    ['text', 'good'],
    ['A text of some length', 'fair'],
  ])
    assert.deepEqual(await readTable('h.csv', table([first, ...rows])), { examples: [first, ...rows], warnings: [] });
  const words = [
    ['title', 'topic'],
    ['summary', 'topic'],
    ['arm', 'body'],
  ];
  assert.deepEqual(await readTable('h.csv', table(words)), { examples: words, warnings: [] });
  const { warnings } = await readTable('h.csv', 'a,label\nb,other\n');
  assert.match(warnings.join(), /line 1: the first row \("a", "label"\) is taken for an example; --header true/);
  assert.deepEqual((await readTable('h.csv', 'a,label\nb,other\n', { header: true })).examples, [['b', 'other']]);
});

test('columns by name and by number, and columns that number the rows', async () => {
  const wide = [
    ['id', 'subject', 'body', 'lang', 'team'],
    ...rows.map(([text, label], i) => [`${i}`, 'Re', text, 'en', label]),
  ];
  const read = (options, lists = wide) => readTable('w.csv', table(lists), options).then(({ examples }) => examples);
  assert.deepEqual(await read({ labelColumn: 'team' }), rows);
  assert.deepEqual(await read({ textColumn: 'Body', labelColumn: 'TEAM' }), rows);
  assert.deepEqual(await read({ textColumn: '3', labelColumn: '5', header: true }), rows);
  assert.deepEqual(await read({ textColumn: '3', labelColumn: '5' }, wide.slice(1)), rows);
  const pandas = [['', 'review', 'sentiment'], ...rows.map((cells, i) => [`${i}`, ...cells])];
  assert.deepEqual(await read({}, pandas), rows);
  assert.deepEqual(await read({}, pandas.slice(1)), rows);
  const named = [['id', 'review', 'verdict'], ...rows.map((cells, i) => [`x${7 * i}`, ...cells])];
  assert.deepEqual(await read({}, named), rows, 'a column of numbers by its name');
  const counted = [['n', 'review', 'verdict'], ...rows.map((cells, i) => [`${i}`, ...cells])];
  assert.deepEqual(await read({}, counted), rows, 'a column of numbers by what is in it');
  const fails = (pattern, options, lists = wide) =>
    failsTask('text-classification', 'w.csv', table(lists), 'BAD_DATA', pattern, { table: options });
  await fails(/none tells where the labels are; .*--label-column/, {});
  await fails(/no column "x"; the first row has "id", "subject"/, { labelColumn: 'x' });
  await fails(/no column "9"/, { labelColumn: '9' });
  await fails(/the same column/, { textColumn: 'body', labelColumn: '3' });
  await fails(/line 1: 5 columns where CSV has two, text,label; .*--text-column/, {}, wide.slice(1));
  await failsTask('text-classification', 'w.jsonl', '{"text":"x","label":"a"}', 'BAD_DATA', /are for tsv and csv/, {
    table: { header: true },
  });
});

test("what spreadsheets write: Excel's delimiters, empty rows and columns, quoted line ends", async () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const header = ['text', 'label'];
    const lists = [...rows, [`two${end === '\r' ? ' ' : end}lines; "quoted", too`, 'good']];
    const read = async (content, options) => (await readTable('x.csv', content, options)).examples;
    const content = table([header, ...lists], ';', end);
    assert.deepEqual(await read(content), lists);
    assert.deepEqual(await read(`sep=;${end}${table(rows, ';', end)}`), rows);
    assert.deepEqual(await read(`"sep=|"${end}${table(rows, '|', end)}`), rows);
    assert.deepEqual(await read(`\uFEFF${table([header, ...rows], ';', end)};${end}`), rows);
    assert.deepEqual(
      await read(table([[...header, '', ''], ...rows.map((cells) => [...cells, '', ''])], ',', end)),
      rows,
    );
    assert.deepEqual(await read(table(rows, '~', end), { delimiter: '~' }), rows);
  }
  assert.deepEqual((await readTable('x.csv', 'sep=;\na;b\nc;\n', {}, 'multi-label')).examples, [
    ['a', 'b'],
    ['c', ''],
  ]);
  await fails('x.csv', 'sep=;\nx;a\ny;\n', 'BAD_DATA', /line 3: the label is empty/);
  const copied = 'text\tlabel\n"two\nlines"\tgood\n"say ""no"""\tbad\n';
  assert.deepEqual((await readTable('x.tsv', copied)).examples, [
    ['two\nlines', 'good'],
    ['say "no"', 'bad'],
  ]);
  assert.deepEqual((await readTable('x.tsv', '"great" he said\tgood\n"so"\tbad\n')).examples, [
    ['"great" he said', 'good'],
    ['"so"', 'bad'],
  ]);
});

test('files that are no text are named', async () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  await fails('p.csv', png, 'BAD_INPUT', /p\.csv: this is a PNG image, not text\.$/);
  await fails('p.csv', Buffer.from('PK\x03\x04\x14\0\x06\0', 'latin1'), 'BAD_INPUT', /Excel workbooks \(\.xlsx\)/);
  await fails('p.csv', Buffer.from([1, 2, 3, 255, 14, 15, 16, 200]), 'BAD_INPUT', /this is a binary file, not text/);
  await fails('p.csv', Buffer.from('caf\xe9,b\n', 'latin1'), 'BAD_INPUT', /line 1: .*probably Windows-1252.*CSV UTF-8/);
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
  // Quotes that do not make a table are not taken for quotes.
  await fails('h.tsv', 'a\tgood\n"b\tbad\nc\tgood\n"\td\te\n', 'BAD_DATA', /line 4: 3 columns where TSV has two/);
  await fails('h.tsv', 'x\ta\nno label\n', 'BAD_DATA', /line 2: 1 column where TSV has two/);
  await fails('h.csv', 'x,a\none, two, three\n', 'BAD_DATA', /line 2: 3 columns .*in quotes/);
  await fails('h.csv', 'text,label,id\nx,a,1\ny,b\n', 'BAD_DATA', /line 3: 2 columns, but the header names 3/);
  await fails('h.jsonl', '{"text":"x","label":"a"}\n{"text":"y"}\n', 'BAD_DATA', /line 2: there is no "label"/);
  await fails('h.jsonl', '{"label":"a"}\n', 'BAD_DATA', /line 1: there is no "text"/);
  await fails('h.jsonl', 'null\n', 'BAD_DATA', /line 1: there is no "text"/);
});

test('the sentence about a missing column, word for word', async () => {
  const tsv = 'TSV has two, text<TAB>label';
  const csv = 'CSV has two, text,label';
  const short = '; --format overrides what the file is taken for, --delimiter what stands between columns';
  const long = (delimiter) =>
    `; put a text, or several labels, with a "${delimiter}" in it in quotes, or say with --text-column and --label-column what to read`;
  for (const [name, content, sentence, table] of [
    ['h.tsv', 'x\ta\nb\n', `h.tsv, line 2: 1 column where ${tsv}${short}`],
    ['h.tsv', 'x\ta\nx\ta\tb\n', `h.tsv, line 2: 3 columns where ${tsv}${long('\t')}`],
    ['h.csv', 'x,a\nx\n', `h.csv, line 2: 1 column where ${csv}${short}`],
    ['h.csv', 'x,a\nx,y,z\n', `h.csv, line 2: 3 columns where ${csv}${long(',')}`],
    ['h.csv', 'x;a\nx;y;z\n', `h.csv, line 2: 3 columns where CSV has two, text;label${long(';')}`, { delimiter: ';' }],
    ['h.csv', 'text,label\nx\n', 'h.csv, line 2: 1 column, but the header names 2'],
    [
      'h.csv',
      '1,x,a\n2,y\n',
      `h.csv, line 2: 2 columns where the first row has 3${short}`,
      { header: false, textColumn: '2', labelColumn: '3' },
    ],
  ]) {
    await assert.rejects(readTask('text-classification', name, content, { table }), (error) => {
      assert.equal(error.message, join(folder, `${sentence}.`));
      return true;
    });
  }
});

test('one array of examples', async () => {
  const array = '[\n  {"text":"x","label":"a"},\n  {"text":"y","label":"b"}\n]\n';
  for (const name of ['array.json', 'array.jsonl'])
    await fails(name, array, 'BAD_DATA', /this is one JSON array; write its objects one per line/);
  await failsTask('token-classification', 'array.json', '[{"words":[]}]', 'BAD_DATA', /this is one JSON array/);
  assert.equal((await read('array.tsv', '[{x}] is a text\ta\n')).length, 1);
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
  await fails('k.tsv', Buffer.from('x\ta\n', 'utf16le'), 'BAD_INPUT', /this is UTF-16; save it as UTF-8/);
  await fails('k.tsv', 'x\ta\ny\0\tb\n', 'BAD_INPUT', /line 2: this has a NUL byte, which text in UTF-8 never has/);
});

test('an empty file, a header alone, no file', async () => {
  await fails('l.tsv', '', 'NO_EXAMPLES', /is empty/);
  await fails('l.jsonl', ' \n\n', 'NO_EXAMPLES', /is empty/);
  await fails('l.csv', 'text,label\n', 'NO_EXAMPLES', /nothing but a header/);
  await failsTask('question-answering', 'l.json', '{"data":[]}', 'NO_EXAMPLES', /there are no questions in it/);
  await failsTask('token-classification', 'l.conll', '-DOCSTART- O\n', 'NO_EXAMPLES', /there are no sentences in it/);
  await assert.rejects(readExamples(join(folder, 'none.tsv'), 'text-classification'), {
    code: 'FILE_NOT_FOUND',
    message: /none\.tsv: there is no such file/,
  });
  await assert.rejects(readExamples(folder, 'text-classification'), { message: /folder/ });
});

test('labels that did not occur in training are refused', () => {
  const examples = [{ text: 'x', label: 'pos', line: 3 }];
  checkLabels(examples, 'dev.tsv', ['neg', 'pos']);
  assert.throws(() => checkLabels(examples, 'dev.tsv', ['0', '1']), {
    code: 'BAD_LABELS',
    message: /dev\.tsv, line 3: the label "pos" did not occur in training, whose labels are "0", "1"/,
  });
});

test('pairs of texts: a column or a field of its own', async () => {
  const pair = [{ text: 'x', textPair: 'y', label: 'a', line: 2 }];
  assert.deepEqual(await read('m.tsv', 'text\ttext_pair\tlabel\nx\ty\ta\n'), pair);
  assert.deepEqual(await read('m.csv', 'label,textPair,text\na,y,x\n'), pair);
  const both = '\n{"text":"x","text_pair":"y","label":"a"}\n{"text":"x","textPair":"z","label":"b"}\n';
  assert.deepEqual(await read('m.jsonl', both), [...pair, { text: 'x', textPair: 'z', label: 'b', line: 3 }]);
  await fails(
    'm.jsonl',
    '{"text":"x","text_pair":1,"label":"a"}\n',
    'BAD_DATA',
    /line 1: the "text_pair" is not a string/,
  );
});

test('several labels: commas between them, or an array; there may be none', async () => {
  const read = (name, content, options) => readTask('multi-label', name, content, options);
  const expected = [
    { text: 'x', labels: ['a', 'b'], line: 1 },
    { text: 'y', labels: [], line: 2 },
  ];
  assert.deepEqual(await read('n.tsv', 'x\ta, b\ny\t\n'), expected);
  assert.deepEqual(await read('n.csv', 'x,"a,b"\ny,\n'), expected);
  assert.deepEqual(await read('n.jsonl', '{"text":"x","labels":["a","b"]}\n{"text":"y","labels":[]}\n'), expected);
  assert.deepEqual(await read('n.tsv', 'labels\ttext\n4\tx\n'), [{ text: 'x', labels: ['4'], line: 2 }]);

  const fails = (...args) => failsTask('multi-label', ...args);
  await fails('o.tsv', 'x\ta\ny\ta,,b\n', 'BAD_DATA', /line 2: the label is empty/);
  await fails('o.tsv', 'x\ta\ny\ta,b,a\n', 'BAD_DATA', /line 2: the label "a" occurs twice/);
  await fails('o.jsonl', '{"text":"x","labels":"a"}\n', 'BAD_DATA', /line 1: there is no "labels" with an array/);
  await fails('o.csv', 'x,a,b\n', 'BAD_DATA', /line 1: 3 columns .* several labels/);
});

test('labels given where one is wanted', async () => {
  await fails('p.jsonl', '{"text":"x","labels":["a"]}\n', 'BAD_DATA', /line 1: .*--task multi-label/);
});

test('labels by index get their names', async () => {
  const labels = ['joy', 'fear', 'love'];
  assert.deepEqual(
    (await readTask('multi-label', 'q.tsv', 'x\t0,2\ny\tfear\n', { labels })).map(({ labels }) => labels),
    [['joy', 'love'], ['fear']],
  );
  assert.equal((await readTask('text-classification', 'q.tsv', 'x\t1\n', { labels }))[0].label, 'fear');
  assert.equal((await readTask('text-classification', 'q.tsv', 'x\t1\n', { labels: ['1', '0'] }))[0].label, '1');
  const unknown = /line 2: the label "3" is neither one of "joy", "fear", "love" nor the index of one/;
  await failsTask('multi-label', 'q.tsv', 'x\t1\ny\t0,3\n', 'BAD_LABELS', unknown, { labels });
});

test('files of labels', async () => {
  const names = async (name, content) => {
    writeFileSync(join(folder, name), content);
    return readLabelFile(join(folder, name));
  };
  const fails = (name, content, pattern, code = 'BAD_DATA') =>
    assert.rejects(names(name, content), (error) => {
      assert.equal(error.code, code);
      assert.match(error.message, pattern);
      assert.ok(error.message.includes(name));
      return true;
    });
  assert.deepEqual(await names('labels.txt', 'a\r\n b\n\n'), ['a', 'b']);
  assert.deepEqual(await names('labels.json', '["a","b"]'), ['a', 'b']);
  assert.deepEqual(await names('x.labels', '{"1":"b","0":"a"}'), ['a', 'b']);
  await fails('labels.txt', 'a\n\nb\n', /line 2: the label is empty/);
  await fails('labels.txt', 'a\na\n', /line 2: the label "a" occurs twice/);
  await fails('labels.json', '["a",', /not JSON/);
  await fails('labels.json', '7', /not JSON/);
  await fails('labels.json', '["a",7]', /label 1: the label is empty, or no string/);
  await fails('labels.json', '{"1":"a"}', /no label for index 0/);
  await fails('labels.json', '[]', /there are no labels/, 'BAD_LABELS');
  await fails('labels.txt', Buffer.from([0x61, 0x0a, 0xe9]), /line 2: this is not UTF-8/, 'BAD_INPUT');
});

const sentences = [
  { words: ['Bob', 'sleeps'], tags: ['B-PER', 'O'], line: 1 },
  { words: ['Ann'], tags: ['B-PER'], line: 4 },
];

test('CoNLL: words and tags, empty lines between sentences', async () => {
  const read = (name, content, options) => readTask('token-classification', name, content, options);
  assert.deepEqual(await read('a.conll', 'Bob\tB-PER\nsleeps\tO\n\nAnn\tB-PER\n'), sentences);
  assert.deepEqual(await read('a.txt', 'Bob B-PER\r\nsleeps O\r\n \r\nAnn B-PER'), sentences);
  assert.deepEqual(await read('a.tsv', '\uFEFFBob\tNNP\tB-PER\nsleeps\tVBZ\tO\n\nAnn\tNNP\tB-PER\n\n\n'), sentences);
  assert.deepEqual(
    (await read('b.conll', '-DOCSTART- -X- O\n\nBob B-PER\n-DOCSTART- -X- O\nAnn B-PER\n')).map(({ line }) => line),
    [3, 5],
  );
  assert.deepEqual(
    await read('a.jsonl', '{"words":["Bob","sleeps"],"tags":["B-PER","O"]}\n\n\n{"words":["Ann"],"tags":["B-PER"]}'),
    sentences,
  );
});

test('CoNLL: what is ragged or missing names file and line', async () => {
  const fails = (...args) => failsTask('token-classification', ...args);
  await fails('c.conll', 'Bob\tB-PER\nsleeps\n', 'BAD_DATA', /line 2: 1 column where the lines before have 2/);
  await fails('c.conll', 'Bob B-PER\n\nAnn Lee B-PER\n', 'BAD_DATA', /line 3: 3 columns where the lines before have 2/);
  await fails('c.conll', 'Bob\n', 'BAD_DATA', /line 1: there is no tag/);
  await fails('c.conll', 'Bob\tB-PER\n\tO\n', 'BAD_DATA', /line 2: the word is empty/);
  await fails('c.conll', 'Bob\tB-PER\nsleeps\t\n', 'BAD_DATA', /line 2: the tag is empty/);
  await fails('c.conll', '-DOCSTART-\n', 'NO_EXAMPLES', /c\.conll/);
  await fails('c.jsonl', '{"words":["a"],"tags":["O","O"]}\n', 'BAD_DATA', /line 1: 1 words and 2 tags/);
  await fails('c.jsonl', '{"words":[],"tags":[]}\n', 'BAD_DATA', /line 1: there are no words/);
  await fails('c.jsonl', '{"words":["a"],"tags":[0]}\n', 'BAD_DATA', /line 1: .*arrays of strings/);
  await fails('c.conll', Buffer.from('Bob\tO\nZo\xeb\tO\n', 'latin1'), 'BAD_INPUT', /line 2: this is not UTF-8/);
});

const squad = (entries, context = 'Zoë \u{1f642} met Zoë in Berlin.') =>
  JSON.stringify({ version: '1.1', data: [{ title: 't', paragraphs: [{ context, qas: entries }] }] });
const question = (id, text, start) => ({ id, question: 'Who?', answers: [{ text, answer_start: start }] });

test('SQuAD: offsets in code points become UTF-16', async () => {
  const context = 'Zoë \u{1f642} met Zoë in Berlin.';
  const impossible = { id: 'c', question: 'Why?', answers: [], is_impossible: true };
  const entries = [question('a', 'Zoë', 10), question('b', 'Berlin', 17), impossible];
  const questions = await readTask('question-answering', 'a.json', squad(entries));
  assert.deepEqual(questions, [
    { id: 'a', question: 'Who?', context, answers: [{ text: 'Zoë', start: 11 }] },
    { id: 'b', question: 'Who?', context, answers: [{ text: 'Berlin', start: 18 }] },
    { id: 'c', question: 'Why?', context, answers: [] },
  ]);
});

test('SQuAD: an answer that is elsewhere is taken from the nearest place and counted', async () => {
  const warnings = [];
  const warn = (message) => warnings.push(message);
  const entries = [question('a', 'Zoë', 8), question('b', 'Zoë', 1), question('c', 'Berlin', 99)];
  const questions = await readTask('question-answering', 'b.json', squad(entries), { warn });
  assert.deepEqual(
    questions.map(({ answers }) => answers[0].start),
    [11, 0, 18],
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /b\.json: 3 answers were not at the given offset .*first: question a/);
});

test('SQuAD: what is wrong names file and question', async () => {
  const fails = (content, pattern, code = 'BAD_DATA') =>
    failsTask('question-answering', 'c.json', content, code, pattern);
  await fails(squad([question('q7', 'Paris', 3)]), /the answer "Paris" of question q7 is not in its context/);
  await fails(squad([{ id: 'q8', question: 'Who?', answers: [] }]), /question q8 has no answers/);
  await fails(
    squad([{ ...question('q9', 'Zoë', 0), is_impossible: true }]),
    /q9 has answers and is said to be impossible/,
  );
  await fails(squad([{ question: 'Who?' }]), /article 0, paragraph 0 has no "id"/);
  await fails(squad([{ id: 'x' }]), /question x has no "question"/);
  await fails(squad([{ id: 'x', question: '?' }]), /question x has no "answers" with an array/);
  await fails(squad([question('x', 'Zoë', '0')]), /answer "Zoë" of question x has no "answer_start"/);
  await fails(squad([question('x', '', 0)]), /an answer of question x has no "text"/);
  await fails(squad([], 7), /paragraph 0 has no "context"/);
  await fails('{"data":[{}]}', /article 0 has no "paragraphs"/);
  await fails('[]', /no "data" with an array/);
  await fails('{"data":[\n{"paragraphs": oops}]}', /this is not JSON .*oops/);
  await fails(squad([]), /c\.json/, 'NO_EXAMPLES');
});

test('data of another task is recognised; --format overrides', async () => {
  const conll = 'Bob\tB-PER\nsleeps\tO\n\nAnn\tB-PER\n';
  await fails('d.tsv', conll, 'BAD_DATA', /taken for conll, which is for --task token-classification/);
  assert.equal((await read('d.tsv', conll, 'tsv')).length, 3);
  const questions = squad([question('a', 'Zoë', 0)]);
  await fails('d.json', questions, 'BAD_DATA', /taken for squad, which is for --task question-answering/);
  await failsTask('token-classification', 'd.json', questions, 'BAD_DATA', /taken for squad/);
  await failsTask('question-answering', 'd.tsv', 'x\ta\n', 'BAD_DATA', /this is not JSON/);
  await failsTask('question-answering', 'd.tsv', 'x\ta\n', 'BAD_DATA', /reads squad/, { format: 'tsv' });
  await failsTask('token-classification', 'd.csv', 'x,a\n', 'BAD_DATA', /reads conll, jsonl/, { format: 'csv' });
});

test('labels of several, and tags, that did not occur in training are refused', () => {
  const unseen = (pattern) => ({ code: 'BAD_LABELS', message: pattern });
  const several = [{ text: 'x', labels: ['a', 'z'], line: 2 }];
  assert.throws(() => checkLabels(several, 'dev.tsv', ['a']), unseen(/dev\.tsv, line 2: the label "z"/));
  assert.throws(() => checkLabels(sentences, 'dev.conll', ['O']), unseen(/dev\.conll, line 1: the label "B-PER"/));
  checkLabels(sentences, 'dev.conll', ['O', 'B-PER']);
});

test('the real data sets', { skip: existsSync(shared) ? false : '../shared is not here' }, async () => {
  const labels = await readLabelFile(join(shared, 'goemotions/labels.txt'));
  const emotions = await readExamples(join(shared, 'goemotions/dev.tsv'), 'multi-label', { labels });
  assert.equal(emotions.length, 5426);
  assert.deepEqual(emotions[1].labels, [labels[4], labels[27]]);
  const tagged = await readExamples(join(shared, 'wnut17/dev.conll'), 'token-classification');
  assert.equal(tagged.length, 1009);
  assert.equal(tagged.flatMap(({ words }) => words).length, 15733);
  const warn = (message) => assert.fail(message);
  const questions = await readExamples(join(shared, 'squad/dev-1000.json'), 'question-answering', { warn });
  assert.equal(questions.length, 1001);
});
