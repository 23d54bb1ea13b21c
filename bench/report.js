// The tables that a person reads.

/** @typedef {import('./suite.js').Row} Row */

const NAME_WIDTH = 38;
const CELL_WIDTH = 9;

/** @param {string} name @param {string[]} cells */
const line = (name, cells) => name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(CELL_WIDTH)).join('');

/** @param {number} value three digits that count */
const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** @param {Row} row */
const who = ({ contender, dtype }) => `${contender} ${dtype}`;

/**
 * One suite of one platform: who in rows, shapes in columns, then how much faster ours is than each other.
 * @param {Row[]} rows
 * @param {boolean} moreIsBetter
 */
function table(rows, moreIsBetter) {
  const shapes = [...new Set(rows.map((row) => row.shape))];
  const names = [...new Set(rows.map(who))];
  const find = (/** @type {string} */ name, /** @type {string} */ shape) =>
    /** @type {Row} */ (rows.find((row) => who(row) === name && row.shape === shape));
  const lines = [line('', [...shapes, 'cosine'])];
  for (const name of names) {
    const own = shapes.map((shape) => find(name, shape));
    const cosine = own.reduce((sum, row) => sum + row.cosine, 0) / own.length;
    lines.push(line(name, [...own.map(({ median }) => short(median)), cosine.toFixed(4)]));
  }
  for (const ours of names.filter((name) => name.startsWith('bertlet '))) {
    for (const other of names.filter((name) => !name.startsWith('bertlet '))) {
      const ratios = shapes.map((shape) => {
        const ratio = find(other, shape).median / find(ours, shape).median;
        return `${(moreIsBetter ? 1 / ratio : ratio).toFixed(2)}x`;
      });
      lines.push(line(`  ${ours} : ${other}`, ratios));
    }
  }
  return lines.join('\n');
}

/** @param {import('./run.js').Results} report */
export function printTables({ date, cpu, peers, results }) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  const texts = [
    `all-MiniLM-L6-v2 on ${cpu}, one thread, ${date}`,
    versions.join(', '),
    'Medians; "a : b" says how many times as fast as b a is; cosine: mean to the vectors of onnxruntime-web in f32.',
  ];
  for (const { platform, rows } of results) {
    const encoder = rows.filter((row) => row.suite === 'encoder');
    const embedded = rows.filter((row) => row.suite === 'texts');
    if (encoder.length > 0)
      texts.push(`\n${platform}: milliseconds a call, sequences x tokens\n${table(encoder, false)}`);
    if (embedded.length > 0)
      texts.push(`\n${platform}: sentences a second, public interfaces\n${table(embedded, true)}`);
  }
  process.stdout.write(`${texts.join('\n')}\n`);
}
