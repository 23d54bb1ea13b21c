// What the command line prints: numbers, and what is going on.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { shortest } from '../../js/cli/lib/output.js';
import { Progress } from '../../js/cli/lib/progress.js';

test('a printed number reads back as the same 32-bit float; of normal ones no shorter number does', () => {
  const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(float32, (x) => {
      const digits = (number) => /^-?([\d.]+)/.exec(number.toExponential())[1].replace('.', '').length;
      const printed = Number(JSON.stringify(shortest(x)));
      assert.ok(Math.fround(printed) === x);
      const shorter = digits(printed) - 1;
      if (shorter > 0 && Math.abs(x) >= 2 ** -126) assert.ok(Math.fround(Number(x.toPrecision(shorter))) !== x);
    }),
  );
});

/** What a Progress writes about `events`; "|" stands for clearing the line. */
function written({ isTTY, verbose }, events) {
  let text = '';
  const progress = new Progress({ isTTY, write: (part) => (text += part) }, { verbose });
  for (const event of events) {
    if (typeof event === 'string') progress.warn(event);
    else progress.report({ phase: event[0], loaded: event[1], total: event[2] });
  }
  progress.clear();
  return text.replaceAll('\r\x1b[K', '|');
}

const events = [
  ['download', 0, 10],
  ['download', 5, 10],
  ['download', 10, 10],
  ['features', 1, 2],
  ['features', 2, 2],
];

test('a terminal shows a bar that grows, and that is gone in the end', () => {
  const bars = [
    `|Loading the model ${'─'.repeat(24)}   0 %`,
    `|Loading the model ${'━'.repeat(12)}${'─'.repeat(12)}  50 %`,
    `|Loading the model ${'━'.repeat(24)} 100 %|`,
    `|Reading the texts ${'━'.repeat(12)}${'─'.repeat(12)}  50 %`,
    `|Reading the texts ${'━'.repeat(24)} 100 %|`,
  ];
  assert.equal(written({ isTTY: true, verbose: true }, events), bars.join(''));
});

test('elsewhere each phase ends with a line, or none where only results matter', () => {
  const text = written({ isTTY: false, verbose: true }, events);
  assert.match(
    text,
    /^bertlet: Loading the model: done in \d+\.\d s\nbertlet: Reading the texts: done in \d+\.\d s\n$/,
  );
  assert.equal(written({ isTTY: false, verbose: false }, events), '');
});

test('a warning gets a line of its own', () => {
  assert.equal(written({ isTTY: false, verbose: false }, ['too long']), 'bertlet: warning: too long\n');
  assert.match(written({ isTTY: true, verbose: false }, [events[1], 'too long']), / %\|bertlet: warning: too long\n$/);
});
