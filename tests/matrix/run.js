// `npm run test:matrix [NAME ...]`: the package as npm packs it, installed in a fresh project for each environment in which people use it, and used
// there. Prints a line for each, and writes them to docs/environments.md if all were tried. It takes minutes and installs a lot; `npm test` has
// the few that matter most (tests/pack, tests/browser/places.test.js).
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { load } from '../../js/index.js';
import { tiny } from '../support.js';
import bundlers from './environments/bundlers.js';
import cloudflare from './environments/cloudflare.js';
import next from './environments/next.js';
import node from './environments/node.js';
import pages from './environments/pages.js';
import { makeProject, pack } from './project.js';
import { writeReport } from './report.js';

/**
 * @typedef {object} Environment
 * @property {string} name
 * @property {string} how what is done there, for the table
 * @property {string[]} [packages] to install, as npm takes them; the first one's version is named
 * @property {Record<string, string>} [files] of the project
 * @property {object} [settings] of its package.json
 * @property {'worker' | 'here'} [where] where the model is to work; default: in a worker
 * @property {RegExp} [refused] where it must fail: what the error says
 * @property {(project: { folder: string, model: string }) => Promise<{ vector: number[], label: string, build: string, threads: number,
 *   notes: string[] }>} use what use.js gives. `model`: the folder of one
 */

/** @typedef {{ name: string, version: string, how: string, outcome: string, seconds: number, failed: boolean }} Row */

const ENVIRONMENTS = [...pages, ...bundlers, ...next, ...node, ...cloudflare];

const wanted = process.argv.slice(2);
const environments = ENVIRONMENTS.filter(
  ({ name, how }) =>
    wanted.length === 0 || wanted.some((word) => `${name} ${how}`.toLowerCase().includes(word.toLowerCase())),
);
const place = await mkdtemp(join(tmpdir(), 'bertlet-matrix-'));

/** What a model on this machine gives: in f32, since in int8 the numbers depend on how the engine multiplies. */
const bert = await load(tiny(), { cache: false, dtype: 'f32' });
const expected = await bert.embed('a good movie');
await bert.dispose();

/** @type {Row[]} */
const rows = [];
try {
  const tarball = await pack(place);
  for (const [i, environment] of environments.entries()) {
    const row = await tryOut(environment, join(place, String(i)), tarball);
    rows.push(row);
    process.stdout.write(
      `${[row.name, row.version].join(' ').trim()}, ${row.how}: ${row.outcome} (${row.seconds} s)\n`,
    );
  }
} finally {
  await rm(place, { recursive: true, force: true });
}
if (wanted.length === 0) await writeReport(rows);
process.exitCode = rows.some(({ failed }) => failed) ? 1 : 0;

/**
 * @param {Environment} environment
 * @param {string} folder that is made for it
 * @param {string} tarball
 * @returns {Promise<Row>}
 */
async function tryOut({ name, how, packages = [], files, settings, where = 'worker', refused, use }, folder, tarball) {
  let version = '';
  const started = performance.now();
  const row = (/** @type {string} */ outcome, failed = false) => ({
    name,
    version,
    how,
    outcome,
    seconds: Math.round((performance.now() - started) / 1000),
    failed,
  });
  try {
    await makeProject(folder, tarball, { packages, files, settings });
    version = await versionOf(folder, packages[0]);
    const { vector, label, build, threads, notes } = await use({ folder, model: tiny() });
    assert.equal(refused, undefined, 'it must fail, and does not');
    assert.equal(label, 'yes');
    assert.equal(vector.length, expected.length);
    for (const [i, value] of vector.entries())
      assert.ok(Math.abs(value - expected[i]) < 1e-5, `component ${i} is ${value}, not ${expected[i]}`);
    const onThisThread = /calling thread/.test(notes.join(' '));
    assert.equal(onThisThread, where === 'here', notes.join(' '));
    return row(
      `${onThisThread ? 'on the calling thread' : 'in a worker'}, ${build}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
    );
  } catch (error) {
    if (refused?.test(error.message)) return row('a clear error, as it must be');
    process.stderr.write(`${error.stack}\n`);
    return row(`fails: ${error.message.split('\n')[0].slice(0, 200)}`, true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder @param {string} [spec] a package as npm takes it */
async function versionOf(folder, spec) {
  if (!spec) return '';
  const name = spec.replace(/(?<=.)@.*/, '');
  return JSON.parse(await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}
