// The table of a mutation check, docs/mutation.md.

/** @typedef {import('./javascript.js').Mutant} Mutant */
/** @typedef {{ mutant: Mutant, line: number, before: string, after: string, outcome: string, reason?: string }} Result */

/**
 * @param {Result[]} results without those that are invalid
 * @returns {{ tried: number, killed: number, timeout: number, survived: number, equivalent: number, score: number }} `score`: percent of
 *   those that are not equivalent that were noticed
 */
export function summarize(results) {
  const count = (/** @type {string} */ outcome) => results.filter((one) => one.outcome === outcome).length;
  const [killed, timeout, survived, equivalent] = ['killed', 'timeout', 'survived', 'equivalent'].map(count);
  const noticed = killed + timeout;
  const score = noticed + survived === 0 ? 100 : (100 * noticed) / (noticed + survived);
  return { tried: results.length, killed, timeout, survived, equivalent, score };
}

/**
 * @param {Result[]} results
 * @param {{ n: number, seed: number }} options
 * @returns {string} Markdown
 */
export function report(results, { n, seed }) {
  const rooms = [...new Set(results.map(({ mutant }) => roomOf(mutant.file)))].sort();
  const rows = [...rooms, 'all'].map((room) => {
    const own = room === 'all' ? results : results.filter(({ mutant }) => roomOf(mutant.file) === room);
    const { tried, killed, timeout, survived, equivalent, score } = summarize(own);
    return [`\`${room}\``, tried, killed, timeout, survived, equivalent, `${score.toFixed(0)} %`];
  });
  const survivors = results.filter(({ outcome }) => outcome === 'survived');
  const list = survivors.map(
    ({ mutant, line, before, after }) => `- \`${mutant.file}:${line}\`: \`\`${before}\`\` → \`\`${after}\`\``,
  );
  return `# Mutation check

\`npm run mutate -- --n ${n} --seed ${seed}\`: small changes of the C core and of the readers, half of them in each, and how many of them the quick
tests of their files notice. Equivalent changes, which no test can notice, are listed with reasons in
[scripts/mutate/equivalent.json](../scripts/mutate/equivalent.json). The score is the share of the others that were killed, or ran out of time.

${table(['room', 'tried', 'killed', 'out of time', 'survived', 'equivalent', 'score'], rows)}

## Survivors

${list.length > 0 ? list.join('\n') : 'None.'}
`;
}

/** @param {string} file */
const roomOf = (file) => file.split('/').slice(0, -1).join('/');

/** @param {string[]} head @param {(string | number)[][]} rows */
function table(head, rows) {
  const line = (/** @type {(string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
