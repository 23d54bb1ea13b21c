// What `npm run mutate` changes, and how it counts.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { cChanges } from '../../scripts/mutate/c.js';
import { javascriptChanges } from '../../scripts/mutate/javascript.js';
import { report, summarize } from '../../scripts/mutate/report.js';
import { testsOf } from '../../scripts/mutate/tests.js';
import { fromRoot } from '../support.js';

/** The changed sources. */
const changed = (source, changes) =>
  changes.map(({ start, end, text }) => source.slice(0, start) + text + source.slice(end));

test('JavaScript: comparisons, logic, arithmetic, constants, negations, dropped statements', () => {
  const source = "import a from 'a';\nif (!(x < 1) && y) throw f();\nz = a + `b`;\n";
  assert.deepEqual(
    changed(source, javascriptChanges(source)).map((text) => text.split('\n').slice(1, 3)),
    [
      ['if ((x < 1) && y) throw f();', 'z = a + `b`;'],
      ['if (!(x <= 1) && y) throw f();', 'z = a + `b`;'],
      ['if (!(x > 1) && y) throw f();', 'z = a + `b`;'],
      ['if (!(x < 2) && y) throw f();', 'z = a + `b`;'],
      ['if (!(x < 1) || y) throw f();', 'z = a + `b`;'],
      ['if (!(x < 1) && y) ;', 'z = a + `b`;'],
      ['if (!(x < 1) && y) throw f();', ';'],
    ],
  );
  assert.deepEqual(changed('a == b - c', javascriptChanges('a == b - c')), [';', 'a != b - c', 'a == b + c']);
});

test('C: no comments, directives, declarations, pointers, or heads of loops', () => {
  const source =
    '#define N 3\n/* a < b */\nint f(float *x, int n) {\n  float *y = x;\n  for (int i = 0; i < n; i++) y[i] = 2.5f;\n  g(y);\n  return n - 1;\n}\n';
  assert.deepEqual(
    changed(source, cChanges(source)).map((text) =>
      text
        .split('\n')
        .slice(4, 7)
        .map((line) => line.trim())
        .join(' '),
    ),
    [
      'for (int i = 1; i < n; i++) y[i] = 2.5f; g(y); return n - 1;',
      'for (int i = 0; i <= n; i++) y[i] = 2.5f; g(y); return n - 1;',
      'for (int i = 0; i > n; i++) y[i] = 2.5f; g(y); return n - 1;',
      'for (int i = 0; i < n; i++) y[i] = 3.5f; g(y); return n - 1;',
      'for (int i = 0; i < n; i++) y[i] = 2.5f; ; return n - 1;',
      'for (int i = 0; i < n; i++) y[i] = 2.5f; g(y); return n + 1;',
      'for (int i = 0; i < n; i++) y[i] = 2.5f; g(y); return n - 2;',
    ],
  );
});

test('every source file has tests that are there', () => {
  for (const folder of ['src', 'js/checkpoint', 'js/io', 'js/tokenize', 'js/cli/data']) {
    for (const name of readdirSync(fromRoot(folder), { recursive: true })) {
      if (!/\.(c|h|js)$/.test(name) || name === 'bertlet.h') continue;
      const tests = testsOf(`${folder}/${name}`);
      assert.ok(tests.length > 0);
      if (folder !== 'src') tests.forEach((path) => readFileSync(fromRoot(path)));
    }
  }
  assert.throws(() => testsOf('js/other.js'), /does not say which tests/);
});

test('equivalent changes are of lines that are there', () => {
  const lines = new Map();
  for (const { file, before, after, reason } of JSON.parse(readFileSync(fromRoot('scripts/mutate/equivalent.json')))) {
    if (!lines.has(file)) lines.set(file, readFileSync(join(fromRoot('.'), file), 'utf8').replace(/\s+/g, ' '));
    assert.ok(lines.get(file).includes(before), `${file}: ${before}`);
    assert.ok(before !== after && reason.length > 10, before);
  }
});

test('the score is of those that are not equivalent', () => {
  const of = (outcome) => ({ mutant: { file: 'src/a/b.c' }, line: 3, before: 'x', after: 'y', outcome });
  const results = ['killed', 'killed', 'timeout', 'survived', 'equivalent'].map(of);
  assert.deepEqual(summarize(results), { tried: 5, killed: 2, timeout: 1, survived: 1, equivalent: 1, score: 75 });
  const text = report(results, { n: 5, seed: 7 });
  assert.match(text, /\| `src\/a` \| 5 \| 2 \| 1 \| 1 \| 1 \| 75 % \|/);
  assert.match(text, /- `src\/a\/b\.c:3`: ``x`` → ``y``/);
  assert.match(text, /--n 5 --seed 7/);
});
