// Runs test files with the test runner of this Node or of another, and counts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './shell.js';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Test files in folders of tests/, with the test runner of this Node or of another.
 * @param {string[]} folders
 * @param {{ concurrency?: number, env?: Record<string, string>, program?: string, flags?: string[], without?: string[] }}
 *   [options] `flags`: V8's; `without`: names of files that are left out
 * @returns {Promise<Counts>}
 */
export async function nodeTests(
  folders,
  { concurrency, env, program = process.execPath, flags = [], without = [] } = {},
) {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, 'tests', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.js') && !without.includes(name))
      .map((name) => join('tests', folder, name)),
  );
  const args = [...flags, '--test', '--test-reporter=spec', '--test-reporter-destination=stdout'];
  if (concurrency) args.push(`--test-concurrency=${concurrency}`);
  const { stdout } = await run(program, [...args, ...files], {
    tee: true,
    allowFailure: true,
    env,
  });
  const count = (/** @type {string} */ word) => Number(new RegExp(`^. ${word} (\\d+)$`, 'm').exec(stdout)?.[1] ?? NaN);
  const counts = { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') };
  if (Number.isNaN(counts.passed + counts.failed)) throw new Error('the test runner printed no result');
  return counts;
}
