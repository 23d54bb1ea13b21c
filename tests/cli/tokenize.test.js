// bertlet tokenize. Oracle: Hugging Face tokenizers.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { goldens } from '../tokenize/golden.js';
import { bertlet, ended, jsonLines, start, temporaryFolder } from './cli.js';

const folder = temporaryFolder();
const vocabulary = join(folder, 'vocab.txt');
writeFileSync(vocabulary, ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'fine', 'film', '##s', 'É', 'e', '🙂'].join('\n'));
const tokenize = (input, ...args) => bertlet(['tokenize', '--tokenizer', vocabulary, ...args], input);

test('one line of JSON for each line, with special tokens and UTF-16 offsets', async () => {
  const { code, stdout, stderr } = await tokenize('Fine films\n\n🙂 film');
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.equal(
    stdout,
    '{"ids":[2,4,5,6,3],"tokens":["[CLS]","fine","film","##s","[SEP]"],"offsets":[[0,0],[0,4],[5,9],[9,10],[0,0]]}\n' +
      '{"ids":[2,3],"tokens":["[CLS]","[SEP]"],"offsets":[[0,0],[0,0]]}\n' +
      '{"ids":[2,9,5,3],"tokens":["[CLS]","🙂","film","[SEP]"],"offsets":[[0,0],[0,2],[3,7],[0,0]]}\n',
  );
});

test('--lowercase false keeps case and accents', async () => {
  const ids = async (...args) => jsonLines((await tokenize('É\n', ...args)).stdout)[0].ids;
  assert.deepEqual(await ids(), [2, 8, 3]);
  assert.deepEqual(await ids('--lowercase', 'true'), [2, 8, 3]);
  assert.deepEqual(await ids('--lowercase', 'false'), [2, 7, 3]);
});

test('line ends of Windows and a byte order mark are not part of a text', async () => {
  const plain = (await tokenize('fine\nfilm\n')).stdout;
  assert.equal((await tokenize('\uFEFFfine\r\nfilm\r\n')).stdout, plain);
});

test('--json: a text may hold line ends', async () => {
  const { stdout } = await tokenize('"fine\\nfilm"\n"\\ud83d\\ude42"\n', '--json');
  assert.deepEqual(
    jsonLines(stdout).map(({ offsets }) => offsets),
    [
      [
        [0, 0],
        [0, 4],
        [5, 9],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 2],
        [0, 0],
      ],
    ],
  );
});

test('--json: what is no JSON string names the line', async () => {
  for (const line of ['fine', '{"text":"fine"}', '7', '']) {
    const { code, stderr } = await tokenize(`"fine"\n${line}\n`, '--json');
    assert.equal(code, 1);
    assert.match(stderr, /standard input, line 2: .*JSON string.* \(BAD_INPUT\)/);
  }
});

test('what is not UTF-8 names file and line', async () => {
  const file = join(folder, 'latin1.txt');
  writeFileSync(file, Buffer.from('fine\ncaf\xe9\n', 'latin1'));
  const { code, stderr } = await tokenize('', file);
  assert.equal(code, 1);
  assert.match(stderr, /latin1\.txt, line 2: this is not UTF-8.* \(BAD_INPUT\)/);
});

test('no input, no output', async () => {
  assert.deepEqual(await tokenize(''), { code: 0, stdout: '', stderr: '' });
});

test('a file is read instead of standard input, in batches, in order', async () => {
  const file = join(folder, 'many.txt');
  const counts = Array.from({ length: 3000 }, (_, i) => i % 50);
  writeFileSync(file, counts.map((count) => 'film '.repeat(count)).join('\n'));
  const { stdout } = await tokenize('', file);
  assert.deepEqual(
    jsonLines(stdout).map(({ ids }) => ids.length - 2),
    counts,
  );
});

test('results come as lines come: a program may talk to bertlet through pipes', async () => {
  const child = start(['tokenize', '--tokenizer', vocabulary]);
  child.stdin.write('fine\n');
  const [chunk] = await new Promise((resolve) => child.stdout.once('data', (...args) => resolve(args)));
  assert.deepEqual(JSON.parse(chunk).ids, [2, 4, 3]);
  child.stdin.end('film\n');
  const { code, stdout } = await ended(child);
  assert.deepEqual({ code, ids: JSON.parse(stdout).ids }, { code: 0, ids: [2, 5, 3] });
});

test('a reader that leaves ends the program without a word', async () => {
  const child = start(['tokenize', '--tokenizer', vocabulary]);
  child.stdin.on('error', () => {});
  child.stdin.end('fine film\n'.repeat(200_000));
  child.stdout.once('data', () => child.stdout.destroy());
  const { code, stderr } = await ended(child);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
});

test('an interrupt ends the program with 130', async () => {
  const child = start(['tokenize', '--tokenizer', vocabulary]);
  child.stdin.write('fine\n');
  child.stdout.once('data', () => child.kill('SIGINT'));
  const { code, stderr } = await ended(child);
  assert.deepEqual({ code, stderr }, { code: 130, stderr: '' });
});

test('a vocabulary that is none', async () => {
  const file = join(folder, 'words.txt');
  writeFileSync(file, 'some\nwords\n');
  const { code, stderr } = await bertlet(['tokenize', '--tokenizer', file], 'x\n');
  assert.equal(code, 1);
  assert.match(stderr, /words\.txt.* \(BAD_VOCABULARY\)/);
});

for (const { name, vocabulary, lowercase, skip, read } of goldens) {
  test(`golden lines: ${name}`, { skip }, async () => {
    const lines = read();
    const input = lines.map(({ text }) => `${JSON.stringify(text)}\n`).join('');
    const options = lowercase === undefined ? [] : ['--lowercase', String(lowercase)];
    const { code, stdout } = await bertlet(['tokenize', '--json', '--tokenizer', vocabulary, ...options], input);
    assert.equal(code, 0);
    const results = jsonLines(stdout);
    assert.equal(results.length, lines.length);
    results.forEach((result, i) => {
      const { text, ids, offsets } = lines[i];
      assert.deepEqual(result.ids, ids, `line ${i + 1}: ${JSON.stringify(text)}`);
      assert.deepEqual(result.offsets, offsets, `line ${i + 1}: ${JSON.stringify(text)}`);
    });
  });
}
