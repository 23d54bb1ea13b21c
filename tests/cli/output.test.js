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
function written({ isTTY, verbose, columns }, events) {
  let text = '';
  const progress = new Progress({ isTTY, columns, write: (part) => (text += part) }, { verbose });
  for (const event of events) {
    if (typeof event === 'string') progress.warn(event);
    else progress.report({ phase: event[0], loaded: event[1], total: event[2], ...event[3] });
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

const tuning = {
  loss: 0.41234,
  epochs: [
    { epoch: 1, loss: 0.6, heldOut: { loss: 0.5, microF1: 0.5 } },
    { epoch: 2, loss: 0.5, heldOut: { loss: 0.5, microF1: 0.81249 } },
  ],
  tokensPerSecond: 1234.5,
  secondsLeft: 754,
  memory: 100.5 * 2 ** 20,
};

test('training of the encoder tells what fits into the line, the most important first', () => {
  const line = (columns, more = tuning, loaded = 5) =>
    written({ isTTY: true, verbose: true, columns }, [['train', loaded, 10, more]]);
  const bar = `|Training ${'━'.repeat(5)}${'─'.repeat(5)}  50 %`;
  const all = '  13 min left  loss 0.412  held-out micro-F1 0.812  step 5 of 10  1235 tokens/s  101 MB';
  assert.equal(line(200), `${bar}${all}|`);
  assert.equal(line(undefined), `${bar}${all.slice(0, all.indexOf('  step'))}|`);
  assert.equal(line(40), `${bar}  13 min left|`);
  const left = (seconds) => /(\d[^|]*) left/.exec(line(200, { ...tuning, secondsLeft: seconds }).split('%')[1])[1];
  assert.deepEqual([0.5, 119, 121, 7140, 9000].map(left), ['1 s', '119 s', '2 min', '119 min', '2 h 30 min']);
  const first = { loss: 1, epochs: [], secondsLeft: 10 };
  assert.equal(line(200, first), `${bar}  10 s left  loss 1.000  step 5 of 10|`);
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
