// bertlet vocabulary: files in, vocab.txt and how texts are normalized out. Oracle: Hugging Face's tokenizers
// (tests/fixtures/make_vocabulary_fixtures.py).
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fixtures } from '../support.js';
import { readFixture } from '../tokenize/golden.js';
import { bertlet, ended, jsonLines, start, temporaryFolder } from './cli.js';

const folder = temporaryFolder();
const oracle = JSON.parse(readFileSync(join(fixtures, 'tokenizer/vocabularies.json'), 'utf8')).fixtures;
const texts = readFixture('uncased').map(({ text }) => JSON.stringify(text));
const half = Math.floor(texts.length / 2);
const file = (name, content) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const first = file('first.jsonl', texts.slice(0, half).join('\n'));
const second = file('second.jsonl', texts.slice(half).join('\n'));
const plain = file('plain.txt', 'the fine film\nthe finer films, Áé\nfine fine\n');
const read = (...names) => readFileSync(join(folder, ...names), 'utf8');
const ids = async (path, text) => jsonLines((await bertlet(['tokenize', '--tokenizer', path], text)).stdout)[0].ids;

const runs = [
  [{ size: 1300 }, ['--size', '1300']],
  [{ size: 1500, lowercase: false }, ['--size', '1500', '--cased']],
  [{ size: 1500, lowercase: false, stripAccents: true }, ['--size', '1500', '--cased', '--strip-accents', 'true']],
  [
    { size: 1500, stripAccents: false, splitChinese: false },
    ['--size', '1500', '--strip-accents', 'false', '--split-chinese', 'false'],
  ],
  [{ size: 5000, minFrequency: 3 }, ['--size', '5000', '--min-frequency', '3']],
  [{ size: 300, limitAlphabet: 60 }, ['--size', '300', '--limit-alphabet', '60']],
];
for (const [options, args] of runs)
  test(`of several files: ${args.join(' ')}`, async () => {
    const name = args.join('').replaceAll('-', '');
    const output = join(folder, name, 'vocab.txt');
    const { code, stdout } = await bertlet([
      'vocabulary',
      '--json',
      '--train',
      first,
      '--output',
      output,
      ...args,
      second,
    ]);
    assert.equal(code, 0);
    const { pieces } = oracle.find((run) => JSON.stringify(run.options) === JSON.stringify(options));
    assert.equal(read(name, 'vocab.txt'), `${pieces}\n`);
    const [summary] = jsonLines(stdout);
    assert.equal(summary.pieces, pieces.split('\n').length);
    assert.equal(summary.texts, texts.length);
    assert.deepEqual(readdirSync(join(folder, name)).sort(), ['tokenizer_config.json', 'vocab.txt']);
    const config = JSON.parse(read(name, 'tokenizer_config.json'));
    assert.deepEqual(
      [config.do_lower_case, config.strip_accents, config.tokenize_chinese_chars],
      [options.lowercase ?? true, options.stripAccents ?? options.lowercase ?? true, options.splitChinese ?? true],
    );
  });

test('the folder knows how its texts are normalized; what an earlier run has written is replaced', async () => {
  const output = join(folder, 'twice', 'vocab.txt');
  const run = (...args) => bertlet(['vocabulary', '--train', plain, '--size', '60', '--output', output, ...args]);
  assert.equal((await run('--cased')).code, 0);
  assert.ok(!(await ids(join(folder, 'twice'), 'Á fine')).includes(1));
  assert.ok((await ids(join(folder, 'twice'), 'Fine')).includes(1));
  const cased = read('twice', 'vocab.txt');
  assert.equal((await run()).code, 0);
  assert.notEqual(read('twice', 'vocab.txt'), cased);
  assert.ok(!(await ids(join(folder, 'twice'), 'FINE á')).includes(1));
});

test('from standard input; what is to be told goes to standard error', async () => {
  const args = ['vocabulary', '--train', '-', '--size', '60', '--output', join(folder, 'piped', 'vocab.txt')];
  const { code, stdout, stderr } = await bertlet(args, readFileSync(plain));
  assert.equal(code, 0);
  const [summary] = jsonLines(stdout);
  assert.deepEqual(
    { ...summary, output: undefined, folder: undefined },
    { output: undefined, folder: undefined, pieces: 32, texts: 3, words: 10, distinct_words: 7 },
  );
  assert.match(stderr, /^bertlet: Counting words: done in .* s\nbertlet: Making pieces: done in .* s\n/);
  assert.match(stderr, /warning: The texts fill 32 of the 60 pieces/);
});

test('what it has not written is left as it is', async () => {
  const cases = [
    ['model', { 'config.json': '{}' }, /holds a model \(config\.json\)/],
    ['fast', { 'tokenizer.json': '{}' }, /holds a model \(tokenizer\.json\)/],
    [
      'foreign',
      { 'tokenizer_config.json': '{"do_lower_case":true}' },
      /holds a tokenizer_config\.json that this command/,
    ],
    ['broken', { 'tokenizer_config.json': '{' }, /holds a tokenizer_config\.json that this command/],
    ['alone', { 'vocab.txt': 'mine' }, /alone.vocab\.txt is there, and this command has not written it/],
  ];
  for (const [name, files, message] of cases) {
    mkdirSync(join(folder, name));
    for (const [each, content] of Object.entries(files)) writeFileSync(join(folder, name, each), content);
    const { code, stdout, stderr } = await bertlet([
      ...['vocabulary', '--train', plain, '--output', join(folder, name, 'vocab.txt')],
    ]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, message);
    assert.match(stderr, /\(OUTPUT_EXISTS\)\n$/);
    assert.deepEqual(readdirSync(join(folder, name)), Object.keys(files));
    for (const [each, content] of Object.entries(files)) assert.equal(read(name, each), content);
  }
});

test('what fails ends with 1, says why, and writes nothing', async () => {
  const output = join(folder, 'failed', 'vocab.txt');
  for (const [train, message] of [
    [join(folder, 'none.txt'), /none\.txt: there is no such file\. \(FILE_NOT_FOUND\)/],
    [folder, /this is a folder, not a file\. \(BAD_INPUT\)/],
    [file('empty.txt', '\n \n'), /There is no word in the texts.* \(NO_EXAMPLES\)/],
    [file('latin.txt', Buffer.from('caf\xe9\n', 'latin1')), /latin\.txt, line 1: this is not UTF-8.* \(BAD_INPUT\)/],
  ]) {
    const { code, stdout, stderr } = await bertlet(['vocabulary', '--train', train, '--output', output]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, message);
    assert.ok(!existsSync(join(folder, 'failed')));
  }
  const asFolder = await bertlet(['vocabulary', '--train', plain, '--output', folder]);
  assert.match(asFolder.stderr, /is a folder\. Name the file: --output .*vocab\.txt\. \(BAD_INPUT\)/);
  if (process.platform === 'linux') {
    const { code, stderr } = await bertlet(['vocabulary', '--train', plain, '--output', '/proc/some/vocab.txt']);
    assert.equal(code, 1);
    assert.match(stderr, /\/proc\/some\/vocab\.txt can't be made or written\. .* \(FILE_ACCESS\)/);
  }
});

test('an interrupt ends the program with 130 and writes nothing', async () => {
  const output = join(folder, 'interrupted', 'vocab.txt');
  const child = start(['vocabulary', '--train', '-', '--output', output]);
  child.stdin.on('error', () => {}); // it ends while it is written to
  child.stdin.write('the fine film\n'.repeat(20_000));
  child.stdin.write('and more\n', () => child.kill('SIGINT'));
  const { code, stdout } = await ended(child);
  assert.deepEqual({ code, stdout }, { code: 130, stdout: '' });
  assert.ok(!existsSync(join(folder, 'interrupted')));
});
