// `npm test`: sets up what is missing, then checks style and types and runs the tests of the C core (ctest), of the
// JavaScript (Node) and of the page (a real browser). Goes on after a failure and ends with the sum.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build, buildNative, buildWasm } from './build.js';
import { format } from './format.js';
import { nodeTests } from './node-tests.js';
import {
  ensureBrowser,
  ensureModel,
  ensureNativeToolchain,
  ensureNode24,
  ensurePackages,
  ensureTokenizers,
} from './setup.js';
import { root, run, step } from './shell.js';

/** @typedef {import('./node-tests.js').Counts} Counts */

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
 * The native build in build/<preset> and its tests, or the given ones of them.
 * @param {string} preset
 * @param {...string} tests
 * @returns {Promise<Counts>}
 */
async function native(preset, ...tests) {
  await buildNative(preset, ...tests);
  const args = ['--test-dir', `build/${preset}`, '--output-on-failure', '--no-tests=error'];
  if (tests.length > 0) args.push('--tests-regex', `^(${tests.join('|')})$`);
  const { stdout } = await run('ctest', args, { tee: true, allowFailure: true });
  const all = Number(/tests failed out of (\d+)/.exec(stdout)?.[1] ?? NaN);
  const failed = Number(/(\d+) tests failed/.exec(stdout)?.[1] ?? NaN);
  if (Number.isNaN(all + failed)) throw new Error('ctest printed no result');
  const skipped = (stdout.match(/\*\*\*Skipped/g) ?? []).length;
  return { passed: all - failed - skipped, failed, skipped };
}

/** Folders of tests/ that need a browser, or a build of their own, or hold no tests. */
const APART = ['browser', 'engines', 'pack', 'kernels', 'builds'];

/** A Node, if it is there. @typedef {{ title: string, program: string | undefined, flags?: string[] }} Place */

/**
 * The public API on each of the builds that ship, and what is trained where SIMD is relaxed.
 * @param {string | undefined} node24
 */
async function builds(node24) {
  const here = { title: 'Node', program: process.execPath };
  const newer = { title: 'Node 24', program: node24 };
  const withoutVnni = { title: 'Node 24 without VNNI', program: node24, flags: ['--no-enable-avx-vnni'] };
  /** @type {[build: string, where: Place][]} */
  const runs = [
    ['scalar', here],
    ['simd', here],
    ['simd-mt', here],
    ['simd', newer],
    ['relaxed', newer],
    ['relaxed-mt', newer],
    ['relaxed', withoutVnni],
  ];
  for (const [BERTLET_BUILD, where] of runs)
    await partIn(where, `The API on the build "${BERTLET_BUILD}"`, ['builds'], { BERTLET_BUILD });
  // Which Node 20 does not have; what is trained depends on it.
  for (const where of [newer, withoutVnni]) await partIn(where, 'Training on relaxed SIMD', ['train']);
}

/**
 * Tests in a Node that may not be there.
 * @param {Place} where
 * @param {string} title
 * @param {string[]} folders
 * @param {Record<string, string>} [env]
 */
async function partIn({ title: node, program, flags }, title, folders, env) {
  await part(`${title}: ${node}`, async () => {
    if (program) return nodeTests(folders, { program, flags, env });
    process.stderr.write('  SKIP: npm has no Node 24 for this machine\n');
    return { passed: 0, failed: 0, skipped: 1 };
  });
}

try {
  await ensurePackages();
  await build();
  await ensureModel();
  const CHROMIUM = await ensureBrowser();
  const NODE24 = await ensureNode24();

  await part('Style: prettier, clang-format', () => format({ check: true }));
  await part('Style: eslint', () =>
    run('npx', ['--no-install', 'eslint', '--max-warnings=0', '.']).then(() => undefined),
  );
  await part('C core: ctest', () => native('native'));
  await part('C core with AddressSanitizer and UndefinedBehaviorSanitizer: ctest', () => native('sanitize'));
  await part('C core with ThreadSanitizer: ctest', () =>
    native('tsan', 'base_threads', 'model_encoder', 'heads_masked_lm'),
  );
  await part('Kernels of the WebAssembly builds: Node', async () => {
    await buildWasm('kernel_tests');
    return nodeTests(['kernels'], { env: NODE24 ? { NODE24 } : {} });
  });
  await builds(NODE24);
  await part('JavaScript: Node', async () => {
    const env = { CC: await ensureNativeToolchain(), PYTHONPATH: await ensureTokenizers() };
    const folders = readdirSync(join(root, 'tests'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !APART.includes(entry.name))
      .map(({ name }) => name);
    // One file for each core; by itself Node leaves one core idle.
    return nodeTests(folders, { concurrency: availableParallelism(), env });
  });
  await part('The page: Chromium', () => nodeTests(['browser'], { concurrency: 1, env: { CHROMIUM } }));
  await part('The package: bundlers', () => nodeTests(['pack'], { env: { CHROMIUM } }));
} catch (error) {
  total.failed += 1;
  failures.push(`Set-up: ${messageOf(error)}`);
}

for (const failure of failures) process.stdout.write(`\n${failure}`);
process.stdout.write(`\n\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
