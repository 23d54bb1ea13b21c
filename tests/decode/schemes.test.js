// Oracle: seqeval (tests/fixtures/make_scheme_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { convertTags, schemeOf, schemes, strictSpans } from '../../js/decode/schemes.js';
import { tagSpans } from '../../js/decode/tags.js';
import { entityMetrics } from '../../js/metrics/entities.js';

const fixture = new URL('../fixtures/tasks/entity-schemes.json', import.meta.url);
const { written, strict } = JSON.parse(readFileSync(fixture, 'utf8'));
const words = (sentence) => (sentence ? sentence.split(' ') : []);
const triples = (spans) => spans.map(({ type, start, end }) => [start, end, type]);

for (const scheme of schemes) {
  test(`${scheme} is recognized, read, and written from any other scheme`, () => {
    const sentences = written.map(({ tags }) => words(tags[scheme]));
    assert.equal(schemeOf(sentences), scheme);
    written.forEach(({ tags, spans }, i) => {
      assert.deepEqual(triples(tagSpans(sentences[i])), spans);
      for (const other of schemes) assert.deepEqual(convertTags(words(tags[other]), scheme), sentences[i]);
    });
  });

  test(`entities and metrics in ${scheme} equal those of seqeval's strict mode`, () => {
    const cases = strict.filter((one) => one.scheme === scheme);
    assert.ok(cases.length >= 30);
    const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a}, not ${b}`);
    for (const { truth, predicted, spans, precision, recall, f1, types } of cases) {
      const tags = truth.map(words);
      assert.deepEqual(
        tags.map((sentence) => triples(strictSpans(sentence, scheme))),
        spans,
        truth.join(' | '),
      );
      const metrics = entityMetrics(tags, predicted.map(words), scheme);
      for (const [name, value] of Object.entries({ precision, recall, f1 })) close(metrics[name], value);
      assert.deepEqual(Object.keys(metrics.types), Object.keys(types).sort());
      for (const [type, expected] of Object.entries(types)) {
        const found = metrics.types[type];
        [found.precision, found.recall, found.f1, found.support].forEach((value, k) => close(value, expected[k]));
      }
    }
  });
}

test('a few tags that are wrong in it do not hide a scheme', () => {
  const bio = ['B-a', 'I-a', 'O', 'B-a', 'O', 'B-b', 'I-b', 'O', 'I-b'];
  assert.equal(schemeOf([bio]), 'IOB2');
  assert.equal(schemeOf([['I-a', 'O', 'I-b', 'I-b', 'B-b', 'O', 'B-a']]), 'IOB1');
});

test('types alone, prefixes alone', () => {
  assert.equal(schemeOf([['PER', 'O', 'LOC']]), 'IO');
  assert.deepEqual(convertTags(['PER', 'PER', 'LOC', 'O'], 'IOBES'), ['B-PER', 'E-PER', 'S-LOC', 'O']);
  assert.deepEqual(convertTags(['B', 'I', 'O', 'B'], 'BILOU'), ['B', 'L', 'O', 'U']);
});

test('tags that a scheme does not have are refused', () => {
  for (const tag of ['E-a', 'L-a', 'a'])
    assert.throws(() => strictSpans(['O', tag], 'IOB2'), { code: 'BAD_LABELS', message: /IOB2 has no tag/ });
});
