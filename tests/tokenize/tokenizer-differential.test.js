// 100,000 random Unicode strings a run, other ones each time, against Hugging Face's `tokenizers` (tests/tokenize/differential.py).
// Over whole vocabularies where ../shared/data has them, or else over those of tests/fixtures. Needs python3 (or what PYTHON names)
// with that package, and a C compiler (cc, or CC): `npm test` brings both.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fixtures, fromRoot, shared } from '../support.js';

const python = process.env.PYTHON ?? 'python3';
const COUNT = 25_000;

function whyNot() {
  const { status } = spawnSync(python, ['-c', 'import tokenizers']);
  return status === 0 ? false : `${python} has no package tokenizers (PYTHON may name another Python)`;
}

describe('random strings: ids and offsets as Hugging Face', { skip: whyNot() }, () => {
  const seed = String(Date.now() % 2 ** 31);
  const models = { uncased: ['--lowercase'], cased: [], chinese: ['--lowercase'], 'multilingual-cased': [] };
  for (const [name, lowercase] of Object.entries(models)) {
    test(name, () => {
      const whole = join(shared, 'vocab', `bert-base-${name}-vocab.txt`);
      const vocabulary = existsSync(whole) ? whole : join(fixtures, 'tokenizer', `${name}.vocab.txt`);
      const args = [vocabulary, ...lowercase, '--count', String(COUNT), '--seed', seed];
      const { status, stdout, stderr } = spawnSync(python, [fromRoot('tests/tokenize/differential.py'), ...args]);
      assert.equal(status, 0, `seed ${seed}: ${stdout}${stderr}`);
      assert.match(String(stdout), /25000 strings, \d+ pieces: all equal/);
    });
  }
});
