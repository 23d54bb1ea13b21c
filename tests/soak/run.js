// `npm run soak [-- --minutes N --seed S --only NAME --first TRIAL]`: tries every harness for long, prints a table of what was tried and found, and
// writes it to docs/soak.md, unless only one was tried. A fault is brought back by its seed, name and number: --only NAME --seed S --first TRIAL.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runHarness } from './driver.js';
import { PROGRAMS } from './harnesses/core.js';
import { harnesses } from './harnesses/index.js';
import { buildNative } from '../../scripts/build.js';
import { run } from '../../scripts/shell.js';
import { fromRoot } from '../support.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    first: { type: 'string', default: '0' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const chosen = harnesses.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) throw new Error(`--only is one of ${harnesses.map(({ name }) => name).join(', ')}`);

if (chosen.some(({ name }) => name === 'core'))
  await buildNative('sanitize', ...PROGRAMS.map((program) => `fuzz_${program}`));
/** @type {import('./driver.js').Report[]} */
const reports = [];
for (const harness of chosen) {
  process.stderr.write(`${harness.name}: ${harness.what}\n`);
  const report = await runHarness(harness, {
    seed,
    ms: (minutes * 60_000) / chosen.length,
    first: Number(values.first),
  });
  reports.push(report);
  for (const { trial, message } of report.faults) process.stderr.write(`  trial ${trial}: ${message}\n`);
}

/** @param {import('./driver.js').Report} report */
function row({ name, what, tried, outcomes, faultCount, skipped }) {
  const list = [...outcomes].sort((a, b) => b[1] - a[1]).map(([outcome, count]) => `${outcome} ${count}`);
  return `| ${name} | ${what} | ${skipped ?? tried} | ${list.join(', ')} | ${faultCount} |`;
}

const table = `# Soak

\`npm run soak\` tries the same things over and over, each time a little differently, and writes down here what it found. \`npm test\` runs a few
of each. This table is of a run of ${minutes} minutes with the seed ${seed}; a fault is an answer that is wrong, an error that is not bertlet's
own, memory that grows, or no answer.

| harness | what is tried | trials | what came | faults |
| ------- | ------------- | ------ | --------- | ------ |
${reports.map(row).join('\n')}
`;
process.stdout.write(table);
if (values.only === undefined) {
  await writeFile(fromRoot('docs/soak.md'), table);
  await run('npx', ['--no-install', 'prettier', '--log-level=warn', '--write', 'docs/soak.md']);
}
if (reports.some(({ faultCount }) => faultCount > 0)) process.exitCode = 1;
// What a harness left behind, such as a load that hangs, must not keep the process.
process.exit();
