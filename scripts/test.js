// `npm test`: sets up what is missing, then checks style and types and runs the tests of the C core (ctest), of the
// JavaScript (Node) and of the page (a real browser). Goes on after a failure and ends with the sum.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.js';
import { format } from './format.js';
import { ensureBrowser, ensureModel, ensureNativeToolchain, ensurePackages, ensureTokenizers } from './setup.js';
import { root, run, step } from './shell.js';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {Counts} */
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const failures = [];

/**
 * Runs one part; what it can't finish counts as one failure.
 * @param {string} title
 * @param {() => Promise<Counts | void>} work returns nothing for "one passed"
 */
async function part(title, work) {
  try {
    const counts = (await step(title, work)) ?? { passed: 1, failed: 0, skipped: 0 };
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    if (counts.failed > 0) failures.push(`${title}: ${counts.failed} failed`);
  } catch (error) {
    total.failed += 1;
    failures.push(`${title}: ${messageOf(error)}`);
    process.stderr.write(`  ${messageOf(error)}\n`);
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * The native build in build/<preset> and its tests.
 * @param {string} preset
 * @returns {Promise<Counts>}
 */
async function native(preset) {
  const compiler = await ensureNativeToolchain();
  await run('cmake', ['--preset', preset, `-DCMAKE_C_COMPILER=${compiler}`], { quiet: true });
  await run('cmake', ['--build', `build/${preset}`], { quiet: true });
  const args = ['--test-dir', `build/${preset}`, '--output-on-failure', '--no-tests=error'];
  const { stdout } = await run('ctest', args, { tee: true, allowFailure: true });
  const all = Number(/tests failed out of (\d+)/.exec(stdout)?.[1] ?? NaN);
  const failed = Number(/(\d+) tests failed/.exec(stdout)?.[1] ?? NaN);
  if (Number.isNaN(all + failed)) throw new Error('ctest printed no result');
  const skipped = (stdout.match(/\*\*\*Skipped/g) ?? []).length;
  return { passed: all - failed - skipped, failed, skipped };
}

/**
 * Test files of some folders, with Node's own test runner.
 * @param {string[]} folders
 * @param {{ concurrency?: number, env?: Record<string, string> }} [options]
 * @returns {Promise<Counts>}
 */
async function node(folders, { concurrency, env } = {}) {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.js'))
      .map((name) => join(folder, name)),
  );
  const args = ['--test', '--test-reporter=spec', '--test-reporter-destination=stdout'];
  if (concurrency) args.push(`--test-concurrency=${concurrency}`);
  const { stdout } = await run(process.execPath, [...args, ...files], {
    tee: true,
    allowFailure: true,
    env,
  });
  const count = (/** @type {string} */ word) => Number(new RegExp(`^. ${word} (\\d+)$`, 'm').exec(stdout)?.[1] ?? NaN);
  const counts = { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') };
  if (Number.isNaN(counts.passed + counts.failed)) throw new Error('the test runner printed no result');
  return counts;
}

try {
  await ensurePackages();
  await build();
  await ensureModel();
  const CHROMIUM = await ensureBrowser();

  await part('Style: prettier, clang-format', () => format({ check: true }));
  await part('Style: eslint', () =>
    run('npx', ['--no-install', 'eslint', '--max-warnings=0', '.']).then(() => undefined),
  );
  await part('C core: ctest', () => native('native'));
  await part('C core with AddressSanitizer and UndefinedBehaviorSanitizer: ctest', () => native('sanitize'));
  await part('JavaScript: Node', async () => {
    const env = { CC: await ensureNativeToolchain(), PYTHONPATH: await ensureTokenizers() };
    return node(['tests/js'], { env });
  });
  await part('The demo and the scripts: Node', () => node(['tests/demo', 'tests/scripts']));
  await part('The page: Chromium', () => node(['tests/browser'], { concurrency: 1, env: { CHROMIUM } }));
  await part('The package: bundlers', () => node(['tests/pack'], { env: { CHROMIUM } }));
} catch (error) {
  total.failed += 1;
  failures.push(`Set-up: ${messageOf(error)}`);
}

for (const failure of failures) process.stdout.write(`\n${failure}`);
process.stdout.write(`\n\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
