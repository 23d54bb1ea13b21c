// The tables that a person reads.

/** @typedef {import('./suites/suite.js').Row} Row */

const NAME_WIDTH = 42;
const CELL_WIDTH = 9;

/** @type {Record<string, string>} */
const TITLES = {
  encoder: 'milliseconds a call, sequences x tokens',
  texts: 'sentences a second, public interfaces',
  tokenizer: 'megabytes of text a second to token ids',
  training: 'milliseconds to fit a classifier on 2000 x 384 features',
};

/** @param {string} name @param {string[]} cells */
const line = (name, cells) => name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(CELL_WIDTH)).join('');

/** @param {number} value three digits that count */
const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** @param {Row} row */
const who = ({ contender, dtype }) => `${contender} ${dtype}`.trim();

/**
 * One suite of one platform: who in rows, shapes in columns, then how many times as fast ours is as each other.
 * @param {Row[]} rows
 */
function table(rows) {
  const shapes = [...new Set(rows.map((row) => row.shape))];
  const names = [...new Set(rows.map(who))];
  const ours = names.filter((name) => name.startsWith('bertlet'));
  const find = (/** @type {string} */ name, /** @type {string} */ shape) =>
    /** @type {Row} */ (rows.find((row) => who(row) === name && row.shape === shape));

  const lines = [line('', [...shapes, ...(rows[0].cosine === undefined ? [] : ['cosine'])])];
  for (const name of names) {
    const own = shapes.map((shape) => find(name, shape));
    const cosine = own.reduce((sum, row) => sum + (row.cosine ?? NaN), 0) / own.length;
    lines.push(line(name, [...own.map(({ median }) => short(median)), ...(cosine > 0 ? [cosine.toFixed(4)] : [])]));
  }
  for (const mine of ours) {
    for (const other of names.filter((name) => !ours.includes(name))) {
      const ratios = shapes.map((shape) => {
        const [a, b] = [find(mine, shape), find(other, shape)];
        return `${(a.unit === 'ms' ? b.median / a.median : a.median / b.median).toFixed(2)}x`;
      });
      lines.push(line(`  ${mine} : ${other}`, ratios));
    }
  }
  return lines.join('\n');
}

/** @param {import('./run.js').Results} report */
export function printTables({ date, cpu, load, peers, results }) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  const texts = [
    `\nall-MiniLM-L6-v2 on ${cpu}, one thread, ${date}, load average before: ${load}`,
    versions.join(', '),
    'Medians. "a : b" says how many times as fast as b a is. cosine: mean to the vectors of onnxruntime-web in f32.',
  ];
  for (const { platform, rows } of results) {
    for (const [suite, title] of Object.entries(TITLES)) {
      const own = rows.filter((row) => row.suite === suite);
      if (own.length > 0) texts.push(`\n${platform}: ${title}\n${table(own)}`);
    }
  }
  process.stdout.write(`${texts.join('\n')}\n`);
}
