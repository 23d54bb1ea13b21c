// bertlet embed and search. Oracle: PyTorch (tests/fixtures/make_model_fixtures.py).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '../../js/node/model-folder.js';
import { bertlet, ended, jsonLines, start } from './cli.js';

const minilm = 'sentence-transformers/all-MiniLM-L6-v2';
const minilmTest = {
  skip: existsSync(join(modelFolder(minilm), 'model.safetensors')) ? false : `${minilm} is not here`,
};
const fixture = (path) => fileURLToPath(new URL(`../fixtures/model/${path}`, import.meta.url));
const tiny = fixture('tiny-f32');
const tinyTexts = 'the film was good\n\nnot a bad story, the acting is dull!\n';

/** A tensor [rows][columns] of 32-bit floats in a safetensors file, as rows. */
function tensorRows(path, name) {
  const file = readFileSync(path);
  const headerBytes = Number(file.readBigUInt64LE(0));
  const { shape, data_offsets } = JSON.parse(file.toString('utf8', 8, 8 + headerBytes))[name];
  const value = (index) => file.readFloatLE(8 + headerBytes + data_offsets[0] + 4 * index);
  return Array.from({ length: shape[0] }, (_, row) =>
    Array.from({ length: shape[1] }, (_, k) => value(row * shape[1] + k)),
  );
}

const dot = (a, b) => a.reduce((sum, x, k) => sum + x * b[k], 0);

test(
  'MiniLM’s vectors equal PyTorch’s: means with --pooling mean, else sentence vectors of length 1',
  minilmTest,
  async () => {
    const input = readFileSync(fixture('minilm/texts.jsonl'));
    const { code, stdout } = await bertlet(
      ['embed', '--model', minilm, '--dtype', 'f32', '--json', '--pooling', 'mean'],
      input,
    );
    assert.equal(code, 0);
    const vectors = jsonLines(stdout).map(({ embedding }) => embedding);
    const expected = tensorRows(fixture('minilm/expected.safetensors'), 'mean');
    assert.equal(vectors.length, expected.length);
    vectors.forEach((vector, i) => {
      assert.equal(vector.length, 384);
      const cosine = dot(vector, expected[i]) / Math.sqrt(dot(vector, vector) * dot(expected[i], expected[i]));
      assert.ok(cosine >= 0.99999, `text ${i + 1}: cosine ${cosine}`);
      const difference = Math.max(...vector.map((x, k) => Math.abs(x - expected[i][k])));
      assert.ok(difference <= 1e-4, `text ${i + 1}: off by ${difference}`);
    });
    const plain = await bertlet(['embed', '--model', minilm, '--dtype', 'f32', '--json'], input);
    for (const { embedding } of jsonLines(plain.stdout)) assert.ok(Math.abs(dot(embedding, embedding) - 1) < 1e-5);
  },
);

test('search finds the texts whose vectors are nearest by PyTorch’s', minilmTest, async () => {
  // An empty line in place of what is longer than the 256 tokens of a sentence vector.
  const all = readFileSync(fixture('minilm/texts.jsonl'), 'utf8').trimEnd().split('\n');
  const lines = all.map((line) => (JSON.parse(line).length <= 200 ? line : '""'));
  const queries = [3, 40, 69];
  const folder = mkdtempSync(join(tmpdir(), 'bertlet-search-'));
  const file = join(folder, 'texts.jsonl');
  writeFileSync(file, lines.join('\n'));
  const args = ['search', '--model', minilm, '--dtype', 'f32', '--json', '--top-k', '4', '--texts', file];
  const { code, stdout } = await bertlet(args, queries.map((i) => `${lines[i]}\n`).join(''));
  assert.equal(code, 0);
  const vectors = tensorRows(fixture('minilm/expected.safetensors'), 'mean');
  const lengths = vectors.map((vector) => Math.sqrt(dot(vector, vector)));
  const expected = queries.map((query) =>
    vectors
      .map((vector, i) => ({ line: i + 1, score: dot(vector, vectors[query]) / (lengths[i] * lengths[query]) }))
      .filter(({ line }) => JSON.parse(lines[line - 1]).trim() !== '')
      .sort((a, b) => b.score - a.score)
      .slice(0, 4),
  );
  const found = jsonLines(stdout);
  assert.deepEqual(
    found.map((hits) => hits.map(({ line }) => line)),
    expected.map((hits) => hits.map(({ line }) => line)),
  );
  found.flat().forEach(({ line, text, score }, i) => {
    assert.equal(text, JSON.parse(lines[line - 1]));
    assert.ok(Math.abs(score - expected.flat()[i].score) < 1e-5);
  });
});

test('search passes over empty lines, and needs some that are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bertlet-search-'));
  const file = (name, text) => (writeFileSync(join(folder, name), text), join(folder, name));
  const run = (texts) => bertlet(['search', '--model', tiny, '--texts', texts], 'good\n');
  const { stdout } = await run(file('texts.txt', '\nbad film\n \ngood\n'));
  const [hits] = jsonLines(stdout);
  assert.deepEqual(hits.map(({ line, text }) => [line, text]).sort(), [
    [2, 'bad film'],
    [4, 'good'],
  ]);
  assert.ok(Math.abs(hits[0].score - 1) < 1e-6 && hits[0].text === 'good');
  const { code, stderr } = await run(file('empty.txt', '\n'));
  assert.equal(code, 1);
  assert.match(stderr, /empty\.txt has no text to search in\. \(NO_EXAMPLES\)/);
  rmSync(folder, { recursive: true });
});

test('--prompt and --prompt-name put a prompt before every text', async () => {
  const run = async (input, ...args) => {
    const { code, stdout, stderr } = await bertlet(['embed', '--model', tiny, ...args], input);
    assert.equal(code, 0, stderr);
    return jsonLines(stdout);
  };
  assert.deepEqual(await run('film\nstory\n', '--prompt', 'good '), await run('good film\ngood story\n'));
  const { code, stderr } = await bertlet(['embed', '--model', tiny, '--prompt-name', 'query'], 'film\n');
  assert.equal(code, 1);
  assert.match(stderr, /The model has no prompt "query". It has: none/);
});

test('--pooling none gives one vector for each token; mean, cls and --normalize follow from them', async () => {
  const run = async (...args) => jsonLines((await bertlet(['embed', '--model', tiny, ...args], tinyTexts)).stdout);
  const near = (a, b) => a.forEach((x, k) => assert.ok(Math.abs(x - b[k]) < 1e-5, `${x} is near ${b[k]}`));
  const tokens = (await run('--pooling', 'none')).map(({ embeddings }) => embeddings);
  const [mean, cls, normalized] = (await Promise.all([run(), run('--pooling', 'cls'), run('--normalize')])).map(
    (lines) => lines.map(({ embedding }) => embedding),
  );
  assert.deepEqual(
    tokens.map((vectors) => vectors.length),
    [6, 2, 12],
  );
  tokens.forEach((vectors, i) => {
    assert.deepEqual(cls[i], vectors[0]);
    const average = vectors[0].map((_, k) => vectors.reduce((sum, vector) => sum + vector[k], 0) / vectors.length);
    near(mean[i], average);
    const length = Math.sqrt(dot(average, average));
    near(
      normalized[i],
      average.map((x) => x / length),
    );
  });
});

test('many texts come back in order, in bounded batches', async () => {
  const texts = ['good', 'the bad film', 'was it a great story'];
  const run = async (count) => {
    const input = Array.from({ length: count }, (_, i) => `${texts[i % 3]}\n`).join('');
    return (await bertlet(['embed', '--model', tiny], input)).stdout.split('\n').slice(0, -1);
  };
  const three = await run(3);
  const thousand = await run(1000);
  assert.equal(new Set(three).size, 3);
  assert.equal(thousand.length, 1000);
  thousand.forEach((line, i) => assert.equal(line, three[i % 3]));
});

test('texts that are too long are cut, and their lines named', async () => {
  const lines = Array.from({ length: 300 }, (_, i) => (i % 140 === 139 ? 'good '.repeat(100) : 'good')).join('\n');
  const { code, stdout, stderr } = await bertlet(['embed', '--model', tiny], lines);
  assert.deepEqual({ code, lines: jsonLines(stdout).length }, { code: 0, lines: 300 });
  assert.match(stderr, /^bertlet: warning: standard input, line 140: this text is longer than the model takes/);
  assert.match(stderr, /\nbertlet: warning: standard input, line 280: /);
});

test('a model that is none', async () => {
  const { code, stdout, stderr } = await bertlet(['embed', '--model', fixture('minilm')], 'x\n');
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(stderr, /^bertlet: .*config\.json.* \(FILE_NOT_FOUND\)\n$/);
});

test('an interrupt ends the program with 130, the worker included', async () => {
  const child = start(['embed', '--model', tiny]);
  child.stdin.write('good\n');
  child.stdout.once('data', () => child.kill('SIGINT'));
  const { code, stderr } = await ended(child);
  assert.deepEqual({ code, stderr }, { code: 130, stderr: '' });
});

test('--layer takes the hidden states of a layer below the last', async () => {
  const run = async (...args) => bertlet(['embed', '--model', tiny, '--pooling', 'none', ...args], tinyTexts);
  const [last, second, first] = await Promise.all([run(), run('--layer', '2'), run('--layer', '1')]);
  assert.equal(last.stdout, second.stdout);
  assert.equal(jsonLines(first.stdout).length, 3);
  assert.notEqual(last.stdout, first.stdout);
  const { code, stderr } = await run('--layer', '3');
  assert.equal(code, 1);
  assert.match(stderr, /layer is 3; it must be an integer from 0 to 2/);
});

test('a folder as standard input is refused', () => {
  const main = fileURLToPath(new URL('../../js/cli/main.js', import.meta.url));
  const input = openSync('/', 'r');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'embed', '--model', tiny], {
    stdio: [input, 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  closeSync(input);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /standard input: this is a folder, not a file\. \(BAD_INPUT\)/);
});
