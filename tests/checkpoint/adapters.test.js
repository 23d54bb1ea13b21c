// The three LoRA adapters of ../shared/models, trained with PEFT: through the API and the command line. Oracle: their scores in
// PyTorch, f32 (the README beside them).
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { bertlet, jsonLines } from '../cli/cli.js';
import { fromRoot, minilm, shared, withoutMinilm } from '../support.js';

const adapters = fromRoot('../shared/models/adapters');
const skip = withoutMinilm || (existsSync(adapters) ? false : '../shared/models is absent');

describe('adapters', { skip }, () => {
  test('question answering: the example of its README', async () => {
    const bert = await load(minilm, { adapter: join(adapters, 'qa-squad') });
    const context =
      'Polar bears live in the Arctic and hunt seals on the sea ice near Svalbard. They can swim for days.';
    const [{ answer, score, start, end }] = await bert.head.answer({ question: 'Where do polar bears hunt?', context });
    assert.equal(answer, 'Svalbard');
    assert.equal(context.slice(start, end), answer);
    assert.ok(score > 0 && score <= 1);
    await bert.dispose();
  });

  test('entities: the example of its README', async () => {
    const bert = await load(minilm, { adapter: join(adapters, 'entities-wnut17') });
    const text = 'Angela Merkel met Tim Cook of Apple in Berlin to talk about the new iPhone';
    const found = await bert.head.entities(text);
    const of = (type) => found.filter(({ entity_group: group }) => group === type).map(({ word }) => word);
    assert.deepEqual(of('person'), ['angela merkel', 'tim cook']);
    assert.deepEqual(of('location'), ['berlin']);
    assert.equal(of('product').length, 2);
    for (const { word, start, end } of found) assert.equal(text.slice(start, end).toLowerCase(), word);
    await bert.dispose();
  });

  /** What `bertlet evaluate` prints. */
  async function evaluate(adapter, data, dtype) {
    const args = ['--adapter', join(adapters, adapter), '--test', join(shared, data), '--dtype', dtype];
    const { code, stdout, stderr } = await bertlet(['evaluate', '--model', minilm, ...args]);
    assert.equal(code, 0, stderr);
    return jsonLines(stdout)[0];
  }

  const near = (actual, expected, tolerance) =>
    assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, in PyTorch ${expected}`);

  for (const [dtype, tolerance] of [
    ['f32', 0.3],
    ['int8', 1.0],
  ]) {
    test(`rt-polarity, ${dtype}: 85.5 %`, async () => {
      const { accuracy } = await evaluate('sentiment-rt-polarity', 'rt-polarity/test.tsv', dtype);
      near(100 * accuracy, 85.5, tolerance);
    });

    test(`wnut17, ${dtype}: F1 54.6`, async () => {
      const { f1 } = await evaluate('entities-wnut17', 'wnut17/dev.conll', dtype);
      near(100 * f1, 54.6, tolerance);
    });
  }

  test('squad, f32: exact match 61.6, F1 73.1', async () => {
    const { exact_match: exactMatch, f1, n } = await evaluate('qa-squad', 'squad/dev-1000.json', 'f32');
    assert.equal(n, 1001);
    near(exactMatch, 61.6, 0.3);
    near(f1, 73.1, 0.3);
  });
});
