// Patterns for the names of modules, against JavaScript's own regular expressions, which search with backtracking.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePattern, UnknownPattern } from '../../js/checkpoint/name-pattern.js';

const letter = fc.constantFrom('a', 'b', '.', '\\.', '[ab]', '[^a]', '\\w', '\\d', '[a-c.]', '^', '$');
const { pattern } = fc.letrec((tie) => ({
  pattern: fc.oneof({ maxDepth: 4 }, letter, tie('sequence'), tie('alternatives'), tie('repeated')),
  sequence: fc.tuple(tie('pattern'), tie('pattern')).map((parts) => parts.join('')),
  alternatives: fc.tuple(tie('pattern'), tie('pattern')).map((parts) => `(${parts.join('|')})`),
  repeated: fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '+?')).map(([part, mark]) => `(?:${part})${mark}`),
}));

test('matches what a regular expression matches', () => {
  fc.assert(
    fc.property(pattern, fc.stringMatching(/^[abc.1]{0,7}$/), (source, text) => {
      assert.equal(parsePattern(source)(text), new RegExp(`^(?:${source})$`).test(text), `${source} on "${text}"`);
    }),
    { numRuns: 2000 },
  );
});

test('nested repetitions end: a regular expression would go on for ever', () => {
  assert.equal(parsePattern('(.*\\.)?(((((.+)+)+)+)+!)')('a'.repeat(200)), false);
});

test('whatever it does not understand, it says so', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (source) => {
      try {
        parsePattern(source)('query');
      } catch (error) {
        assert.ok(error instanceof UnknownPattern);
      }
    }),
  );
});

test('what Python reads in another way, or not at all, is refused', () => {
  for (const source of [
    'a**',
    'a*+',
    'a+??',
    'a{2}',
    'a*{2}',
    '\\bquery',
    '(a)\\1',
    'query\\',
    '\\',
    '(?=a)a',
    '[a',
    '(a',
    'a)',
    '[[a]]',
    '*',
  ])
    assert.throws(() => parsePattern(source), UnknownPattern, source);
});
