// Oracles: seqeval (tests/fixtures/make_entity_fixtures.py); all sequences in turn; what the schemes are, as patterns.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { entityMetrics } from '../../js/metrics/entities.js';
import { schemeOf } from '../../js/decode/schemes.js';
import { tagSpans } from '../../js/decode/tags.js';
import { validTransitions, viterbi } from '../../js/decode/viterbi.js';

const cases = JSON.parse(readFileSync(new URL('../fixtures/tasks/entity-metrics.json', import.meta.url), 'utf8'));
const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a}, not ${b}`);
const words = (sentences) => sentences.map((sentence) => (sentence ? sentence.split(' ') : []));

test(`entity metrics equal seqeval's on ${cases.length} sets of random tags`, () => {
  for (const { truth, predicted, precision, recall, f1, types } of cases) {
    const metrics = entityMetrics(words(truth), words(predicted));
    close(metrics.precision, precision);
    close(metrics.recall, recall);
    close(metrics.f1, f1);
    assert.deepEqual(Object.keys(metrics.types).sort(), Object.keys(types).sort());
    for (const [type, expected] of Object.entries(types)) {
      const { precision, recall, f1, support } = metrics.types[type];
      [precision, recall, f1, support].forEach((value, i) => close(value, expected[i]));
    }
    close(
      metrics.support,
      Object.values(types).reduce((sum, [, , , support]) => sum + support, 0),
    );
  }
});

test('BILOU is IOBES with other letters, a type alone goes on', () => {
  const tags = 'B-x I-x E-x S-x O S-y B-y E-y'.split(' ');
  const bilou = tags.map((tag) => tag.replace('E-', 'L-').replace('S-', 'U-'));
  assert.deepEqual(tagSpans(bilou), tagSpans(tags));
  assert.equal(tagSpans(tags).length, 4);
  assert.deepEqual(tagSpans(['PER', 'PER', 'LOC', 'O', 'LOC']), [
    { type: 'PER', start: 0, end: 2 },
    { type: 'LOC', start: 2, end: 3 },
    { type: 'LOC', start: 4, end: 5 },
  ]);
});

test('tags that are not one for each word are refused', () => {
  assert.throws(() => entityMetrics([['O']], []), { code: 'BAD_INPUT', message: /1 sentences and tags of 0/ });
  assert.throws(() => entityMetrics([['O'], ['O']], [['O'], []]), { code: 'BAD_INPUT', message: /Sentence 1/ });
});

const labelSets = {
  IO: ['O', 'I-a', 'I-b'],
  IOB2: ['B-a', 'B-b', 'I-a', 'I-b', 'O'],
  IOBES: ['O', 'B-a', 'I-a', 'E-a', 'S-a', 'S-b', 'B-b', 'E-b'],
  BILOU: ['O', 'B-a', 'I-a', 'L-a', 'U-a', 'U-b', 'B-b', 'L-b'],
};
const patterns = {
  IO: /^.*$/,
  IOB2: /^(O |B-a (I-a )*|B-b (I-b )*)*$/,
  IOBES: /^(O |B-a (I-a )*E-a |S-a |B-b E-b |S-b )*$/,
  BILOU: /^(O |B-a (I-a )*L-a |U-a |B-b L-b |U-b )*$/,
};

test('the scheme is told by the labels', () => {
  for (const [scheme, labels] of Object.entries(labelSets)) assert.equal(schemeOf([], labels), scheme);
  assert.equal(schemeOf([], ['O', 'PER', 'LOC', 'SALE', 'B']), 'IOB2');
  assert.equal(schemeOf([], ['O', 'PER', 'LOC', 'SALE', 'B2B']), 'IO');
});

/** Every sequence of `length` labels. */
function* sequences(labels, length) {
  if (length === 0) yield [];
  else
    for (const rest of sequences(labels, length - 1))
      for (let label = 0; label < labels; label++) yield [...rest, label];
}

/** The best sequence that the pattern matches, by trying all. */
function best(scores, labels, length, pattern) {
  let most = -Infinity;
  let chosen;
  for (const sequence of sequences(labels.length, length)) {
    const score = sequence.reduce((sum, label, word) => sum + scores[word * labels.length + label], 0);
    if (score > most && pattern.test(sequence.map((label) => `${labels[label]} `).join(''))) {
      most = score;
      chosen = sequence;
    }
  }
  return chosen;
}

const decoded = { ...labelSets, IOE2: ['O', 'I-a', 'E-a', 'I-b', 'E-b'], IOE1: ['O', 'I-a', 'E-a', 'I-b', 'E-b'] };
Object.assign(decoded, { IOB1: labelSets.IOB2 });
Object.assign(patterns, { IOE2: /^(O |(I-a )*E-a |(I-b )*E-b )*$/, IOE1: /^.*$/, IOB1: /^.*$/ });
for (const [scheme, labels] of Object.entries(decoded)) {
  test(`viterbi finds the best valid sequence: ${scheme}`, () => {
    const transitions = validTransitions(labels, scheme);
    for (let trial = 0; trial < 60; trial++) {
      const length = 1 + (trial % 4);
      const scores = Float32Array.from({ length: length * labels.length }, () => Math.log(Math.random()));
      assert.deepEqual([...viterbi(scores, transitions)], best(scores, labels, length, patterns[scheme]));
    }
  });
}

test('viterbi adds learned transition scores', () => {
  const random = (length) => Float64Array.from({ length }, () => Math.random() - 0.5);
  for (let trial = 0; trial < 50; trial++) {
    const crf = { start: random(3), next: random(9), end: random(3) };
    const scores = random(4 * 3);
    let most = -Infinity;
    let chosen;
    for (const path of sequences(3, 4)) {
      let score = crf.start[path[0]] + crf.end[path[3]];
      path.forEach((label, word) => {
        score += scores[3 * word + label] + (word > 0 ? crf.next[3 * path[word - 1] + label] : 0);
      });
      if (score > most) [most, chosen] = [score, path];
    }
    assert.deepEqual([...viterbi(scores, crf)], chosen);
  }
});

test('a type without a label that begins or ends may begin and end anywhere', () => {
  const decode = (labels, rows) => [...viterbi(rows.flat(), validTransitions(labels))].map((label) => labels[label]);
  assert.deepEqual(decode(['O', 'B-a', 'I-b'], [[0, 0, 5], [0, 5, 0], [0, 0, 5]]), ['I-b', 'B-a', 'I-b']); // prettier-ignore
  assert.deepEqual(decode(['O', 'B-a', 'U-b'], [[0, 5, 0], [5, 0, 0]]), ['B-a', 'O']); // prettier-ignore
});

test('without any valid sequence each word has its best label; no words, no labels', () => {
  const labels = ['B-a', 'L-a'];
  assert.deepEqual([...viterbi([1, 2], validTransitions(labels))], [1]);
  assert.deepEqual([...viterbi([], validTransitions(labels))], []);
});
