// bertlet fill-mask: the answers of the API, as JSON Lines.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bertlet, jsonLines } from './cli.js';
import { fixtures } from '../support.js';

const model = join(fixtures, 'checkpoints/bert-masked');
const cases = JSON.parse(readFileSync(join(model, 'fill-mask.json'), 'utf8'));

test('words for masks, for each line', async () => {
  const plain = cases.filter(({ targets }) => !targets);
  const { code, stdout } = await bertlet(
    ['fill-mask', '--model', model, '--dtype', 'f32'],
    plain.map(({ text }) => `${text}\n`).join(''),
  );
  assert.equal(code, 0);
  const results = jsonLines(stdout);
  assert.equal(results.length, plain.length);
  const pieces = (fills) => (Array.isArray(fills) ? fills.map(pieces) : fills.token_str);
  assert.deepEqual(pieces(results), pieces(plain.map((one) => one.results)));
  const { score, token, sequence } = results[0][0];
  assert.ok(Math.abs(score - plain[0].results[0].score) < 1e-4);
  assert.equal(token, plain[0].results[0].token);
  assert.equal(sequence, plain[0].results[0].sequence);
});

test('--top-k and --targets', async () => {
  const { text, topK, targets, results } = cases.find((one) => one.targets);
  const args = ['fill-mask', '--model', model, '--top-k', String(topK), '--targets', targets.join(',')];
  const { code, stdout } = await bertlet(args, `${text}\n`);
  assert.equal(code, 0);
  assert.deepEqual(
    jsonLines(stdout)[0].map((fill) => fill.token_str),
    results.map((fill) => fill.token_str),
  );
});

test('a text without a mask is told with its line, a word that is unknown once', async () => {
  const without = await bertlet(['fill-mask', '--model', model], 'a [MASK]\nno mask\n');
  assert.equal(without.code, 1);
  assert.match(without.stderr, /standard input, line 2: there is no \[MASK\]/);
  const unknown = await bertlet(['fill-mask', '--model', model, '--targets', 'goodly,bad'], 'a [MASK]\n[MASK] b\n');
  assert.equal(unknown.code, 0);
  assert.match(unknown.stderr, /warning: The target "goodly" is not in the model's vocabulary/);
});
