// A fresh project with the package as npm packs it, and what every environment does with it.
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { fromRoot } from '../support.js';

const execute = promisify(execFile);

/** For how long one command may run, in ms: `next build` takes most. */
const PATIENCE = 300_000;

/** The module use.js of each project: loads a model, embeds a text, trains a head, says where it ran. */
const USE = `
export async function use(load, model, options) {
  const bert = await load(model, { cache: false, dtype: 'f32', threads: 2, ...options });
  const vector = [...(await bert.embed('a good movie'))];
  const examples = ['good', 'bad', 'great', 'awful'].map((text, i) => ({ text, label: i % 2 ? 'no' : 'yes' }));
  const head = await bert.fit(examples, { c: 1 });
  const [{ label }] = await head.classify('good');
  const { build, threads, notes } = bert.info;
  await bert.dispose();
  return { vector, label, build, threads, notes };
}
`;

/** A page's script, which leaves window.use to the test. */
export const PAGE = `
import { load } from 'bertlet';
import { use } from './use.js';
window.use = (model) => use(load, model);
`;

/** A program for Node. Its argument is the model's folder; it prints the outcome. */
export const PROGRAM = `
import { load } from 'bertlet';
import { use } from './use.js';
use(load, process.argv[2]).then((outcome) => console.log(JSON.stringify(outcome)));
`;

/** The same without ECMAScript's modules. */
export const COMMONJS = `
const { load } = require('bertlet');
const { use } = require('./use.cjs');
use(load, process.argv[2]).then((outcome) => console.log(JSON.stringify(outcome)));
`;

export const HTML = '<!doctype html><title>A page</title><script type="module" src="./main.js"></script>';

/**
 * Packs the package, whose dist/ must be built.
 * @param {string} folder to put it in
 * @returns {Promise<string>} path of the tarball
 */
export async function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await execute('npm', args, { cwd: fromRoot('.') });
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** Folders in which packages were installed, by their names. @type {Map<string, Promise<string>>} */
const installed = new Map();

/**
 * Installs the tarball and other packages.
 * @param {string} place for the folder
 * @param {string[]} packages as npm takes them
 * @returns {Promise<string>} the folder
 */
function install(place, packages) {
  const key = packages.join(' ');
  const known = installed.get(key);
  if (known) return known;
  const folder = join(place, `packages-${installed.size}`);
  const installing = (async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    await run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages]);
    return folder;
  })();
  installed.set(key, installing);
  return installing;
}

/**
 * @param {string} folder which is made; its parent is for what is installed
 * @param {string} tarball
 * @param {{ packages?: string[], files?: Record<string, string>, settings?: object }} contents `settings`: of package.json
 */
export async function makeProject(folder, tarball, { packages = [], files = {}, settings = {} }) {
  const from = await install(dirname(folder), [tarball, ...packages]);
  await mkdir(folder);
  for (const name of ['node_modules', 'package.json', 'package-lock.json'])
    await cp(join(from, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  const { dependencies } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  const all = {
    'package.json': JSON.stringify({ name: 'app', private: true, type: 'module', dependencies, ...settings }),
    'use.js': USE,
    'use.cjs': USE.replace('export async function', 'exports.use = async function'),
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/**
 * Runs a program in a project.
 * @param {string} folder
 * @param {string} command of the project, or another
 * @param {string[]} args
 * @returns {Promise<string>} what it printed; rejects with what it complained of
 */
export async function run(folder, command, args) {
  const options = { cwd: folder, timeout: PATIENCE, env: environment(folder), maxBuffer: 2 ** 26 };
  try {
    return (await execute(command, args, options)).stdout;
  } catch (error) {
    const { stdout, stderr, killed } = error;
    const why = killed ? `did not end within ${PATIENCE / 1000} s` : `${stderr}\n${stdout}`.trim();
    throw new Error(`${command} ${args.join(' ')}: ${why}`, { cause: error });
  }
}

/**
 * Starts a server in a project.
 * @param {string} folder
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ url: string, close: () => void }>} when it has printed its address
 */
export function startServer(folder, command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, env: environment(folder), detached: true });
    const close = () => process.kill(-child.pid); // and what it has started
    let output = '';
    const timer = setTimeout(() => (close(), reject(new Error(`${command} names no address: ${output}`))), PATIENCE);
    const read = (text) => {
      output += text;
      // eslint-disable-next-line no-control-regex -- colours
      const [url] = /http:\/\/(localhost|127\.0\.0\.1):\d+/.exec(output.replace(/\x1b\[\d+m/g, '')) ?? [];
      if (!url) return;
      clearTimeout(timer);
      resolve({ url: `${url}/`, close });
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${command} ended with exit code ${code}: ${output}`)));
  });
}

/** @param {string} folder */
const environment = (folder) => ({
  ...process.env,
  PATH: `${join(folder, 'node_modules/.bin')}:${process.env.PATH}`,
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NODE_ENV: '',
  NO_COLOR: '1',
});
