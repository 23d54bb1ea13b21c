// `npm run mutate`: a mutation check of the C core and of the readers. It draws small changes of the sources, and runs for each the
// quick tests of its file: a change that no test notices shows what is not tested. Writes docs/mutation.md.
//
//   --n 200            how many mutants, half in C and half in JavaScript
//   --seed 1           which ones
//   --only TEXT        only those of files whose path has this in it; docs/mutation.md is left alone
//   --again            of the last run with this seed, only those that survived
//   --jobs 2           how many at a time
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { random, shuffle } from '../js/base/random.js';
import { cChanges } from './mutate/c.js';
import { javascriptChanges } from './mutate/javascript.js';
import { report, summarize } from './mutate/report.js';
import { Sandbox } from './mutate/sandbox.js';
import { testsOf } from './mutate/tests.js';
import { main, root, run, step } from './shell.js';

/** @typedef {import('./mutate/javascript.js').Mutant} Mutant */
/** @typedef {import('./mutate/report.js').Result} Result */

const FOLDERS = { c: ['src'], javascript: ['js/checkpoint', 'js/io', 'js/tokenize', 'js/cli/data'] };
/** The interface and generated tables have nothing to change. */
const LEFT_OUT = ['src/bertlet.h', 'src/tokenize/unicode_tables.h'];

/** Outcomes of earlier runs, a line of JSON each. */
const LOG = join(root, 'build/mutate.jsonl');

/**
 * All mutants of files, each with the text of its file.
 * @param {string[]} folders
 * @param {string} only
 * @returns {Promise<{ mutant: Mutant, source: string }[]>} in the order of the files' names
 */
async function mutantsOf(folders, only) {
  const all = [];
  for (const folder of folders) {
    const names = (await readdir(join(root, folder), { recursive: true })).sort();
    for (const name of names) {
      const file = `${folder}/${name}`;
      if (!/\.([ch]|js)$/.test(file) || LEFT_OUT.includes(file) || !file.includes(only)) continue;
      const source = await readFile(join(root, file), 'utf8');
      const changes = file.endsWith('.js') ? javascriptChanges(source) : cChanges(source);
      all.push(...changes.map((change) => ({ mutant: { file, ...change }, source })));
    }
  }
  return all;
}

/** What a mutant changes, in words that stay the same when the file changes elsewhere. @param {{ mutant: Mutant, source: string }} one */
function describe({ mutant: { start, end, text, file }, source }) {
  const first = source.lastIndexOf('\n', start - 1) + 1;
  const last = source.indexOf('\n', end);
  const before = source.slice(first, last);
  const after = source.slice(first, start) + text + source.slice(end, last);
  const oneLine = (/** @type {string} */ part) => part.trim().replace(/\s+/g, ' ');
  return { file, line: source.slice(0, start).split('\n').length, before: oneLine(before), after: oneLine(after) };
}

/** @param {{ mutant: Mutant, source: string }} one */
const keyOf = ({ mutant, source }) =>
  createHash('sha256')
    .update(JSON.stringify([mutant, source]))
    .digest('hex');

/** @returns {Promise<Map<string, string>>} outcomes by `keyOf` */
async function readLog() {
  const lines = (await readFile(LOG, 'utf8').catch(() => '')).split('\n').slice(0, -1);
  return new Map(lines.map((line) => JSON.parse(line)).map(({ key, outcome }) => [key, outcome]));
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      n: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      again: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '2' },
    },
  });
  const [n, seed, jobs] = [values.n, values.seed, values.jobs].map(Number);
  const equivalent = JSON.parse(await readFile(join(root, 'scripts/mutate/equivalent.json'), 'utf8'));
  const known = await readLog();
  const sandboxes = await step('Copying the sources', () => Promise.all(Array.from({ length: jobs }, Sandbox.create)));
  await mkdir(join(root, 'build'), { recursive: true });
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void Promise.all(sandboxes.map((one) => one.remove())).finally(() => process.exit(130)));
  /** @type {Result[]} */
  const results = [];

  /** The outcome of a mutant, of this run or of an earlier one. @param {{ mutant: Mutant, source: string }} one @param {Sandbox} sandbox */
  const outcomeOf = async (one, sandbox) => {
    const key = keyOf(one);
    const earlier = known.get(key);
    if (earlier && (earlier !== 'survived' || !values.again)) return earlier;
    const outcome = await sandbox.try(one.mutant, testsOf(one.mutant.file));
    await appendFile(LOG, `${JSON.stringify({ key, outcome })}\n`);
    return outcome;
  };

  try {
    for (const [language, folders] of Object.entries(FOLDERS)) {
      const drawn = shuffle(await mutantsOf(folders, values.only), random(seed));
      let wanted = Math.ceil(n / 2);
      await Promise.all(
        sandboxes.map(async (sandbox) => {
          while (wanted > 0 && drawn.length > 0) {
            const one = /** @type {{ mutant: Mutant, source: string }} */ (drawn.shift());
            wanted--;
            const what = describe(one);
            const { reason } =
              equivalent.find(
                (/** @type {any} */ other) =>
                  other.file === what.file && other.before === what.before && other.after === what.after,
              ) ?? {};
            const outcome = reason ? 'equivalent' : await outcomeOf(one, sandbox);
            if (outcome === 'invalid') wanted++;
            else results.push({ mutant: one.mutant, ...what, outcome, reason });
            process.stderr.write(
              `  ${language} ${outcome}: ${what.file}:${what.line}: ${what.before} -> ${what.after}\n`,
            );
          }
        }),
      );
    }
  } finally {
    await Promise.all(sandboxes.map((sandbox) => sandbox.remove()));
  }
  const byPlace = (/** @type {Result} */ a, /** @type {Result} */ b) =>
    a.mutant.file < b.mutant.file ? -1 : a.mutant.file > b.mutant.file ? 1 : a.line - b.line;
  const text = report(results.sort(byPlace), { n, seed });
  const path = join(root, 'docs/mutation.md');
  if (values.only === '') {
    await writeFile(path, text);
    await run('npx', ['--no-install', 'prettier', '--write', path], { quiet: true });
  }
  const { tried, survived, score } = summarize(results);
  process.stdout.write(`${tried} tried, ${survived} survived: ${score.toFixed(1)} %\n`);
  if (score < 90) process.exitCode = 1;
});
