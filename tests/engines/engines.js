// The engines that bertlet is tried in: where each comes from, which tests it runs, and a way to measure in it.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';
import { serve } from '../../scripts/serve.js';
import { ensureBrowser, ensureFirefox, ensureNode22, ensureNode24, ensureWebKit } from '../../scripts/setup.js';
import { EMPTY_PAGE, launch, MODEL, openPage } from '../browser/browser.js';
import { fromRoot, minilm } from '../support.js';
import { prepare, time } from './measure.js';

/**
 * @typedef {object} Engine
 * @property {string} name
 * @property {() => Promise<string>} ensure installs what is missing; gives its program
 * @property {string[]} tests folders of tests/; none where `npm test` has them
 * @property {string[]} [without] names of test files that can't run in it
 * @property {Record<string, string>} [env] of its tests
 * @property {() => Promise<string>} [program] that runs its tests, if it is not this Node
 * @property {() => Promise<Measured>} measure
 *
 * @typedef {object} Measured
 * @property {string} version
 * @property {Awaited<ReturnType<typeof prepare>>} facts
 * @property {typeof time} time
 * @property {() => Promise<void>} close
 */

/** Rooms whose tests do not depend on the Node that runs them, or that need another program. */
const NOT_OF_NODE = [
  'browser',
  'engines',
  'pack',
  'kernels',
  'builds',
  'demo',
  'fixtures',
  'fuzz',
  'matrix',
  'node24',
  'python',
  'scripts',
  'soak',
];

const ofNode = () =>
  readdirSync(fromRoot('tests'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_OF_NODE.includes(entry.name))
    .map(({ name }) => name);

/** Test files that drive the demo, which only Playwright can; that need a disk in a worker, or a page that is offline. */
const NOT_IN_WEBKIT = [
  'cache',
  'deeper',
  'dev',
  'examples',
  'extension',
  'journey',
  'kinds',
  'offline',
  'tasks',
  'teaching',
  'tuning',
].map((name) => `${name}.test.js`);

/**
 * Test files that the fetch of Node 22.23 ends: where a server cuts a body that is not read at once, its undici 6.29 throws what nobody can catch
 * (https://github.com/nodejs/undici/issues/5360), so a load rejects with WORKER_FAILED instead of NETWORK.
 */
const NOT_IN_NODE_22 = ['incomplete.test.js'];

/** @param {string} name @param {Partial<Engine>} rest @returns {Engine} */
const browser = (name, rest) => ({
  name,
  tests: [],
  env: { BERTLET_BROWSER: name.toLowerCase() },
  measure: () => measurePage(name.toLowerCase()),
  ...rest,
});

/** @param {number} major @param {Partial<Engine>} rest @returns {Engine} */
const node = (major, { ensure, ...rest }) => ({
  name: `Node ${major}`,
  ensure,
  tests: [],
  program: ensure,
  measure: async () => measureNode(await ensure()),
  ...rest,
});

/** @type {Engine[]} */
export const ENGINES = [
  browser('Chromium', { ensure: ensureBrowser }),
  browser('Firefox', { ensure: ensureFirefox, tests: ['browser'] }),
  browser('WebKit', { ensure: ensureWebKit, tests: ['browser'], without: NOT_IN_WEBKIT }),
  node(Number.parseInt(process.versions.node), { ensure: async () => process.execPath }),
  node(22, { ensure: ensureNode22, tests: [...ofNode(), 'builds'], without: NOT_IN_NODE_22 }),
  node(24, { ensure: ensureNode24 }),
];

/** @param {string} engine @returns {Promise<Measured>} */
async function measurePage(engine) {
  const browser = await launch(engine);
  const server = await serve({ port: 0 });
  const page = await openPage(browser, server.url + EMPTY_PAGE);
  await page.evaluate(`void Object.assign(globalThis, { prepare: ${prepare}, time: ${time} })`);
  const facts = await page.evaluate(async (model) => {
    const { load } = await import('/dist/bertlet.js');
    return globalThis.prepare(load, model, { hub: '/models' });
  }, MODEL);
  return {
    version: browser.version(),
    facts,
    time: (...args) => page.evaluate((args) => globalThis.time(...args), args),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** @param {string} program @returns {Promise<Measured>} */
async function measureNode(program) {
  const { stdout } = await promisify(execFile)(program, ['--version']);
  const child = fork(fromRoot('tests/engines/node.js'), { execPath: program }); // with the cache of tests/support.js
  const call = async (name, ...args) => {
    child.send({ name, args });
    const [{ value, error }] = await once(child, 'message');
    if (error) throw new Error(error);
    return value;
  };
  return {
    version: stdout.trim().slice(1),
    facts: await call('prepare', minilm),
    time: (...args) => call('time', ...args),
    close: async () => child.disconnect(),
  };
}
