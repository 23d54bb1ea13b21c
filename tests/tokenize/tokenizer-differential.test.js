// 100,000 random Unicode strings a run, other ones each time, against Hugging Face's `tokenizers` (tests/tokenize/differential.py).
// Needs the vocabularies of ../shared/data, python3 (or what PYTHON names) with that package, and a C compiler (cc, or CC): `npm test`
// brings both.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromRoot, shared } from '../support.js';

const python = process.env.PYTHON ?? 'python3';
const COUNT = 25_000;

function whyNot() {
  if (!existsSync(join(shared, 'vocab'))) return '../shared/data is absent';
  const { status } = spawnSync(python, ['-c', 'import tokenizers']);
  return status === 0 ? false : `${python} has no package tokenizers (PYTHON may name another Python)`;
}

describe('random strings: ids and offsets as Hugging Face', { skip: whyNot() }, () => {
  const seed = String(Date.now() % 2 ** 31);
  for (const name of ['bert-base-uncased', 'bert-base-cased', 'bert-base-chinese', 'bert-base-multilingual-cased']) {
    test(name, () => {
      const lowercase = name.endsWith('-cased') ? [] : ['--lowercase'];
      const vocabulary = join(shared, 'vocab', `${name}-vocab.txt`);
      const args = [vocabulary, ...lowercase, '--count', String(COUNT), '--seed', seed];
      const { status, stdout, stderr } = spawnSync(python, [fromRoot('tests/tokenize/differential.py'), ...args]);
      assert.equal(status, 0, `seed ${seed}: ${stdout}${stderr}`);
      assert.match(String(stdout), /25000 strings, \d+ pieces: all equal/);
    });
  }
});
