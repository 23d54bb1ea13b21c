// The tables that a person reads.
import { nameOf } from './suites/suite.js';

/** @typedef {import('./suites/suite.js').Row} Row */

const NAME_WIDTH = 42;
const CELL_WIDTH = 9;

/** What is printed of each suite: its milliseconds, or how often they fit into a second. */
const TITLES = {
  encoder: { title: 'milliseconds a call, sequences x tokens', aSecond: false },
  texts: { title: 'sentences a second, public interfaces', aSecond: true },
  'texts-2': { title: 'sentences a second, public interfaces, two threads', aSecond: true },
  threads: { title: 'milliseconds a call, one thread and two, sequences x tokens', aSecond: false },
  pool: { title: 'sentences a second, a pool of one worker and of two, one thread each', aSecond: true },
  tokenizer: { title: 'megabytes of text a second to token ids', aSecond: true },
  heads: { title: 'milliseconds to fit a classifier on 2000 x 384 features, by number of classes', aSecond: false },
};

/** @param {string} name @param {string[]} cells */
const line = (name, cells) => name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(CELL_WIDTH)).join('');

/** @param {number} value three digits that count */
const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/**
 * One suite of one platform: who in rows, shapes in columns, then how many times as fast ours is as each other.
 * @param {Row[]} rows
 * @param {boolean} aSecond
 */
function table(rows, aSecond) {
  const shapes = [...new Set(rows.map((row) => row.shape))];
  const names = [...new Set(rows.map(nameOf))];
  const ours = Object.keys(rows[0].ours);
  const of = (/** @type {string} */ name) => rows.filter((row) => nameOf(row) === name);

  const lines = [line('', [...shapes, ...(rows[0].cosine === undefined ? [] : ['cosine'])])];
  for (const name of names) {
    const cells = of(name).map(({ median }) => short(aSecond ? 1000 / median : median));
    const cosine = of(name).reduce((sum, row) => sum + (row.cosine ?? NaN), 0) / shapes.length;
    lines.push(line(name, [...cells, ...(cosine > 0 ? [cosine.toFixed(4)] : [])]));
  }
  for (const mine of ours) {
    for (const other of names.filter((name) => !ours.includes(name))) {
      const cells = of(other).map((row) => `${row.ours[mine].toFixed(2)}x`);
      lines.push(line(`  ${mine} : ${other}`, cells));
    }
  }
  for (const mine of ours) {
    const alone = of(mine.replace(/ \d+ threads$/, ''));
    if (alone.length === 0 || nameOf(alone[0]) === mine) continue;
    const cells = alone.map((row) => `${row.ours[mine].toFixed(2)}x`);
    lines.push(line(`  ${mine} : 1`, cells));
  }
  return lines.join('\n');
}

/** What the single numbers are of. @type {Record<string, string>} */
const FACTS = {
  start:
    "milliseconds from the first line of a page's script to the first label, the first time and later; what the first time asks of the server",
  'start-ratios': 'the same: how many times as fast as transformers.js, the median over rounds in which all took turns',
  memory: 'megabytes of WebAssembly after a call with 4096 tokens',
  training: 'milliseconds a step of training (of all sentences: all their steps), texts x tokens',
  'training-ratios': 'training: how many times as long, the median over rounds in which all took turns',
  vocabulary:
    'milliseconds to train a vocabulary, and how many times as long, the median over rounds in which both took turns',
  size: 'kilobytes to fetch besides the model, gzipped',
};

/** @param {import('./suites/suite.js').Fact} [fact] */
const cell = (fact) => (!fact ? '' : fact.unit === 'x' ? fact.value.toFixed(2) : short(fact.value));

/** @param {import('./suites/suite.js').Fact[]} facts of one suite */
function factTable(facts) {
  const shapes = [...new Set(facts.map(({ shape }) => shape))];
  const names = [...new Set(facts.map(nameOf))];
  const lines = [
    line(
      '',
      shapes.map((shape) => ` ${shape}`),
    ),
  ];
  for (const name of names) {
    const own = facts.filter((fact) => nameOf(fact) === name);
    lines.push(
      line(
        name,
        shapes.map((shape) => cell(own.find((fact) => fact.shape === shape)).padStart(Math.max(shape.length, 4) + 1)),
      ),
    );
  }
  return lines.join('\n');
}

/** @param {string} where @param {import('./suites/suite.js').Fact[]} facts */
const factTables = (where, facts) =>
  Object.entries(FACTS).flatMap(([suite, title]) => {
    const own = facts.filter((fact) => fact.suite === suite);
    return own.length > 0 ? [`\n${where}${title}\n${factTable(own)}`] : [];
  });

/** @param {import('./run.js').Results} report */
export function printTables({ date, cpu, load, peers, results, sizes }) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  const texts = [
    `\nall-MiniLM-L6-v2 on ${cpu}, one thread, ${date}, load average before: ${load}`,
    versions.join(', '),
    'Medians. "a : b" says how many times as fast as b a is, the median over rounds in which they took turns.',
    'cosine: mean to the vectors of the first peer in f32.',
  ];
  for (const { platform, rows, facts = [] } of results) {
    for (const [suite, { title, aSecond }] of Object.entries(TITLES)) {
      const own = rows.filter((row) => row.suite === suite);
      if (own.length > 0) texts.push(`\n${platform}: ${title}\n${table(own, aSecond)}`);
    }
    texts.push(...factTables(`${platform}: `, facts));
  }
  texts.push(...factTables('', sizes));
  process.stdout.write(`${texts.join('\n')}\n`);
}
