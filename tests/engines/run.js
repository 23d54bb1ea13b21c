// `npm run test:engines [NAME ...]`: the tests of the library in the engines that `npm test` leaves out (Firefox, WebKit, Node 22), and what each
// engine has and how fast it is, as a table. Prints it, and writes docs/engines.md if all were tried. Sets up what it needs; takes half an hour or
// more.
import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import process from 'node:process';
import { hotelReviews } from '../../demo/examples/samples.js';
import { buildPage } from '../../scripts/build.js';
import { nodeTests } from '../../scripts/node-tests.js';
import { ensureModel, ensureTokenizers } from '../../scripts/setup.js';
import { step } from '../../scripts/shell.js';
import { ENGINES } from './engines.js';
import { tableOf, writeReport } from './report.js';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} version
 * @property {Awaited<ReturnType<import('./measure.js').prepare>>} facts
 * @property {Record<'f32' | 'int8', number>} speed sentences a second
 * @property {import('../../scripts/node-tests.js').Counts} [counts] of its tests, if `npm test` has not run them
 */

/** How often all are measured, in turn: of each the fastest time counts, since others may use the machine. */
const ROUNDS = 5;

const wanted = process.argv.slice(2).map((name) => name.toLowerCase());
const engines = ENGINES.filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name.toLowerCase().replace(' ', '')),
);
assert.ok(
  engines.length > 0,
  `There are ${ENGINES.map(({ name }) => name.toLowerCase().replace(' ', '')).join(', ')}.`,
);

await buildPage();
await ensureModel();
for (const { ensure } of engines) await ensure();

/** @type {Row[]} */
const rows = await measure();
for (const [i, engine] of engines.entries()) {
  const { name, tests, without, program, env } = engine;
  if (tests.length === 0) continue;
  rows[i].counts = await step(`Tests: ${name}`, async () => {
    const PYTHONPATH = await ensureTokenizers();
    return nodeTests(tests, { concurrency: 1, program: await program?.(), without, env: { ...env, PYTHONPATH } });
  });
}
process.stdout.write(tableOf(rows));
if (wanted.length === 0) await writeReport(rows, cpus()[0].model);
process.exitCode = rows.some(({ counts }) => counts?.failed > 0) ? 1 : 0;

async function measure() {
  const texts = hotelReviews.examples.map(({ text }) => text);
  const all = [];
  for (const { name, measure } of engines) all.push(await step(`Measuring: ${name}`, measure));
  const best = all.map(() => ({ f32: Infinity, int8: Infinity }));
  for (let round = 0; round < ROUNDS; round++)
    for (const dtype of ['f32', 'int8'])
      for (const [i, { time }] of all.entries()) best[i][dtype] = Math.min(best[i][dtype], await time(dtype, texts));
  for (const { close } of all) await close();
  const rate = (ms) => (1000 * texts.length) / ms;
  return all.map(({ version, facts }, i) => ({
    name: engines[i].name,
    version,
    facts,
    speed: { f32: rate(best[i].f32), int8: rate(best[i].int8) },
  }));
}
