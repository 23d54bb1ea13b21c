// Adapters and heads as other programs save them, against what PEFT, transformers and sentence-transformers compute from them
// (tests/fixtures/make_compatibility_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { toTexts } from '../../js/api/texts.js';
import { fixtures } from '../support.js';

const TOLERANCE = 1e-4;

const base = join(fixtures, 'checkpoints/bert');
const folder = (name) => join(fixtures, 'compatibility', name);
const expectedOf = (name) => JSON.parse(readFileSync(join(folder(name), 'expected.json'), 'utf8'));

function assertClose(actual, expected, message) {
  assert.equal(actual.length, expected.length, message);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(value - actual[i]) <= TOLERANCE, `${message}: ${actual}, not ${expected}`),
  );
}

async function assertLogits(name) {
  const { texts, logits } = expectedOf(name);
  const bert = await load(base, { adapter: folder(name), threads: 1, cache: false, onWarning: assert.fail });
  const inputs = texts.map((text) => (Array.isArray(text) ? { text: text[0], textPair: text[1] } : text));
  const results = [];
  await bert.head.logits(toTexts(inputs), {}, (index, row) => (results[index] = [...row]));
  await bert.dispose();
  logits.forEach((row, i) => assertClose(results[i], row, String(texts[i])));
}

test('an adapter whose pooler training did not touch: its classifier reads pooler and [CLS], as in PEFT', () =>
  assertLogits('lora-untouched-pooler'));
