// Oracle: the token-classification pipeline of transformers (tests/fixtures/make_entity_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { groupedEntities, tokenEntities } from '../../js/decode/entities.js';
import { unitOf } from '../support.js';

const cases = JSON.parse(readFileSync(new URL('../fixtures/tasks/entities.json', import.meta.url), 'utf8'));

for (const strategy of ['none', 'simple', 'first', 'average', 'max']) {
  test(`entities equal those of transformers: ${strategy}`, () => {
    let found = 0;
    for (const { text, labels, tokens, offsets, logits, expected } of cases) {
      const unit = unitOf(text);
      const encoding = { tokens, offsets: offsets.map((pair) => pair.map(unit)) };
      const rows = Float32Array.from(logits.flat(), (hundredths) => hundredths / 100);
      const entities =
        strategy === 'none'
          ? tokenEntities(text, encoding, rows, labels)
          : groupedEntities(text, encoding, rows, labels, strategy);
      const wanted = expected[strategy].map((entity) => ({
        ...entity,
        start: unit(entity.start),
        end: unit(entity.end),
      }));
      entities.forEach(({ score }, i) => {
        assert.ok(Math.abs(score - wanted[i]?.score) < 1e-6, `"${text}": ${score}, not ${wanted[i]?.score}`);
      });
      const withoutScores = (list) => list.map((entity) => ({ ...entity, score: undefined }));
      assert.deepEqual(withoutScores(entities), withoutScores(wanted), text);
      found += entities.length;
    }
    assert.ok(found > 100, `${found} entities`);
  });
}

test('what to ignore can be chosen', () => {
  const encoding = { tokens: ['[CLS]', 'x', 'y', '[SEP]'], offsets: [[0, 0], [0, 1], [2, 3], [0, 0]] }; // prettier-ignore
  const logits = [0, 0, 0, 9, 0, 9, 0, 0];
  assert.equal(groupedEntities('x y', encoding, logits, ['O', 'B-a'], 'simple', []).length, 2);
  assert.equal(groupedEntities('x y', encoding, logits, ['O', 'B-a'], 'simple', ['O', 'a']).length, 0);
  assert.equal(tokenEntities('x y', encoding, logits, ['O', 'B-a'], ['B-a']).length, 0);
});
